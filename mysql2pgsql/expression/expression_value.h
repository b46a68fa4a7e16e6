// A translated part of an expression, with what is known about its values, and
// the rules by which parts are brought to a common type.
//
// Errors: Untranslatable. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mysql2pgsql/expression/expression.h"

namespace dbsync {

struct ExprValue {
  std::string sql;  // binds tighter than any operator
  ExprType type = ExprType::unknown_null;
  bool nullable = true;
  bool is_literal = false;
  std::string literal = {};  // text: its value

  // text. Without a known collation only literals can be compared, with others.
  bool has_collation = false;
  bool case_insensitive = true;
  bool pad_space = true;
  bool ends_in_blanks = true;
  bool utf8 = true;
  bool as_bytes = false;  // BINARY x: only compared

  // numbers
  bool is_wide = false;    // already bigint
  bool is_year = false;    // a YEAR column
  bool is_single = false;  // FLOAT, as its column holds it
  bool prints_alike = false;
  int digits = 65;
  int scale = 0;
  std::optional<long long> constant = {};
  NumberRange range = {};

  std::int64_t length = kAnyLength;  // text and binary, at most

  // json: the column, and {a,b} below it
  std::string json_column = {};
  std::string json_path = {};
  bool normalised_json = false;

  int now_digits = -1;  // CURRENT_TIMESTAMP(n)
};

// How a collation compares, by its name.
struct CollationRules {
  bool known = false;
  bool case_insensitive = true;
  bool pad_space = true;
};

CollationRules collation_rules(std::string_view name);

bool is_numeric(ExprType type);  // boolean too

// The use that decides what may be called.
enum class ExprUse { check, index, generated, default_value };

std::string condition_sql(const ExprValue& value);  // boolean
ExprValue number_of(ExprValue value);               // a boolean becomes 0 or 1
const ExprValue& text_of(const ExprValue& value);   // refuses all but character strings
ExprValue text_form(const ExprValue& value);        // as CONCAT sees it
std::string double_sql(const ExprValue& value);
std::string bigint_sql(const ExprValue& value);

// The operands in forms that PostgreSQL compares as MySQL does.
std::vector<std::string> comparable(const std::vector<ExprValue>& operands, bool equality, ExprUse use);

// The operands (of IF, CASE, COALESCE, GREATEST) in their common type; sql of
// the result is empty.
ExprValue common_type(std::vector<ExprValue>& operands);

// 'YYYY-MM-DD[ hh:mm:ss[.f]]' and '[-]hhh:mm:ss' as typed literals of
// PostgreSQL; refuses everything else.
ExprValue temporal_literal(std::string_view text);

}  // namespace dbsync
