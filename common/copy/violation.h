// Why rows that the source has break a key or a check of the target: rows that were
// wrong there, too, values that a policy of ours changed, or a source that compares in
// another way. Says which, and what to do.
//
// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "schema/ddl_writer.h"
#include "schema/table.h"

namespace dbsync {

// What is known of the rows of a table when a rule over them fails.
struct LoadedRows {
  const Table* table = nullptr;                 // nullptr: its definition is not known
  std::vector<std::string> changed;             // columns with values that a policy changed
  bool several_sources = false;                 // more than one task feeds it
  bool query = false;                           // of a table-list line
  bool one_moment = true;                       // read from one snapshot
  std::optional<std::int64_t> violations;       // rows that break the rule
  std::optional<std::int64_t> true_violations;  // of these, as the source compares
};

// `error`: of class 23. "" when the cause is not one of these.
std::string violation_hint(const DdlUnit& unit, const Error& error, const LoadedRows& rows);

}  // namespace dbsync
