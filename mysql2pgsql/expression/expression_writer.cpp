#include "mysql2pgsql/expression/expression_writer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "mysql2pgsql/expression/expression_lexer.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

// NULLIF, CASE and BETWEEN write an operand twice: nested, that doubles each time.
constexpr std::size_t kLongestSql = 65536;

ExprValue boolean_result(std::string sql, bool nullable) {
  ExprValue out;
  out.type = ExprType::boolean;
  out.sql = "(" + std::move(sql) + ")";
  out.nullable = nullable;
  out.prints_alike = true;
  out.digits = 1;
  out.range = up_to(1);
  return out;
}

bool any_nullable(const std::vector<ExprValue>& values) {
  for (const ExprValue& value : values)
    if (value.nullable) return true;
  return false;
}

// LIKE looks at every character, trailing blanks too, so only the case matters.
// Both escape by a backslash; PostgreSQL refuses one at the end.
ExprValue like(const ExprValue& text, const ExprValue& pattern) {
  if (text.type != ExprType::text || pattern.type != ExprType::text) throw Untranslatable{"LIKE of other than text"};
  if (!pattern.is_literal) throw Untranslatable{"LIKE with a pattern that is no literal"};
  if (!text.has_collation || (text.case_insensitive && !text.as_bytes))
    throw Untranslatable{"LIKE without regard to case"};
  if (text.as_bytes) throw Untranslatable{"LIKE of bytes"};
  const std::string& like = pattern.literal;
  std::size_t backslashes = 0;
  while (backslashes < like.size() && like[like.size() - 1 - backslashes] == '\\') ++backslashes;
  if (backslashes % 2 != 0) throw Untranslatable{"a LIKE pattern that ends in a backslash"};
  return boolean_result(text.sql + " LIKE " + quote_literal(like), text.nullable);
}

// False when PostgreSQL's planner may find a constant: of literals alone, by an
// operand that is NULL, or by taking a branch that a literal decides.
bool varies(const Expr& expr) {
  if (expr.kind == Expr::Kind::column) return true;
  const std::vector<Expr>& children = expr.children;
  if (children.empty()) return false;
  const std::string& op = expr.text;
  if (op == "coalesce" || op == "ifnull" || op == "nvl" || op == "if") return varies(children[0]);
  if (op == "and" || op == "or") return varies(children[0]) && varies(children[1]);
  if (op == "case") {
    if (expr.detail.starts_with('s')) return varies(children[0]);
    for (std::size_t i = 0; i + 1 < children.size(); i += 2)
      if (!varies(children[i])) return false;
    return true;
  }
  if (op != "in" && op != "<=>" &&
      std::any_of(children.begin(), children.end(), [](const Expr& child) { return child.kind == Expr::Kind::null; }))
    return false;
  return std::any_of(children.begin(), children.end(), varies);
}

// While it creates a generated column, PostgreSQL computes what is constant
// before it has settled collations, and fails over operations that need one.
void refuse_constant(const Expr& expr) {
  constexpr auto sensitive =
      std::to_array<std::string_view>({"=", "<>", "<=>", "<", ">", "<=", ">=", "in", "like", "between", "case",
                                       "nullif", "upper", "ucase", "lower", "lcase", "replace"});
  if (expr.kind != Expr::Kind::operation && expr.kind != Expr::Kind::call) return;
  if (std::find(sensitive.begin(), sensitive.end(), expr.text) != sensitive.end() && !varies(expr))
    throw Untranslatable{"a comparison or text function of literals alone"};
}

}  // namespace

ExprValue compare(const std::string& op, const ExprValue& a, const ExprValue& b, ExprUse use) {
  const bool equality = op == "=" || op == "<>" || op == "<=>";
  const std::vector<std::string> sides = comparable({a, b}, equality, use);
  if (op == "<=>") return boolean_result(sides[0] + " IS NOT DISTINCT FROM " + sides[1], false);
  return boolean_result(sides[0] + " " + op + " " + sides[1], a.nullable || b.nullable);
}

const ExprColumn* ExpressionWriter::find_column(std::string_view name) const {
  for (const ExprColumn& candidate : columns_)
    if (equal_ignore_case(candidate.name, name)) return &candidate;
  return nullptr;
}

