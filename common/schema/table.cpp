#include "schema/table.h"

namespace dbsync {

const Column* Table::identity_column() const {
  for (const Column& column : columns)
    if (column.identity) return &column;
  return nullptr;
}

const Column* Table::find_column(const std::string& column) const {
  for (const Column& candidate : columns)
    if (candidate.name == column) return &candidate;
  return nullptr;
}

}  // namespace dbsync
