#include "schema/pg_type.h"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace dbsync {

namespace {

struct KindRow {
  PgKind kind;
  std::uint32_t oid;  // pg_type.dat of PostgreSQL; fixed for built-in types
  const char* sql;
};

constexpr std::array kKinds{
    KindRow{PgKind::boolean, 16, "boolean"},
    KindRow{PgKind::int2, 21, "smallint"},
    KindRow{PgKind::int4, 23, "integer"},
    KindRow{PgKind::int8, 20, "bigint"},
    KindRow{PgKind::float4, 700, "real"},
    KindRow{PgKind::float8, 701, "double precision"},
    KindRow{PgKind::numeric, 1700, "numeric"},
    KindRow{PgKind::text, 25, "text"},
    KindRow{PgKind::varchar, 1043, "varchar"},
    KindRow{PgKind::bpchar, 1042, "char"},
    KindRow{PgKind::bytea, 17, "bytea"},
    KindRow{PgKind::date, 1082, "date"},
    KindRow{PgKind::timestamp, 1114, "timestamp"},
    KindRow{PgKind::timestamptz, 1184, "timestamptz"},
    KindRow{PgKind::time, 1083, "time"},
    KindRow{PgKind::interval, 1186, "interval"},
    KindRow{PgKind::bit, 1560, "bit"},
    KindRow{PgKind::varbit, 1562, "bit varying"},
    KindRow{PgKind::json, 114, "json"},
    KindRow{PgKind::jsonb, 3802, "jsonb"},
    KindRow{PgKind::uuid, 2950, "uuid"},
    KindRow{PgKind::inet, 869, "inet"},
    KindRow{PgKind::text_array, 1009, "text[]"},
    KindRow{PgKind::float4_array, 1021, "real[]"},
    KindRow{PgKind::geometry, 0, "geometry"},
};

const char* kind_sql(PgKind kind) {
  for (const auto& row : kKinds)
    if (row.kind == kind) return row.sql;
  return "text";
}

}  // namespace

std::string type_sql(const PgType& type) {
  if (type.kind == PgKind::enumeration || type.kind == PgKind::other) return type.name;
  if (type.kind == PgKind::geometry && !type.name.empty()) return type.name;
  const std::string base = kind_sql(type.kind);
  // "interval year to month", "interval second(3)", as format_type() writes them.
  if (type.kind == PgKind::interval && type.name.starts_with(base + " ")) return type.name;
  if (type.length < 0) return base;
  switch (type.kind) {
    case PgKind::numeric: return fmt::format("{}({},{})", base, type.length, type.scale);
    case PgKind::varchar:
    case PgKind::bpchar:
    case PgKind::bit:
    case PgKind::varbit:
    case PgKind::timestamp:
    case PgKind::timestamptz:
    case PgKind::time:
    case PgKind::interval: return fmt::format("{}({})", base, type.length);
    default: return base;
  }
}

bool is_citext(const PgType& type) {
  return type.name == "citext" || type.name.ends_with(".citext") || type.name.ends_with(".\"citext\"");
}

PgKind kind_of_oid(std::uint32_t oid) {
  for (const auto& row : kKinds)
    if (row.oid == oid && oid != 0) return row.kind;
  return PgKind::other;
}

}  // namespace dbsync
