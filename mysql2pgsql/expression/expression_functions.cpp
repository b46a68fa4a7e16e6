// Functions with an exact equal. What is not in the table is refused by name;
// the comments say why some obvious candidates are missing or limited.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "mysql2pgsql/expression/expression_functions.h"
#include "mysql2pgsql/expression/expression_lexer.h"
#include "mysql2pgsql/expression/expression_writer.h"

namespace dbsync {

namespace {

bool any_nullable(const Arguments& arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const ExprValue& v) { return v.nullable; });
}

std::string list(const Arguments& arguments) {
  std::string out;
  for (const ExprValue& value : arguments) out += (out.empty() ? "" : ", ") + value.sql;
  return out;
}

long long literal_of(const ExprValue& value, long long least) {
  constexpr long long most = 1000000000;
  if (!value.constant || value.type != ExprType::integer || *value.constant < least || *value.constant > most)
    throw Untranslatable{"a position or length that is no plain number"};
  return *value.constant;
}

// A text made from another: of its collation.
ExprValue text_call(std::string sql, const ExprValue& source) {
  ExprValue out = source;
  out.sql = std::move(sql);
  out.is_literal = false;
  out.ends_in_blanks = true;
  return out;
}

// ------------------------------------------------------------ choice
ExprValue coalesce(const std::string&, Arguments& arguments, ExprUse) {
  const bool nullable = std::all_of(arguments.begin(), arguments.end(), [](const ExprValue& v) { return v.nullable; });
  ExprValue out = common_type(arguments);
  out.sql = "COALESCE(" + list(arguments) + ")";
  out.nullable = nullable;
  return out;
}

ExprValue if_else(const std::string&, Arguments& arguments, ExprUse) {
  const std::string condition = condition_sql(arguments[0]);
  Arguments results(arguments.begin() + 1, arguments.end());
  const bool nullable = any_nullable(results);
  ExprValue out = common_type(results);
  out.sql = "(CASE WHEN " + condition + " THEN " + results[0].sql + " ELSE " + results[1].sql + " END)";
  out.nullable = nullable;
  return out;
}

// Not PostgreSQL's NULLIF: the comparison is ours.
ExprValue null_if(const std::string&, Arguments& arguments, ExprUse use) {
  const ExprValue equal = compare("=", arguments[0], arguments[1], use);
  Arguments result{arguments[0]};
  ExprValue out = common_type(result);
  out.sql = "(CASE WHEN " + equal.sql + " THEN NULL ELSE " + result[0].sql + " END)";
  return out;
}

// PostgreSQL ignores NULL arguments, MySQL returns NULL. Text would compare by
// collation.
ExprValue extreme(const std::string& name, Arguments& arguments, ExprUse) {
  if (any_nullable(arguments)) throw Untranslatable{name + "() of what may be NULL"};
  ExprValue out = common_type(arguments);
  if (!is_numeric(out.type) && out.type != ExprType::date && out.type != ExprType::timestamp)
    throw Untranslatable{name + "() of other than numbers and dates"};
  out.sql = (name == "greatest" ? "GREATEST(" : "LEAST(") + list(arguments) + ")";
  out.nullable = false;
  return out;
}

// ------------------------------------------------------------ numbers
ExprValue absolute(const std::string&, Arguments& arguments, ExprUse) {
  ExprValue out = exact_number(arguments[0]);
  out.range = magnitude(out.range);
  out.sql = "abs(" + (out.type == ExprType::integer ? bigint_sql(out) : out.sql) + ")";
  out.is_wide = out.type == ExprType::integer;
  return out;
}

ExprValue whole(const std::string& name, Arguments& arguments, ExprUse) {
  ExprValue out = exact_number(arguments[0]);
  if (out.type == ExprType::integer) return out;
  out.sql = (name == "floor" ? "floor(" : "ceil(") + out.sql + ")";
  out.range = {std::floor(out.range.least), std::ceil(out.range.most)};
  out.digits += 1;
  out.scale = 0;
  return out;
}

// Both round half away from zero; a float would go to the even neighbour.
ExprValue rounded(const std::string& name, Arguments& arguments, ExprUse) {
  ExprValue out = exact_number(arguments[0]);
  const long long places = arguments.size() > 1 ? literal_of(arguments[1], 0) : 0;
  if (places > 30) throw Untranslatable{"a rounding to more than 30 decimals"};
  if (out.type == ExprType::integer) return out;
  out.sql = (name == "round" ? "round(" : "trunc(") + out.sql + ", " + std::to_string(places) + ")";
  if (name == "round") out.range = rounded_to(out.range, static_cast<int>(places));
  out.digits += 1;
  out.scale = std::min(out.scale, static_cast<int>(places));
  return out;
}

