#include "schema/table_limits.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace dbsync {

namespace {

constexpr std::size_t kMostColumns = 1600;
constexpr std::size_t kRowBytes = 8160;  // of a page of 8 kB, for one row
constexpr std::size_t kRowHeader = 24;
constexpr std::size_t kStaysInRow = 24;  // longer values are moved out, and leave a pointer of 18 bytes
constexpr std::size_t kPointer = 18;

bool has_oid_column(const Dialect& dialect) {
  return dialect.distributed ? dialect.family == ServerFamily::greenplum && dialect.major < 7 : dialect.major < 12;
}

// What a long value of the type leaves in the row.
std::size_t filled_bytes(const PgType& type) {
  const auto text = [](int length) {
    const std::size_t bytes = 1 + static_cast<std::size_t>(length);
    return bytes <= kStaysInRow ? bytes : kPointer;
  };
  switch (type.kind) {
    case PgKind::boolean: return 1;
    case PgKind::int2: return 2;
    case PgKind::int4:
    case PgKind::float4:
    case PgKind::date:
    case PgKind::enumeration: return 4;
    case PgKind::int8:
    case PgKind::float8:
    case PgKind::timestamp:
    case PgKind::timestamptz:
    case PgKind::time: return 8;
    case PgKind::interval:
    case PgKind::uuid: return 16;
    case PgKind::varchar:
    case PgKind::bpchar: return type.length < 0 ? kPointer : text(type.length);
    case PgKind::numeric: return 5;
    case PgKind::inet: return 8;
    case PgKind::bit:
    case PgKind::varbit: return 6;
    default: return kPointer;
  }
}

}  // namespace

bool is_system_column(std::string_view name, const Dialect& dialect) {
  constexpr std::array<std::string_view, 6> kNames{"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"};
  if (std::find(kNames.begin(), kNames.end(), name) != kNames.end()) return true;
  return (name == "oid" && has_oid_column(dialect)) || (name == "gp_segment_id" && dialect.distributed);
}

std::optional<Error> beyond_limits(const Table& table, const std::string& name, const Dialect& dialect) {
  std::vector<std::string> reserved;
  for (const Column& column : table.columns)
    if (is_system_column(column.name, dialect)) reserved.push_back(column.name);
  if (!reserved.empty())
    return Error(ErrorKind::source, fmt::format("table {}: every table of the target has a system column called {}",
                                                name, join(reserved, ", ")))
        .hint(
            fmt::format("give it another name in [column_map] of my.cfg: {}.{} = {}_; or with AS in a table-list query",
                        name, reserved.front(), reserved.front()));
  if (table.columns.size() > kMostColumns)
    return Error(ErrorKind::source, fmt::format("table {} has {} columns, and a table of the target holds {}", name,
                                                format_count(table.columns.size()), format_count(kMostColumns)))
        .hint(
            "leave columns out with [exclude_columns] of my.cfg, or spread them over two tables with two table-list "
            "queries");
  return std::nullopt;
}

std::string row_width_warning(const Table& table) {
  std::size_t bytes = kRowHeader;
  for (const Column& column : table.columns) bytes += filled_bytes(column.type);
  if (bytes <= kRowBytes) return {};
  return fmt::format(
      "a row with every column filled may need {} bytes, and a page of the target holds {}: such a row fails the "
      "table (row is too big)",
      format_count(bytes), format_count(kRowBytes));
}

}  // namespace dbsync
