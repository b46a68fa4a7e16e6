#include "schema/table.h"

namespace dbsync {

std::string SourceEquality::describe() const {
  std::vector<std::string> parts;
  if (without_case) parts.emplace_back("case");
  if (without_accents) parts.emplace_back("accents");
  if (without_end_blanks) parts.emplace_back("blanks at the end");
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i)
    out += (i == 0 ? "without " : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return out;
}

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
