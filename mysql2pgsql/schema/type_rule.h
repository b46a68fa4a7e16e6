// [types] of my.cfg: target types and the rules that choose them.
//
// Pure: values in, values out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mysql2pgsql/schema/mysql_catalog.h"
#include "schema/pg_type.h"

namespace dbsync {

// A rule of [types]: `pattern = target`. Patterns: table.column (db.table.column),
// with * for any part and a source type behind it ("*.uuid binary(16)"), or a
// source type alone ("tinyint(1)", "bigint unsigned"). Of the rules that match,
// the one with the largest sum wins (table 4, column 2, type with parentheses 2,
// type without 1), the first line among equals.
struct TypeRule {
  std::string table;   // "" or "*" = any
  std::string column;  // "" or "*" = any
  std::string type;    // source type in lower case, "" = any
  PgType target;
  std::string text = {};  // "my.cfg line 9: [types] tinyint(1) = boolean", for messages
};

// `key` and `value` of a [types] entry. Errors: ErrorKind::config naming `where`.
TypeRule parse_type_rule(std::string_view key, std::string_view value, const std::string& db, const std::string& where);

// "numeric(10,2)", "timestamp", "text[]" …; nothing for what is not a known type,
// or for a length that the type does not take on every target.
std::optional<PgType> parse_pg_type(std::string_view text);

// Whether the rule is for this column.
bool rule_matches(const TypeRule& rule, const MysqlType& type, std::string_view table, std::string_view column);

// The winner of the rules that match, or nullptr.
const TypeRule* find_rule(const std::vector<TypeRule>& rules, const MysqlType& type, std::string_view table,
                          std::string_view column);

// Notices rules that are for no column at all: a misspelt name would have no
// effect otherwise.
class TypeRuleUse {
 public:
  // Every column of the catalog counts, whatever part of it is copied.
  TypeRuleUse(const std::vector<TypeRule>& rules, const MysqlCatalog& catalog);

  // A column of a query's result.
  void see(const MysqlType& type, std::string_view table, std::string_view column);

  // One line for each rule without a column, with what is nearest to it.
  std::vector<std::string> warnings() const;

 private:
  std::string nearest(const TypeRule& rule) const;

  const std::vector<TypeRule>& rules_;
  const MysqlCatalog& catalog_;
  std::vector<bool> used_;
};

}  // namespace dbsync
