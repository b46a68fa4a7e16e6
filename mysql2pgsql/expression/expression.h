// MySQL and MariaDB expressions, as information_schema shows them, in
// PostgreSQL's SQL: CHECK constraints, generated columns, functional index keys
// and expression defaults.
//
// An expression is translated when the translation has the same value for every
// row, and refused with a reason otherwise; the reason is one short phrase for a
// comment or the summary. What is written is safe to embed anywhere (in
// parentheses of its own), quoted, and calls IMMUTABLE functions only, except in
// defaults. Four deviations are known and accepted, the first and the third not for
// generated columns, whose ValueDoubt names them:
//  - a zero date became NULL or -infinity on the way, and so does what is made of it;
//  - a CHECK that compares a case-insensitive column with an ASCII literal ignores
//    the case of ASCII letters only, not accents ('É' equals 'e' in many collations);
//  - upper() and lower() follow the target database's locale;
//  - of two equal keys in one JSON object MariaDB takes the first, PostgreSQL the last.
// Integers are computed in 64 bits signed: where MySQL reaches beyond them, or
// refuses a negative UNSIGNED result, the error differs.
//
// Errors: none are thrown but std::bad_alloc; hostile text gives a reason.
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mysql2pgsql/expression/expression_range.h"
#include "mysql2pgsql/row/mysql_type.h"
#include "schema/pg_type.h"

namespace dbsync {

enum class ExprType {
  boolean,
  integer,
  decimal,
  floating,
  text,
  binary,
  date,
  timestamp,
  timestamptz,
  interval,
  json,
  unknown_null
};

// A column that expressions may name. The defaults of the flags are the careful ones.
struct ExprColumn {
  std::string name;
  std::string target_name;
  ExprType type = ExprType::text;
  bool nullable = true;
  bool is_generated = false;  // PostgreSQL's generated columns cannot use each other
  // text:
  bool known_collation = true;   // *_bin or *_ci; others compare in ways of their own
  bool case_insensitive = true;  // any of them but *_bin
  bool pad_space = true;         // 'a' = 'a ': all collations but *_0900_* and *_nopad_*
  bool ends_in_blanks = true;    // values may; not so for CHAR, ENUM and SET
  bool utf8 = false;             // the source's bytes are UTF-8 (LENGTH, MD5)
  // numbers:
  bool prints_alike = true;  // as text both show the same: not so for ZEROFILL, YEAR, BIT
  bool is_year = false;      // YEAR: reads literals below 100 in its own way
  int digits = 65;           // before the point, at most
  int scale = 0;             // behind it; timestamp: digits of the seconds' fraction
  ColumnLimits limits;       // what it holds
  // json: MySQL's own type, whose text is normalised; false for MariaDB's LONGTEXT
  bool normalised_json = false;
};

// Leaves is_generated to the caller. nullopt for types that no expression is
// translated with.
std::optional<ExprColumn> expression_column(std::string name, std::string target_name, const MysqlType& type,
                                            const PgType& target, bool nullable);

// On what it depends whether a translated value is the stored one in every row.
struct ValueDoubt {
  bool leaves_type = false;               // the source may have cut it to the column's type, or made 0 of NULL
  std::vector<std::string> dates = {};    // columns; if one holds a zero date or one of the year 0
  std::vector<std::string> letters = {};  // columns; if one holds letters beyond ASCII, for upper() and lower()

  bool any() const { return leaves_type || !dates.empty() || !letters.empty(); }
};

struct Translation {
  std::string sql;
  ExprType type = ExprType::unknown_null;
  ValueDoubt doubt = {};  // of generated columns
};

struct TranslationResult {
  std::optional<Translation> value;
  std::string reason;  // when there is no value
};

// What a value is assigned to.
struct ExprTarget {
  PgType type;
  bool strips_blanks = false;  // CHAR: trailing blanks vanish
  std::string refused = {};    // not empty: assignment changes values in a way of MySQL's own
  ColumnLimits limits = {};
  bool nullable = true;
};

ExprTarget expression_target(const MysqlType& type, const PgType& target, bool nullable = true);

enum class ValueUse {
  generated,      // of the row's columns; IMMUTABLE
  default_value,  // no columns; CURRENT_TIMESTAMP and CURDATE() are allowed
};

// For functional index keys: immutable, of whatever type it has.
TranslationResult translate_expression(std::string_view mysql, const std::vector<ExprColumn>& columns);

// For CHECK: boolean. A number n becomes n <> 0. JSON_VALID of a json column is
// implied by the type and left out; when nothing remains, that is the reason.
TranslationResult translate_condition(std::string_view mysql, const std::vector<ExprColumn>& columns);

// For generated columns and defaults: of the target's type, by a cast where needed.
TranslationResult translate_value(std::string_view mysql, const std::vector<ExprColumn>& columns,
                                  const ExprTarget& target, ValueUse use);

}  // namespace dbsync