ExprValue sign(const std::string&, Arguments& arguments, ExprUse) {
  const ExprValue value = exact_number(arguments[0]);
  return integer_call("sign(" + value.sql + "::numeric)::integer", value.nullable, {-1, 1}, 1);
}

ExprValue modulo(const std::string&, Arguments& arguments, ExprUse) {
  return write_arithmetic("%", arguments[0], arguments[1]);
}

// ------------------------------------------------------------ text
ExprValue concat(const std::string&, Arguments& arguments, ExprUse) {
  Arguments parts;
  for (const ExprValue& value : arguments) parts.push_back(text_form(value));
  const bool nullable = any_nullable(parts);
  ExprValue out = common_type(parts);
  out.length = 0;
  for (const ExprValue& part : parts) out.length = added(out.length, part.length);
  out.sql = "(";
  for (const ExprValue& part : parts) out.sql += (out.sql.size() > 1 ? " || " : "") + part.sql;
  if (parts.size() == 1) out.sql += "::text";
  out.sql += ")";
  out.nullable = nullable;
  out.ends_in_blanks = true;
  return out;
}

ExprValue letter_case(const std::string& name, Arguments& arguments, ExprUse) {
  const bool upper = name == "upper" || name == "ucase";
  const ExprValue& text = text_of(arguments[0]);
  return text_call((upper ? "upper(" : "lower(") + text.sql + ")", text);
}

ExprValue same_text_function(const std::string& name, Arguments& arguments, ExprUse) {
  const ExprValue& text = text_of(arguments[0]);
  if (name == "reverse") return text_call("reverse(" + text.sql + ")", text);
  // Named for what they do: PostgreSQL's trim() is syntax for btrim().
  const std::string function = name == "trim" ? "btrim" : name;
  return text_call(function + "(" + text.sql + ", ' ')", text);
}

ExprValue char_length(const std::string&, Arguments& arguments, ExprUse) {
  const ExprValue& text = text_of(arguments[0]);
  return integer_call("char_length(" + text.sql + ")", text.nullable, up_to(static_cast<long double>(text.length)));
}

// Bytes in the column's character set, which is UTF-8 on the target.
ExprValue byte_length(const std::string&, Arguments& arguments, ExprUse) {
  const ExprValue& value = arguments[0];
  if (value.type != ExprType::binary && !text_of(value).utf8) throw Untranslatable{"LENGTH() in another character set"};
  return integer_call("octet_length(" + value.sql + ")", value.nullable,
                      up_to(4 * static_cast<long double>(value.length)));
}

// Negative lengths are '' in MySQL, and count from the other end in PostgreSQL.
ExprValue end_of_text(const std::string& name, Arguments& arguments, ExprUse) {
  const ExprValue& text = text_of(arguments[0]);
  const long long length = literal_of(arguments[1], 0);
  ExprValue out =
      text_call((name == "left" ? "left(" : "right(") + text.sql + ", " + std::to_string(length) + ")", text);
  out.length = std::min<std::int64_t>(out.length, length);
  return out;
}

// Position 0 is '' in MySQL, and negative ones count from the end.
ExprValue substring(const std::string&, Arguments& arguments, ExprUse) {
  const ExprValue& text = text_of(arguments[0]);
  std::string sql = "substr(" + text.sql + ", " + std::to_string(literal_of(arguments[1], 1));
  if (arguments.size() < 3) return text_call(sql + ")", text);
  const long long length = literal_of(arguments[2], 0);
  ExprValue out = text_call(sql + ", " + std::to_string(length) + ")", text);
  out.length = std::min<std::int64_t>(out.length, length);
  return out;
}

// Exact characters on both sides, whatever the collation.
ExprValue replace(const std::string&, Arguments& arguments, ExprUse) {
  for (const ExprValue& value : arguments) text_of(value);
  if (!arguments[1].is_literal || !arguments[2].is_literal) throw Untranslatable{"REPLACE() of other than literals"};
  ExprValue out = text_call("replace(" + list(arguments) + ")", arguments[0]);
  if (arguments[2].length > arguments[1].length) out.length = kAnyLength;
  return out;
}

