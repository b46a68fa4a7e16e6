// Names of tables as two arrays for a statement: unnest($1::text[]), unnest($2::text[]).
#pragma once

#include <string>
#include <vector>

#include "schema/names.h"
#include "schema/quote.h"

namespace dbsync {

struct NameArrays {
  std::string schemas;
  std::string tables;
};

template <class Names>
NameArrays name_arrays(const Names& names) {
  std::vector<std::string> schemas;
  std::vector<std::string> tables;
  for (const QualifiedName& name : names) {
    schemas.push_back(name.schema);
    tables.push_back(name.name);
  }
  return {array_text(schemas), array_text(tables)};
}

}  // namespace dbsync