ExprValue ExpressionWriter::write(const Expr& expr) const {
  if (use_ == ExprUse::generated) refuse_constant(expr);
  ExprValue out = dispatch(expr);
  if (out.sql.size() > kLongestSql) throw Untranslatable{"a translation too long"};
  return out;
}

ExprValue ExpressionWriter::dispatch(const Expr& expr) const {
  ExprValue out;
  switch (expr.kind) {
    case Expr::Kind::null: out.sql = "NULL"; return out;
    case Expr::Kind::boolean:
      out.type = ExprType::boolean;
      out.sql = expr.text == "1" ? "TRUE" : "FALSE";
      out.constant = expr.text == "1" ? 1 : 0;
      out.range = up_to(1);
      out.nullable = false;
      out.prints_alike = true;
      return out;
    case Expr::Kind::number: return write_number(expr.text);
    case Expr::Kind::string: return string(expr);
    case Expr::Kind::temporal: return temporal(expr);
    case Expr::Kind::column: return column(expr);
    case Expr::Kind::operation: return operation(expr);
    case Expr::Kind::call: break;
  }
  std::vector<ExprValue> arguments = write_all(expr.children);
  return write_call(expr.text, arguments, use_);
}

std::vector<ExprValue> ExpressionWriter::write_all(const std::vector<Expr>& exprs) const {
  std::vector<ExprValue> out;
  for (const Expr& expr : exprs) out.push_back(write(expr));
  return out;
}

ExprValue ExpressionWriter::column(const Expr& expr) const {
  const ExprColumn* found = find_column(expr.text);
  if (found == nullptr) throw Untranslatable{"no column " + expr.text.substr(0, 64) + " of a type with translations"};
  if (found->is_generated && use_ == ExprUse::generated) throw Untranslatable{"another generated column"};
  if (use_ == ExprUse::default_value) throw Untranslatable{"a default that reads another column"};
  ExprValue out;
  out.sql = quote_identifier(found->target_name);
  out.type = found->type;
  out.nullable = found->nullable;
  out.has_collation = found->known_collation;
  out.case_insensitive = found->case_insensitive;
  out.pad_space = found->pad_space;
  out.ends_in_blanks = found->ends_in_blanks;
  out.utf8 = found->utf8;
  out.prints_alike = found->prints_alike;
  out.digits = found->digits;
  out.scale = found->scale;
  out.range = found->type == ExprType::boolean ? up_to(1) : found->limits.numbers;
  out.length = found->limits.length;
  out.is_year = found->is_year;
  out.is_single = found->limits.single_precision;
  // MySQL computes and compares FLOAT as double; PostgreSQL might stay in real.
  if (out.type == ExprType::floating) out.sql += "::double precision";
  if (out.type == ExprType::json) {
    out.json_column = out.sql;
    out.normalised_json = found->normalised_json;
  }
  return out;
}

ExprValue ExpressionWriter::string(const Expr& expr) const {
  // Under ANSI_QUOTES it would be that column.
  if (expr.double_quoted && find_column(expr.text) != nullptr) throw Untranslatable{"a column name in double quotes"};
  const std::string& charset = expr.detail;
  bool ascii = true;
  for (const char c : expr.text) ascii = ascii && static_cast<unsigned char>(c) < 0x80;
  const bool unicode = charset.empty() || charset == "utf8mb4" || charset == "utf8mb3" || charset == "utf8";
  if (!unicode && !(ascii && (charset == "latin1" || charset == "ascii")))
    throw Untranslatable{"a string of the character set " + charset.substr(0, 32)};
  if (expr.text.find('\0') != std::string::npos) throw Untranslatable::nul_byte();
  ExprValue out;
  out.type = ExprType::text;
  out.sql = quote_literal(expr.text);
  out.nullable = false;
  out.is_literal = true;
  out.literal = expr.text;
  out.length = static_cast<std::int64_t>(expr.text.size());
  return out;
}

ExprValue ExpressionWriter::temporal(const Expr& expr) const {
  ExprValue out = temporal_literal(expr.text);
  const ExprType wanted = expr.detail == "date"        ? ExprType::date
                          : expr.detail == "timestamp" ? ExprType::timestamp
                                                       : ExprType::interval;
  if (out.type != wanted) throw Untranslatable::unusual_time();
  return out;
}

