#include "mysql2pgsql/expression/expression_value.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "mysql2pgsql/expression/expression_lexer.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool has_ascii_letter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; });
}

std::string without_trailing_blanks(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

template <class Predicate>
bool any(const std::vector<ExprValue>& values, Predicate predicate) {
  return std::any_of(values.begin(), values.end(), predicate);
}

bool has_type(const std::vector<ExprValue>& values, ExprType type) {
  return any(values, [type](const ExprValue& v) { return v.type == type; });
}

// NULL counts as of any type.
bool all_of_type(const std::vector<ExprValue>& values, ExprType type) {
  return !any(values, [type](const ExprValue& v) { return v.type != type && v.type != ExprType::unknown_null; });
}

std::vector<std::string> sql_of(const std::vector<ExprValue>& values) {
  std::vector<std::string> out;
  for (const ExprValue& value : values) out.push_back(value.sql);
  return out;
}

// ------------------------------------------------------------ text
// Byte by byte, which is what a *_bin collation means for UTF-8; trailing
// blanks do not count under PAD SPACE.
std::vector<std::string> exact_text(const std::vector<ExprValue>& operands, bool pad_space) {
  std::vector<std::string> out;
  for (const ExprValue& value : operands) {
    if (value.is_literal) {
      out.push_back(quote_literal(pad_space ? without_trailing_blanks(value.literal) : value.literal));
    } else {
      out.push_back(pad_space && value.ends_in_blanks ? "rtrim(" + value.sql + ", ' ')" : value.sql);
    }
  }
  return out;
}

// One column against ASCII literals: both sides in lower case. COLLATE "C" makes
// lower() keep to ASCII whatever the database's locale (Turkish lowers I to ı).
std::vector<std::string> caseless_text(std::vector<ExprValue> operands, bool pad_space) {
  bool letters = false;
  int columns = 0;
  for (ExprValue& value : operands) {
    if (!value.is_literal) {
      ++columns;
      continue;
    }
    if (!is_ascii(value.literal)) throw Untranslatable{"a case-insensitive comparison with letters beyond ASCII"};
    letters = letters || has_ascii_letter(value.literal);
    value.literal = to_lower(value.literal);
  }
  if (columns != 1) throw Untranslatable{"a case-insensitive comparison of two columns"};
  std::vector<std::string> out = exact_text(operands, pad_space);
  for (std::size_t i = 0; letters && i < out.size(); ++i)
    if (!operands[i].is_literal) out[i] = "lower(" + out[i] + " COLLATE \"C\")";
  return out;
}

// The collation by which the operands are compared. Which of two different ones
// wins depends on rules, versions and the connection: that is unknown here.
// Literals follow.
std::optional<ExprValue> common_collation(const std::vector<ExprValue>& operands) {
  std::optional<ExprValue> out;
  for (const ExprValue& value : operands) {
    if (value.is_literal || value.type == ExprType::unknown_null) continue;
    if (!value.has_collation) return std::nullopt;
    if (!out) out = value;
    if (value.case_insensitive != out->case_insensitive || value.pad_space != out->pad_space) return std::nullopt;
  }
  return out;
}

std::vector<std::string> comparable_text(const std::vector<ExprValue>& operands, bool equality, ExprUse use) {
  if (!equality) throw Untranslatable{"the order of text depends on collations"};
  if (has_type(operands, ExprType::unknown_null)) throw Untranslatable{"text compared with NULL"};
  if (any(operands, [](const ExprValue& v) { return v.as_bytes; })) {
    if (any(operands, [](const ExprValue& v) { return !v.utf8; }))
      throw Untranslatable{"bytes of another character set"};
    return exact_text(operands, false);
  }
  const auto collation = common_collation(operands);
  if (!collation) throw Untranslatable{"text of unknown or different collations is compared"};
  if (!collation->case_insensitive) return exact_text(operands, collation->pad_space);
  if (use != ExprUse::check) throw Untranslatable{"text is compared without regard to case"};
  return caseless_text(operands, collation->pad_space);
}

// ------------------------------------------------------------ dates and times
bool two_digits(std::string_view text, std::size_t at, int most) {
  if (at + 2 > text.size()) return false;
  const char a = text[at];
  const char b = text[at + 1];
  return a >= '0' && a <= '9' && b >= '0' && b <= '9' && (a - '0') * 10 + (b - '0') <= most;
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  if (!two_digits(text, 0, 99) || !two_digits(text, 2, 99) || !two_digits(text, 5, 12) || !two_digits(text, 8, 31))
    return false;
  const int year = std::stoi(std::string(text.substr(0, 4)));
  const int month = std::stoi(std::string(text.substr(5, 2)));
  const int day = std::stoi(std::string(text.substr(8, 2)));
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year == 0 || month == 0 || day == 0) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}

// hh:mm:ss
bool is_clock(std::string_view text) {
  return text.size() == 8 && text[2] == ':' && text[5] == ':' && two_digits(text, 0, 23) && two_digits(text, 3, 59) &&
         two_digits(text, 6, 59);
}