ExprValue md5(const std::string&, Arguments& arguments, ExprUse) {
  const ExprValue& value = arguments[0];
  if (value.type != ExprType::binary && !text_of(value).utf8) throw Untranslatable{"MD5() in another character set"};
  ExprValue out;
  out.type = ExprType::text;
  out.length = 32;
  out.sql = "md5(" + value.sql + ")";
  out.nullable = value.nullable;
  return out;
}

// ------------------------------------------------------------ dates
constexpr long double kMostDays = 3652425;  // of the years 0 to 9999

struct DatePart {
  std::string_view function;
  std::string_view field;
  int offset;  // added to PostgreSQL's number
  bool of_time;
  int most;
};

constexpr auto kDateParts = std::to_array<DatePart>({{"year", "YEAR", 0, false, 9999},
                                                     {"quarter", "QUARTER", 0, false, 4},
                                                     {"month", "MONTH", 0, false, 12},
                                                     {"day", "DAY", 0, false, 31},
                                                     {"dayofmonth", "DAY", 0, false, 31},
                                                     {"dayofyear", "DOY", 0, false, 366},
                                                     {"dayofweek", "DOW", 1, false, 7},
                                                     {"weekday", "ISODOW", -1, false, 6},
                                                     {"hour", "HOUR", 0, true, 23},
                                                     {"minute", "MINUTE", 0, true, 59},
                                                     {"second", "SECOND", 0, true, 59}});

// Not of TIMESTAMP: its parts depend on the session's time zone.
ExprValue date_part(const std::string& name, Arguments& arguments, ExprUse) {
  const ExprValue& value = arguments[0];
  const DatePart& part =
      *std::find_if(kDateParts.begin(), kDateParts.end(), [&](const DatePart& p) { return p.function == name; });
  if (value.type != ExprType::timestamp && (part.of_time || value.type != ExprType::date))
    throw Untranslatable{name + "() of this type"};
  std::string sql = "EXTRACT(" + std::string(part.field) + " FROM " + value.sql + ")";
  if (name == "second") sql = "floor(" + sql + ")";  // PostgreSQL's has the fraction
  sql += "::integer";
  if (part.offset != 0) sql = "(" + sql + (part.offset > 0 ? " + 1" : " - 1") + ")";
  return integer_call(sql, value.nullable, up_to(part.most), 4);
}

ExprValue date_difference(const std::string&, Arguments& arguments, ExprUse use) {
  const bool nullable = any_nullable(arguments);
  std::string sides[2];
  for (std::size_t i = 0; i < 2; ++i) {
    Arguments one{arguments[i]};
    sides[i] = date_of("date", one, use).sql;
  }
  return integer_call("(" + sides[0] + " - " + sides[1] + ")", nullable, {-kMostDays, kMostDays}, 7);
}

// MySQL counts from the year 0, whose days PostgreSQL's date type does not have.
ExprValue to_days(const std::string& name, Arguments& arguments, ExprUse use) {
  const ExprValue date = date_of(name, arguments, use);
  return integer_call("(" + date.sql + " - DATE '0001-01-01' + 366)", date.nullable, up_to(kMostDays), 7);
}

ExprValue now(const std::string&, Arguments& arguments, ExprUse use) {
  if (use != ExprUse::default_value) throw Untranslatable{"the current time outside of a default"};
  const long long digits = arguments.empty() ? 0 : literal_of(arguments[0], 0);
  if (digits > 6) throw Untranslatable{"the current time with more than 6 digits"};
  ExprValue out;
  out.type = ExprType::timestamptz;
  out.nullable = false;
  out.now_digits = static_cast<int>(digits);
  out.sql = "CURRENT_TIMESTAMP(" + std::to_string(digits) + ")";
  return out;
}

ExprValue today(const std::string&, Arguments&, ExprUse use) {
  if (use != ExprUse::default_value) throw Untranslatable{"the current date outside of a default"};
  ExprValue out;
  out.type = ExprType::date;
  out.nullable = false;
  out.sql = "CURRENT_DATE";
  return out;
}

ExprValue uuid(const std::string&, Arguments&, ExprUse) {
  throw Untranslatable{"UUID(): gen_random_uuid() makes another kind, from PostgreSQL 13 on"};
}

// ------------------------------------------------------------ the table
struct Function {
  std::string_view name;
  std::size_t least;
  std::size_t most;
  ExprValue (*write)(const std::string& name, Arguments& arguments, ExprUse use);
};

