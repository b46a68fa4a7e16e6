#include "schema/table.h"

#include <algorithm>

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

namespace {

void add_columns(const std::vector<std::string>& columns, std::vector<std::string>& out) {
  for (const std::string& column : columns)
    if (std::find(out.begin(), out.end(), column) == out.end()) out.push_back(column);
}

void add_columns(const std::vector<Partition>& partitions, std::vector<std::string>& out) {
  for (const Partition& partition : partitions) {
    add_columns(partition.key.columns, out);
    add_columns(partition.parts, out);
  }
}

}  // namespace

std::vector<std::string> partition_columns(const Partitioning& partitioning) {
  std::vector<std::string> out = partitioning.columns;
  add_columns(partitioning.partitions, out);
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
