// CAST and CONVERT where every value that fits stays what it is.
#include <algorithm>
#include <string>

#include "mysql2pgsql/expression/expression_functions.h"
#include "mysql2pgsql/expression/expression_lexer.h"
#include "mysql2pgsql/expression/expression_writer.h"

namespace dbsync {

namespace {

ExprValue cast_to_text(const Expr& cast, const ExprValue& operand) {
  if (cast.charset == "binary") {
    if (!cast.sizes.empty() || !text_of(operand).utf8) throw Untranslatable{"a cast to binary"};
    ExprValue out = operand;
    out.as_bytes = true;
    return out;
  }
  ExprValue out = text_form(operand);
  // Other character sets than UTF-8 lose characters, digits they all have.
  const bool ascii = operand.type != ExprType::text;
  if (!ascii && !cast.charset.empty() && cast.charset != "utf8mb4")
    throw Untranslatable{"a cast to the character set " + cast.charset.substr(0, 32)};
  if (!cast.sizes.empty()) {
    out.sql = "left(" + out.sql + ", " + std::to_string(cast.sizes[0]) + ")";
    out.length = std::min<std::int64_t>(out.length, cast.sizes[0]);
  }
  out.is_literal = false;
  out.ends_in_blanks = true;
  // Of the collation of the connection that made the table: unknown.
  out.has_collation = false;
  out.case_insensitive = true;
  out.utf8 = true;
  return out;
}

ExprValue cast_to_integer(const std::string& type, const ExprValue& operand) {
  const ExprValue value = number_of(operand);
  const bool fits = value.type == ExprType::integer || (value.type == ExprType::decimal && value.digits <= 18);
  if (!fits) throw Untranslatable{"a cast to an integer from this type"};
  // Negative numbers become huge ones.
  if (type == "unsigned" && (!value.constant || *value.constant < 0)) throw Untranslatable{"a cast to UNSIGNED"};
  ExprValue out = integer_call(bigint_sql(value), value.nullable, rounded_to(value.range, 0), 19);
  out.constant = value.type == ExprType::integer ? value.constant : std::nullopt;
  out.is_wide = true;
  return out;
}

ExprValue cast_to_decimal(const Expr& cast, const ExprValue& operand) {
  ExprValue out = exact_number(operand);
  const int precision = cast.sizes.empty() ? 10 : cast.sizes[0];
  const int scale = cast.sizes.size() < 2 ? 0 : cast.sizes[1];
  // What does not fit becomes the largest number in MySQL. Rounding may carry.
  const bool carries = out.scale > scale;
  if (precision < 1 || precision > 65 || scale > 30 || scale > precision ||
      out.digits + (carries ? 1 : 0) > precision - scale)
    throw Untranslatable{"a cast to DECIMAL that may not fit"};
  out.type = ExprType::decimal;
  out.digits = precision - scale;
  out.range = rounded_to(out.range, scale);
  out.scale = scale;
  out.sql += "::numeric(" + std::to_string(precision) + "," + std::to_string(scale) + ")";
  out.is_wide = false;
  out.prints_alike = true;
  return out;
}

}  // namespace

ExprValue write_cast(const Expr& cast, ExprValue operand) {
  const std::string& type = cast.detail;
  if (operand.type == ExprType::unknown_null) throw Untranslatable{"a cast of NULL"};
  if (type == "char" || type == "varchar") return cast_to_text(cast, operand);
  if (type == "signed" || type == "unsigned" || type == "int" || type == "integer")
    return cast_to_integer(type, operand);
  if (type == "decimal") return cast_to_decimal(cast, operand);
  std::vector<ExprValue> one{operand};
  if (type == "date") return date_of(type, one, ExprUse::generated);
  if (type == "double" && cast.sizes.empty()) {
    operand.sql = double_sql(operand);
    operand.type = ExprType::floating;
    operand.is_literal = false;
    operand.prints_alike = false;
    operand.is_single = false;
    return operand;
  }
  if (type == "datetime" && cast.sizes.empty() && operand.type == ExprType::date) {
    operand.sql += "::timestamp";
    operand.type = ExprType::timestamp;
    return operand;
  }
  throw Untranslatable{"a cast from or to this type"};
}

}  // namespace dbsync