constexpr std::size_t kMany = 1000;

constexpr auto kFunctions = std::to_array<Function>({
    {"coalesce", 1, kMany, coalesce},
    {"ifnull", 2, 2, coalesce},
    {"nvl", 2, 2, coalesce},
    {"if", 3, 3, if_else},
    {"nullif", 2, 2, null_if},
    {"greatest", 2, kMany, extreme},
    {"least", 2, kMany, extreme},
    {"abs", 1, 1, absolute},
    {"floor", 1, 1, whole},
    {"ceil", 1, 1, whole},
    {"ceiling", 1, 1, whole},
    {"round", 1, 2, rounded},
    {"truncate", 2, 2, rounded},
    {"sign", 1, 1, sign},
    {"mod", 2, 2, modulo},
    {"concat", 1, kMany, concat},
    {"upper", 1, 1, letter_case},
    {"ucase", 1, 1, letter_case},
    {"lower", 1, 1, letter_case},
    {"lcase", 1, 1, letter_case},
    {"reverse", 1, 1, same_text_function},
    {"trim", 1, 1, same_text_function},
    {"ltrim", 1, 1, same_text_function},
    {"rtrim", 1, 1, same_text_function},
    {"char_length", 1, 1, char_length},
    {"character_length", 1, 1, char_length},
    {"length", 1, 1, byte_length},
    {"octet_length", 1, 1, byte_length},
    {"left", 2, 2, end_of_text},
    {"right", 2, 2, end_of_text},
    {"substr", 2, 3, substring},
    {"substring", 2, 3, substring},
    {"mid", 3, 3, substring},
    {"replace", 3, 3, replace},
    {"md5", 1, 1, md5},
    {"year", 1, 1, date_part},
    {"quarter", 1, 1, date_part},
    {"month", 1, 1, date_part},
    {"day", 1, 1, date_part},
    {"dayofmonth", 1, 1, date_part},
    {"dayofyear", 1, 1, date_part},
    {"dayofweek", 1, 1, date_part},
    {"weekday", 1, 1, date_part},
    {"hour", 1, 1, date_part},
    {"minute", 1, 1, date_part},
    {"second", 1, 1, date_part},
    {"date", 1, 1, date_of},
    {"datediff", 2, 2, date_difference},
    {"to_days", 1, 1, to_days},
    {"now", 0, 1, now},
    {"current_timestamp", 0, 1, now},
    {"localtimestamp", 0, 1, now},
    {"localtime", 0, 1, now},
    {"curdate", 0, 0, today},
    {"current_date", 0, 0, today},
    {"uuid", 0, 0, uuid},
    {"json_extract", 2, 2, json_extract},
    {"json_unquote", 1, 1, json_unquote},
    {"json_value", 2, 2, json_value},
});

}  // namespace

ExprValue integer_call(std::string sql, bool nullable, const NumberRange& range, int digits) {
  ExprValue out;
  out.range = range;
  out.type = ExprType::integer;
  out.sql = std::move(sql);
  out.nullable = nullable;
  out.prints_alike = true;
  out.digits = digits;
  return out;
}

ExprValue exact_number(const ExprValue& value) {
  ExprValue out = number_of(value);
  if (out.type != ExprType::integer && out.type != ExprType::decimal)
    throw Untranslatable{"a function of floating-point numbers"};
  out.prints_alike = false;
  out.is_literal = false;
  out.constant.reset();
  return out;
}

// With a fraction MySQL's versions disagree on rounding up to the next day.
ExprValue date_of(const std::string&, Arguments& arguments, ExprUse) {
  ExprValue out = arguments[0];
  if (out.type == ExprType::date) return out;
  if (out.type != ExprType::timestamp || out.scale > 0) throw Untranslatable{"a date from this type"};
  out.type = ExprType::date;
  out.sql += "::date";
  out.is_literal = false;
  return out;
}

ExprValue write_call(const std::string& name, std::vector<ExprValue>& arguments, ExprUse use) {
  for (const Function& function : kFunctions) {
    if (function.name != name) continue;
    if (arguments.size() < function.least || arguments.size() > function.most)
      throw Untranslatable{name + "() with this number of arguments"};
    return function.write(name, arguments, use);
  }
  throw Untranslatable{"the function " + name.substr(0, 64) + "()"};
}

}  // namespace dbsync
