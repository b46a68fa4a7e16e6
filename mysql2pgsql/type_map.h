// The one table of source types and the target types they become; DDL, row
// encoding and the documentation's type table all read it.
//
// Pure: values in, values out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mysql2pgsql/mysql_catalog.h"
#include "mysql2pgsql/mysql_cursor.h"
#include "schema/dialect.h"
#include "schema/pg_type.h"

namespace dbsync {

// A rule of [types]: `pattern = target`. Patterns: table.column (db.table.column),
// with * for any part and a source type behind it ("*.uuid binary(16)"), or a
// source type alone ("tinyint(1)", "bigint unsigned"). Of the rules that match,
// the one with the largest sum wins (table 4, column 2, type with parentheses 2,
// type without 1), the first line among equals.
struct TypeRule {
  std::string table;    // "" or "*" = any
  std::string column;   // "" or "*" = any
  std::string type;     // source type in lower case, "" = any
  PgType target;
  int line = 0;         // in my.cfg, for messages
};

// `key` and `value` of a [types] entry. Errors: ErrorKind::config naming `where`.
TypeRule parse_type_rule(std::string_view key, std::string_view value, const std::string& db, const std::string& where);

// "numeric(10,2)", "timestamp", "text[]" …; nothing for what is not a known type.
std::optional<PgType> parse_pg_type(std::string_view text);

// The target type of a source type; nothing when the type is not supported.
std::optional<PgType> map_type(const MysqlType& type, const Dialect& dialect);

// The same for a column of a table, rules first.
std::optional<PgType> map_column_type(const MysqlType& type, std::string_view table, std::string_view column,
                                      const Dialect& dialect, const std::vector<TypeRule>& rules);

// The catalog's column behind a result column when it comes straight from a
// table of the catalog, else nullptr.
const MysqlColumn* origin_of(const ResultColumn& column, const MysqlCatalog& catalog);

// The source type of each result column, with what the catalog knows about it.
std::vector<MysqlType> result_types(const std::vector<ResultColumn>& columns, const MysqlCatalog& catalog);

}  // namespace dbsync