// The digits behind the point of a time of day, "" also when there is no point.
bool is_fraction(std::string_view text) {
  if (text.empty()) return true;
  const std::string_view digits = text.substr(1);
  return text[0] == '.' && !digits.empty() && digits.size() <= 6 &&
         digits.find_first_not_of("0123456789") == std::string_view::npos;
}

// Literals take the type of what they are compared with.
std::vector<ExprValue> with_temporal_literals(const std::vector<ExprValue>& operands) {
  std::vector<ExprValue> out;
  for (const ExprValue& value : operands) {
    if (value.type != ExprType::text) {
      out.push_back(value);
    } else if (value.is_literal) {
      out.push_back(temporal_literal(value.literal));
    } else {
      throw Untranslatable{"text is compared with a date or time"};
    }
  }
  return out;
}

std::vector<std::string> comparable_temporal(std::vector<ExprValue> operands) {
  if (has_type(operands, ExprType::timestamptz)) {
    // What a literal means would depend on the session's time zone.
    if (!all_of_type(operands, ExprType::timestamptz)) throw Untranslatable{"TIMESTAMP is compared with another type"};
    return sql_of(operands);
  }
  operands = with_temporal_literals(operands);
  if (all_of_type(operands, ExprType::interval) || all_of_type(operands, ExprType::date)) return sql_of(operands);
  std::vector<std::string> out;
  for (const ExprValue& value : operands) {
    if (value.type == ExprType::date) {
      out.push_back(value.sql + "::timestamp");
    } else if (value.type == ExprType::timestamp || value.type == ExprType::unknown_null) {
      out.push_back(value.sql);
    } else {
      throw Untranslatable{"a date or time is compared with another type"};
    }
  }
  return out;
}

bool is_temporal(ExprType type) {
  return type == ExprType::date || type == ExprType::timestamp || type == ExprType::timestamptz ||
         type == ExprType::interval;
}

std::vector<std::string> comparable_numbers(const std::vector<ExprValue>& operands) {
  // 50 is 2050 then.
  if (any(operands, [](const ExprValue& v) { return v.is_year; }) &&
      any(operands, [](const ExprValue& v) { return v.is_literal && v.range.most > 0 && v.range.most < 100; }))
    throw Untranslatable{"YEAR compared with a number below 100"};
  if (all_of_type(operands, ExprType::boolean)) return sql_of(operands);
  const bool floating = has_type(operands, ExprType::floating);
  std::vector<std::string> out;
  for (const ExprValue& value : operands) out.push_back(floating ? double_sql(value) : number_of(value).sql);
  return out;
}

ExprValue common_number(std::vector<ExprValue>& operands) {
  ExprValue out;
  if (all_of_type(operands, ExprType::boolean)) {
    out.type = ExprType::boolean;
    out.range = up_to(1);
    return out;
  }
  const bool floating = has_type(operands, ExprType::floating);
  out.type = floating                                ? ExprType::floating
             : has_type(operands, ExprType::decimal) ? ExprType::decimal
                                                     : ExprType::integer;
  out.digits = 0;
  std::optional<NumberRange> range;
  for (ExprValue& value : operands) {
    value.sql = floating ? double_sql(value) : number_of(value).sql;
    if (value.type == ExprType::unknown_null) continue;
    out.digits = std::max(out.digits, value.digits);
    out.scale = std::max(out.scale, value.scale);
    range = range ? united(*range, value.range) : value.range;
  }
  if (range) out.range = *range;
  return out;
}

ExprValue common_text(const std::vector<ExprValue>& operands) {
  ExprValue out;
  out.type = ExprType::text;
  out.ends_in_blanks = false;
  if (const auto collation = common_collation(operands)) {
    out.has_collation = true;
    out.case_insensitive = collation->case_insensitive;
    out.pad_space = collation->pad_space;
  }
  out.length = 0;
  for (const ExprValue& value : operands) {
    if (value.as_bytes) throw Untranslatable{"BINARY"};
    if (value.type == ExprType::unknown_null) continue;
    out.length = std::max(out.length, value.length);
    out.utf8 = out.utf8 && value.utf8;
    out.ends_in_blanks = out.ends_in_blanks || value.ends_in_blanks;
  }
  return out;
}

}  // namespace

// *_as_cs knows accents and case but takes equal spellings of a character for
// the same; for Turkish, I and i are two letters.
CollationRules collation_rules(std::string_view name) {
  const auto has = [name](std::string_view part) { return name.find(part) != std::string_view::npos; };
  CollationRules out;
  out.case_insensitive = !name.ends_with("_bin");
  out.pad_space = !has("_0900_") && !has("nopad");
  out.known = name.ends_with("_bin") || (name.ends_with("_ci") && !has("turkish") && !has("_tr_"));
  return out;
}

bool is_numeric(ExprType type) {
  return type == ExprType::boolean || type == ExprType::integer || type == ExprType::decimal ||
         type == ExprType::floating;
}

