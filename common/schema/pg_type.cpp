#include "schema/pg_type.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "schema/type_oid.h"

namespace dbsync {

namespace {

struct KindRow {
  PgKind kind;
  std::uint32_t oid;
  const char* sql;
};

constexpr std::array kKinds{
    KindRow{PgKind::boolean, oid::boolean, "boolean"},
    KindRow{PgKind::int2, oid::int2, "smallint"},
    KindRow{PgKind::int4, oid::int4, "integer"},
    KindRow{PgKind::int8, oid::int8, "bigint"},
    KindRow{PgKind::float4, oid::float4, "real"},
    KindRow{PgKind::float8, oid::float8, "double precision"},
    KindRow{PgKind::numeric, oid::numeric, "numeric"},
    KindRow{PgKind::text, oid::text, "text"},
    KindRow{PgKind::varchar, oid::varchar, "varchar"},
    KindRow{PgKind::bpchar, oid::bpchar, "char"},
    KindRow{PgKind::bytea, oid::bytea, "bytea"},
    KindRow{PgKind::date, oid::date, "date"},
    KindRow{PgKind::timestamp, oid::timestamp, "timestamp"},
    KindRow{PgKind::timestamptz, oid::timestamptz, "timestamptz"},
    KindRow{PgKind::time, oid::time, "time"},
    KindRow{PgKind::interval, oid::interval, "interval"},
    KindRow{PgKind::bit, oid::bit, "bit"},
    KindRow{PgKind::varbit, oid::varbit, "bit varying"},
    KindRow{PgKind::json, oid::json, "json"},
    KindRow{PgKind::jsonb, oid::jsonb, "jsonb"},
    KindRow{PgKind::uuid, oid::uuid, "uuid"},
    KindRow{PgKind::inet, 869, "inet"},
    KindRow{PgKind::text_array, oid::text_array, "text[]"},
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
