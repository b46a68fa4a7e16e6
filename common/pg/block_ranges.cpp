#include "pg/block_ranges.h"

#include <algorithm>

#include <fmt/format.h>

namespace dbsync {

std::vector<std::string> ranges_between(const std::string& column, const std::vector<std::string>& bounds) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i <= bounds.size(); ++i) {
    std::string& predicate = out.emplace_back();
    if (i > 0) predicate = fmt::format("{} >= {}", column, bounds[i - 1]);
    if (i < bounds.size()) predicate += fmt::format("{}{} < {}", i > 0 ? " AND " : "", column, bounds[i]);
  }
  return out;
}

std::vector<std::string> block_ranges(PgConnection& connection, std::uint32_t table_oid, std::uint64_t ranges) {
  if (connection.server_version() < kTidRangeScans) return {};
  const PgResult result = connection.exec(
      "SELECT pg_catalog.pg_relation_size(c.oid, 'main') / pg_catalog.current_setting('block_size')::bigint, a.amname "
      "FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam WHERE c.oid = $1",
      {std::to_string(table_oid)});
  if (result.rows() == 0 || result.value(0, 1) != "heap") return {};
  const auto blocks = static_cast<std::uint64_t>(result.integer(0, 0));
  ranges = std::min(ranges, blocks);
  if (ranges < 2) return {};
  std::vector<std::string> bounds;
  for (std::uint64_t i = 1; i < ranges; ++i)
    bounds.push_back(fmt::format("'({},0)'::pg_catalog.tid", blocks * i / ranges));
  return ranges_between("ctid", bounds);
}

void use_block_ranges(PgConnection& connection, bool on, bool& now) {
  if (on == now) return;
  connection.exec(on ? "SET enable_seqscan = off" : "RESET enable_seqscan");
  now = on;
}

}  // namespace dbsync
