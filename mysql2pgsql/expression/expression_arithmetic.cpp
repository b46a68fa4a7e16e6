// Numbers. MySQL computes integers in 64 bits; PostgreSQL in the operands'
// type, so integers are widened first.
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>

#include "mysql2pgsql/expression/expression_lexer.h"
#include "mysql2pgsql/expression/expression_writer.h"

namespace dbsync {

namespace {

constexpr int kMaxScale = 30;  // MySQL cuts more digits behind the point than these

ExprValue integer_result(const std::string& sql, bool nullable, const NumberRange& range) {
  ExprValue out;
  out.range = range;
  out.type = ExprType::integer;
  out.sql = "(" + sql + ")";
  out.nullable = nullable;
  out.is_wide = true;
  out.prints_alike = true;
  out.digits = 19;
  return out;
}

NumberRange result_range(const std::string& op, const NumberRange& a, const NumberRange& b) {
  return op == "+" ? a + b : op == "-" ? a - b : op == "*" ? a * b : NumberRange();
}

// Of two integer operands one must be bigint; a literal is small enough to follow.
ExprValue integer_arithmetic(const std::string& op, const ExprValue& a, const ExprValue& b) {
  const std::string left = a.constant && !b.constant ? a.sql : bigint_sql(a);
  const std::string right = b.constant ? b.sql : bigint_sql(b);
  return integer_result(left + " " + op + " " + right, a.nullable || b.nullable, result_range(op, a.range, b.range));
}

ExprValue decimal_arithmetic(const std::string& op, const ExprValue& a, const ExprValue& b) {
  ExprValue out;
  out.type = ExprType::decimal;
  out.scale = op == "*" ? a.scale + b.scale : std::max(a.scale, b.scale);
  out.digits = op == "*" ? a.digits + b.digits : std::max(a.digits, b.digits) + 1;
  if (out.scale > kMaxScale) throw Untranslatable{"a product of more than 30 decimals"};
  out.sql = "(" + a.sql + " " + op + " " + b.sql + ")";
  out.nullable = a.nullable || b.nullable;
  out.range = result_range(op, a.range, b.range);
  return out;
}

// Division by zero is NULL in MySQL and an error in PostgreSQL.
ExprValue integer_division(const std::string& op, const ExprValue& a, const ExprValue& b) {
  if (a.type != ExprType::integer || b.type != ExprType::integer)
    throw Untranslatable{"DIV or % of other than integers"};
  if (!b.constant || *b.constant == 0) throw Untranslatable{"a division by other than a literal"};
  // Either result is nearer to zero than the dividend; a remainder than the divisor, too.
  const NumberRange most = united(a.range, up_to(0));
  const long double rest = magnitude(b.range).most - 1;
  const NumberRange range = op == "div" ? most : NumberRange{std::max(most.least, -rest), std::min(most.most, rest)};
  return integer_result(bigint_sql(a) + " " + (op == "div" ? "/" : "%") + " " + b.sql, a.nullable, range);
}

// The 64-bit unsigned result of MySQL is the signed one where one side has no
// sign bit.
ExprValue bit_and(const ExprValue& a, const ExprValue& b) {
  const bool positive = (a.constant && *a.constant >= 0) || (b.constant && *b.constant >= 0);
  if (a.type != ExprType::integer || b.type != ExprType::integer || !positive)
    throw Untranslatable{"bits are 64-bit unsigned numbers in MySQL"};
  ExprValue out = integer_arithmetic("&", a, b);
  const ExprValue& mask = a.constant && *a.constant >= 0 ? a : b;
  out.range = up_to(mask.range.most);
  return out;
}

}  // namespace

ExprValue write_number(const std::string& text) {
  ExprValue out;
  out.nullable = false;
  out.is_literal = true;
  out.sql = text;
  const std::size_t point = text.find('.');
  if (text.find_first_of("eE") != std::string::npos) {
    double value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc())
      throw Untranslatable{"a number beyond the range of double"};
    out.type = ExprType::floating;
    out.sql += "::double precision";
    return out;
  }
  const long double value = std::strtold(text.c_str(), nullptr);
  out.range = {value, value};
  out.prints_alike = true;
  out.type = ExprType::decimal;
  out.scale = point == std::string::npos ? 0 : static_cast<int>(text.size() - point) - 1;
  if (out.scale > kMaxScale) throw Untranslatable{"a number of more than 30 decimals"};
  const std::size_t first = std::min(text.find_first_not_of('0'), text.size());
  out.digits =
      std::max(1, static_cast<int>(std::min(point, text.size()) - std::min(first, std::min(point, text.size()))));
  if (point != std::string::npos) return out;
  long long constant = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), constant).ec == std::errc()) {
    out.type = ExprType::integer;
    out.constant = constant;
    out.sql = std::to_string(constant);
  }
  return out;
}

ExprValue write_negative(const ExprValue& operand) {
  ExprValue out = number_of(operand);
  out.range = -out.range;
  switch (out.type) {
    case ExprType::integer:
      if (out.constant) {
        out.constant = -*out.constant;
        out.sql = "(" + std::to_string(*out.constant) + ")";
        return out;
      }
      return integer_result("- " + bigint_sql(out), out.nullable, out.range);
    case ExprType::decimal:
    case ExprType::floating:
      out.is_single = false;
      out.sql = "(- " + out.sql + ")";
      out.is_literal = false;
      // numeric has no -0.00, and MySQL's decimal prints none either; but it is
      // not worth relying on.
      out.prints_alike = false;
      return out;
    default: throw Untranslatable{"the negative of NULL"};
  }
}

ExprValue write_arithmetic(const std::string& op, const ExprValue& left, const ExprValue& right) {
  const ExprValue a = number_of(left);
  const ExprValue b = number_of(right);
  if (a.type == ExprType::unknown_null || b.type == ExprType::unknown_null)
    throw Untranslatable{"arithmetic with NULL"};
  if (op == "/") throw Untranslatable{"a division rounds differently, and by zero is NULL in MySQL"};
  // Underflow is zero in MySQL and an error in PostgreSQL.
  if (a.type == ExprType::floating || b.type == ExprType::floating) throw Untranslatable{"floating-point arithmetic"};
  if (op == "div" || op == "%") return integer_division(op, a, b);
  if (op == "&") return bit_and(a, b);
  if (op != "+" && op != "-" && op != "*") throw Untranslatable{"bits are 64-bit unsigned numbers in MySQL"};
  if (a.type == ExprType::integer && b.type == ExprType::integer) return integer_arithmetic(op, a, b);
  return decimal_arithmetic(op, a, b);
}

}  // namespace dbsync
