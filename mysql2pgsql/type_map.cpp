#include "mysql2pgsql/type_map.h"

#include <set>

#include <fmt/format.h>

namespace dbsync {

namespace {

const MysqlTable* find_table(const std::vector<MysqlTable>& catalog, std::string_view name) {
  for (const auto& table : catalog)
    if (table.name == name) return &table;
  return nullptr;
}

// The catalog's column behind a result column, when it comes straight from one.
const MysqlColumn* origin_of(const ResultColumn& column, const std::vector<MysqlTable>& catalog,
                             const std::string& db) {
  if (column.table.empty() || column.column.empty() || column.table_schema != db) return nullptr;
  const MysqlTable* table = find_table(catalog, column.table);
  return table == nullptr ? nullptr : table->find_column(column.column);
}

Error unsupported(const std::string& table, const std::string& column, const MysqlType& type) {
  return Error(ErrorKind::source,
               fmt::format("table {}, column {}: the type {} is not supported", table, column, type.text))
      .hint("leave the column out with a table-list line: table : select the, other, columns from table");
}

PgType sized(PgKind kind, std::int64_t length, int scale = 0) {
  return {kind, static_cast<int>(length), scale, {}};
}

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

Table map_table(const MysqlTable& table, const std::string& schema, const Dialect& dialect) {
  Table out;
  out.name = {schema, table.name};
  out.comment = table.comment;
  out.primary_key.columns = table.primary_key;
  for (const MysqlColumn& column : table.columns) {
    const auto type = map_type(column.type, dialect);
    if (!type) throw unsupported(table.name, column.name, column.type);
    Column& mapped = out.columns.emplace_back();
    mapped.name = column.name;
    mapped.type = *type;
    mapped.nullable = column.nullable;
    mapped.comment = column.comment;
  }
  return out;
}

std::vector<MysqlType> result_types(const std::vector<ResultColumn>& columns, const std::vector<MysqlTable>& catalog,
                                    const std::string& db) {
  std::vector<MysqlType> out;
  out.reserve(columns.size());
  for (const ResultColumn& column : columns) {
    const MysqlColumn* origin = origin_of(column, catalog, db);
    out.push_back(origin != nullptr ? origin->type : column.type);
  }
  return out;
}

Table map_result(const QualifiedName& target, const std::vector<ResultColumn>& columns,
                 const std::vector<MysqlTable>& catalog, const std::string& db, const Dialect& dialect) {
  Table out;
  out.name = target;
  std::set<std::string> names;
  const auto types = result_types(columns, catalog, db);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const ResultColumn& column = columns[i];
    if (!names.insert(column.name).second)
      throw Error(ErrorKind::source,
                  fmt::format("table {}: the query's result has two columns named {}", target.display(), column.name))
          .hint("give one of them another name: select a.x, b.x as x2 from …");
    const MysqlColumn* origin = origin_of(column, catalog, db);
    const auto type = map_type(types[i], dialect);
    if (!type) throw unsupported(target.display(), column.name, types[i]);
    Column& mapped = out.columns.emplace_back();
    mapped.name = column.name;
    mapped.type = *type;
    // An outer join can make a NOT NULL column NULL; the result's flag knows.
    mapped.nullable = !column.not_null || (origin != nullptr && origin->nullable);
    if (origin != nullptr) mapped.comment = origin->comment;
  }
  return out;
}

}  // namespace dbsync