ExprValue ExpressionWriter::operation(const Expr& expr) const {
  const std::string& op = expr.text;
  if (op == "and" || op == "or" || op == "xor" || op == "not") return logical(expr);
  if (op.starts_with("is ")) return is_test(expr);
  if (op == "in") return in_list(expr);
  if (op == "case") return case_expression(expr);
  if (op == "collate") return collate(expr);
  if (op == "cast") return write_cast(expr, write(expr.children[0]));
  if (op == "neg") return write_negative(write(expr.children[0]));
  if (op == "like") return like(write(expr.children[0]), write(expr.children[1]));
  if (op == "=" || op == "<=>" || op == "<>" || op == "between" || op.front() == '<' || op.front() == '>') {
    if (op != "<<" && op != ">>") return comparison(expr);
  }
  return write_arithmetic(op, write(expr.children[0]), write(expr.children[1]));
}

ExprValue ExpressionWriter::logical(const Expr& expr) const {
  const std::vector<ExprValue> operands = write_all(expr.children);
  const std::string left = condition_sql(operands[0]);
  const bool nullable = any_nullable(operands);
  if (expr.text == "not") return boolean_result("NOT " + left, nullable);
  const std::string right = condition_sql(operands[1]);
  const std::string_view op = expr.text == "and" ? " AND " : expr.text == "or" ? " OR " : " <> ";
  return boolean_result(left + std::string(op) + right, nullable);
}

ExprValue ExpressionWriter::is_test(const Expr& expr) const {
  const ExprValue operand = write(expr.children[0]);
  std::string test = " IS ";
  for (const char c : expr.text.substr(3)) test += c == ' ' ? ' ' : static_cast<char>(c - 'a' + 'A');
  const bool null_test = expr.text.ends_with("null");
  return boolean_result((null_test ? operand.sql : condition_sql(operand)) + test, false);
}

ExprValue ExpressionWriter::comparison(const Expr& expr) const {
  const std::vector<ExprValue> operands = write_all(expr.children);
  if (expr.text != "between") return compare(expr.text, operands[0], operands[1], use_);
  const std::vector<std::string> parts = comparable(operands, false, use_);
  return boolean_result(parts[0] + " BETWEEN " + parts[1] + " AND " + parts[2], any_nullable(operands));
}

// One form of the left side for all members of the list, else the comparison
// that MySQL chooses per member would have to be repeated here.
ExprValue ExpressionWriter::in_list(const Expr& expr) const {
  const std::vector<ExprValue> operands = write_all(expr.children);
  const std::vector<std::string> parts = comparable(operands, true, use_);
  std::vector<std::string> members(parts.begin() + 1, parts.end());
  return boolean_result(parts[0] + " IN (" + join(members, ", ") + ")", any_nullable(operands));
}

ExprValue ExpressionWriter::case_expression(const Expr& expr) const {
  std::vector<ExprValue> parts = write_all(expr.children);
  std::size_t at = 0;
  std::optional<ExprValue> subject;
  if (expr.detail.starts_with('s')) subject = parts[at++];
  const bool has_else = expr.detail.ends_with('e');
  std::vector<std::string> conditions;
  std::vector<ExprValue> results;
  for (; at + 1 < parts.size(); at += 2) {
    conditions.push_back(subject ? compare("=", *subject, parts[at], use_).sql : condition_sql(parts[at]));
    results.push_back(parts[at + 1]);
  }
  if (has_else) results.push_back(parts[at]);
  const bool nullable = !has_else || any_nullable(results);
  ExprValue out = common_type(results);
  out.sql = "(CASE";
  for (std::size_t i = 0; i < conditions.size(); ++i) out.sql += " WHEN " + conditions[i] + " THEN " + results[i].sql;
  if (has_else) out.sql += " ELSE " + results.back().sql;
  out.sql += " END)";
  out.nullable = nullable;
  return out;
}

ExprValue ExpressionWriter::collate(const Expr& expr) const {
  ExprValue out = text_of(write(expr.children[0]));
  const CollationRules rules = collation_rules(expr.detail);
  out.is_literal = false;
  out.has_collation = rules.known;
  out.case_insensitive = rules.case_insensitive;
  out.pad_space = rules.pad_space;
  return out;
}

}  // namespace dbsync