std::string condition_sql(const ExprValue& value) {
  switch (value.type) {
    case ExprType::boolean: return value.sql;
    case ExprType::integer:
    case ExprType::decimal:
    case ExprType::floating: return "(" + value.sql + " <> 0)";
    case ExprType::unknown_null: return "NULL::boolean";
    default: throw Untranslatable{"a text or date where a condition belongs"};
  }
}

ExprValue number_of(ExprValue value) {
  if (value.type == ExprType::unknown_null) return value;
  if (!is_numeric(value.type)) throw Untranslatable{"a text or date where a number belongs"};
  if (value.type != ExprType::boolean) return value;
  value.sql = value.constant ? std::to_string(*value.constant) : value.sql + "::integer";
  value.type = ExprType::integer;
  value.digits = 1;
  return value;
}

const ExprValue& text_of(const ExprValue& value) {
  if (value.type != ExprType::text) throw Untranslatable{"another type where a text belongs"};
  if (value.as_bytes) throw Untranslatable{"BINARY"};
  return value;
}

ExprValue text_form(const ExprValue& value) {
  if (value.type == ExprType::text) return text_of(value);
  // Other types print differently (floats), or as settings say (dates).
  if (!is_numeric(value.type) || value.type == ExprType::floating || !value.prints_alike)
    throw Untranslatable{"a value that both servers print differently"};
  ExprValue out;
  out.type = ExprType::text;
  out.nullable = value.nullable;
  out.sql = number_of(value).sql + "::text";
  constexpr int sign_and_point = 2;
  out.length = value.constant ? static_cast<std::int64_t>(std::to_string(*value.constant).size())
                              : std::max(value.digits, 1) + value.scale + sign_and_point;
  return out;
}

std::string double_sql(const ExprValue& value) {
  if (value.type == ExprType::floating || value.type == ExprType::unknown_null) return value.sql;
  return number_of(value).sql + "::double precision";
}

std::string bigint_sql(const ExprValue& value) { return value.is_wide ? value.sql : value.sql + "::bigint"; }

std::vector<std::string> comparable(const std::vector<ExprValue>& operands, bool equality, ExprUse use) {
  if (all_of_type(operands, ExprType::unknown_null)) throw Untranslatable{"a comparison of NULLs"};
  if (has_type(operands, ExprType::json)) throw Untranslatable{"a comparison of JSON values"};
  if (has_type(operands, ExprType::binary)) {
    if (!all_of_type(operands, ExprType::binary)) throw Untranslatable{"bytes are compared with another type"};
    return sql_of(operands);
  }
  if (any(operands, [](const ExprValue& v) { return is_temporal(v.type); })) return comparable_temporal(operands);
  if (!has_type(operands, ExprType::text)) return comparable_numbers(operands);
  if (!all_of_type(operands, ExprType::text)) throw Untranslatable{"text is compared with another type"};
  return comparable_text(operands, equality, use);
}

ExprValue common_type(std::vector<ExprValue>& operands) {
  ExprValue out;
  const auto first = std::find_if(operands.begin(), operands.end(),
                                  [](const ExprValue& v) { return v.type != ExprType::unknown_null; });
  if (first == operands.end()) throw Untranslatable{"nothing but NULL"};
  if (is_numeric(first->type)) {
    if (any(operands, [](const ExprValue& v) { return !is_numeric(v.type) && v.type != ExprType::unknown_null; }))
      throw Untranslatable{"a mixture of types"};
    out = common_number(operands);
  } else {
    if (!all_of_type(operands, first->type)) throw Untranslatable{"a mixture of types"};
    if (first->type == ExprType::json) throw Untranslatable{"a choice of JSON values"};
    if (first->type == ExprType::text) out = common_text(operands);
    out.type = first->type;
    if (first->type == ExprType::binary) {
      out.length = 0;
      for (const ExprValue& value : operands)
        if (value.type == ExprType::binary) out.length = std::max(out.length, value.length);
    }
    for (const ExprValue& value : operands) {
      out.scale = std::max(out.scale, value.scale);
      if (value.now_digits >= 0) throw Untranslatable{"CURRENT_TIMESTAMP inside an expression"};
    }
  }
  return out;
}

ExprValue temporal_literal(std::string_view text) {
  ExprValue out;
  out.nullable = false;
  out.is_literal = true;
  if (is_date(text)) {
    out.type = ExprType::date;
    out.sql = "DATE " + quote_literal(text);
  } else if (text.size() >= 19 && is_date(text.substr(0, 10)) && text[10] == ' ' && is_clock(text.substr(11, 8)) &&
             is_fraction(text.substr(19))) {
    out.type = ExprType::timestamp;
    out.scale = text.size() == 19 ? 0 : static_cast<int>(text.size()) - 20;
    out.sql = "TIMESTAMP " + quote_literal(text);
  } else {
    const std::string_view clock = text.substr(text.starts_with('-') ? 1 : 0);
    if (!is_clock(clock)) throw Untranslatable::unusual_time();
    out.type = ExprType::interval;
    out.sql = "INTERVAL " + quote_literal(text);
  }
  // Not all places take a typed literal as it is: DATE '…'::timestamp.
  out.sql = "(" + out.sql + ")";
  return out;
}

}  // namespace dbsync
