#include "mysql2pgsql/schema/type_map.h"

namespace dbsync {

namespace {

PgType sized(PgKind kind, std::int64_t length, int scale = 0) { return {kind, static_cast<int>(length), scale}; }

PgType map_integer(const MysqlType& type) {
  switch (type.kind) {
    case MysqlKind::tinyint: return {PgKind::int2};
    case MysqlKind::smallint: return {type.is_unsigned ? PgKind::int4 : PgKind::int2};
    case MysqlKind::mediumint: return {PgKind::int4};
    case MysqlKind::integer: return {type.is_unsigned ? PgKind::int8 : PgKind::int4};
    default: return type.is_unsigned ? sized(PgKind::numeric, 20) : PgType{PgKind::int8};
  }
}

// Character types that PostgreSQL limits to 10,485,760 characters.
PgType map_character(const MysqlType& type) {
  constexpr std::int64_t longest = 10485760;
  if (type.length < 1 || type.length > longest) return {PgKind::text};
  return sized(PgKind::varchar, type.length);
}

}  // namespace

std::optional<PgType> map_type(const MysqlType& type, const Dialect& dialect) {
  switch (type.kind) {
    case MysqlKind::tinyint:
    case MysqlKind::smallint:
    case MysqlKind::mediumint:
    case MysqlKind::integer:
    case MysqlKind::bigint: return map_integer(type);
    case MysqlKind::decimal: return sized(PgKind::numeric, type.precision, type.scale);
    case MysqlKind::float4: return PgType{PgKind::float4};
    case MysqlKind::float8: return PgType{PgKind::float8};
    case MysqlKind::bit: return sized(PgKind::bit, type.length);
    case MysqlKind::year: return PgType{PgKind::int2};
    case MysqlKind::date: return PgType{PgKind::date};
    case MysqlKind::datetime: return sized(PgKind::timestamp, type.fraction);
    case MysqlKind::timestamp: return sized(PgKind::timestamptz, type.fraction);
    case MysqlKind::time: return sized(PgKind::interval, type.fraction);
    case MysqlKind::character:
    case MysqlKind::varchar: return map_character(type);
    case MysqlKind::text:
    case MysqlKind::enumeration:
    case MysqlKind::set: return PgType{PgKind::text};
    case MysqlKind::binary:
    case MysqlKind::varbinary:
    case MysqlKind::blob: return PgType{PgKind::bytea};
    case MysqlKind::json: return PgType{PgKind::json};
    case MysqlKind::geometry: return PgType{dialect.postgis ? PgKind::geometry : PgKind::bytea};
    case MysqlKind::uuid: return PgType{PgKind::uuid};
    case MysqlKind::inet4:
    case MysqlKind::inet6: return PgType{PgKind::inet};
    case MysqlKind::vector: return PgType{PgKind::float4_array};
    case MysqlKind::unsupported: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<PgType> map_column_type(const MysqlType& type, std::string_view table, std::string_view column,
                                      const Dialect& dialect, const std::vector<TypeRule>& rules) {
  const TypeRule* best = find_rule(rules, type, table, column);
  if (best == nullptr) return map_type(type, dialect);
  PgType target = best->target;
  // A target without a length keeps the source's: bit = "bit varying", datetime = timestamptz.
  if (target.length < 0) {
    const bool timed = target.kind == PgKind::timestamp || target.kind == PgKind::timestamptz ||
                       target.kind == PgKind::time || target.kind == PgKind::interval;
    if (timed && type.fraction >= 0) target.length = type.fraction;
    if ((target.kind == PgKind::bpchar || target.kind == PgKind::bit) && type.length > 0)
      target.length = static_cast<int>(type.length);
  }
  return target;
}

const MysqlColumn* origin_of(const ResultColumn& column, const MysqlCatalog& catalog) {
  if (column.table.empty() || column.column.empty() || column.table_schema != catalog.db) return nullptr;
  const MysqlTable* table = catalog.find_table(column.table);
  return table == nullptr ? nullptr : table->find_column(column.column);
}

std::vector<MysqlType> result_types(const std::vector<ResultColumn>& columns, const MysqlCatalog& catalog) {
  std::vector<MysqlType> out;
  out.reserve(columns.size());
  for (const ResultColumn& column : columns) {
    const MysqlColumn* origin = origin_of(column, catalog);
    out.push_back(origin != nullptr ? origin->type : column.type);
  }
  return out;
}

}  // namespace dbsync
