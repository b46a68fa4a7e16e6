#include "mysql2pgsql/expression/expression.h"

#include <algorithm>
#include <utility>

#include "mysql2pgsql/expression/expression_lexer.h"
#include "mysql2pgsql/expression/expression_parser.h"
#include "mysql2pgsql/expression/expression_writer.h"

namespace dbsync {

namespace {

template <class Translate>
TranslationResult guarded(Translate translate) {
  try {
    return {translate(), {}};
  } catch (Untranslatable& why) {
    return {std::nullopt, std::move(why.reason)};
  }
}

bool is_text_kind(MysqlKind kind) {
  return kind == MysqlKind::character || kind == MysqlKind::varchar || kind == MysqlKind::text ||
         kind == MysqlKind::enumeration || kind == MysqlKind::set;
}

bool is_binary_kind(MysqlKind kind) {
  return kind == MysqlKind::binary || kind == MysqlKind::varbinary || kind == MysqlKind::blob;
}

bool is_number_kind(MysqlKind kind) {
  return is_integer_kind(kind) || kind == MysqlKind::decimal || kind == MysqlKind::float4 ||
         kind == MysqlKind::float8 || kind == MysqlKind::bit || kind == MysqlKind::year;
}

std::optional<ExprType> number_type(PgKind kind) {
  switch (kind) {
    case PgKind::boolean: return ExprType::boolean;
    case PgKind::int2:
    case PgKind::int4:
    case PgKind::int8: return ExprType::integer;
    case PgKind::numeric: return ExprType::decimal;
    case PgKind::float4:
    case PgKind::float8: return ExprType::floating;
    default: return std::nullopt;
  }
}

// The pair of types decides: a DATETIME kept as timestamptz, say, follows other rules.
std::optional<ExprType> type_of_pair(MysqlKind kind, PgKind target) {
  if (is_number_kind(kind)) return number_type(target);
  const bool is_text = target == PgKind::text || target == PgKind::varchar || target == PgKind::bpchar;
  if (is_text_kind(kind) && is_text) return ExprType::text;
  if (is_binary_kind(kind) && target == PgKind::bytea) return ExprType::binary;
  if (kind == MysqlKind::date && target == PgKind::date) return ExprType::date;
  if (kind == MysqlKind::datetime && target == PgKind::timestamp) return ExprType::timestamp;
  if (kind == MysqlKind::timestamp && target == PgKind::timestamptz) return ExprType::timestamptz;
  if (kind == MysqlKind::time && target == PgKind::interval) return ExprType::interval;
  // MariaDB's JSON is a LONGTEXT. Not jsonb: it rewrites numbers.
  if ((kind == MysqlKind::json || kind == MysqlKind::text) && target == PgKind::json) return ExprType::json;
  return std::nullopt;
}

int digits_of(const MysqlType& type) {
  switch (type.kind) {
    case MysqlKind::tinyint: return 3;
    case MysqlKind::smallint: return 5;
    case MysqlKind::mediumint: return 8;
    case MysqlKind::integer: return 10;
    case MysqlKind::bigint: return type.is_unsigned ? 20 : 19;
    case MysqlKind::decimal: return type.precision - type.scale;
    case MysqlKind::year: return 4;
    default: return 20;
  }
}

// ------------------------------------------------------------ assignment
[[noreturn]] void wrong_type() { throw Untranslatable{"a value of another type than the column's"}; }

std::string number_for(const ExprValue& value, const PgType& target) {
  if (target.kind == PgKind::boolean) {
    if (value.type == ExprType::boolean) return value.sql;
    if (value.constant && (*value.constant == 0 || *value.constant == 1))
      return *value.constant == 1 ? "TRUE" : "FALSE";
    wrong_type();
  }
  const ExprValue number = number_of(value);
  const bool floating_target = target.kind == PgKind::float4 || target.kind == PgKind::float8;
  if (floating_target) {
    const std::string sql = double_sql(number);
    return target.kind == PgKind::float4 ? sql + "::real" : sql;
  }
  // A float rounds to the even neighbour on one side and away from zero on the other.
  if (number.type == ExprType::floating) wrong_type();
  if (number.constant) return number.sql;
  const std::string cast = "::" + type_sql(target);
  return number.sql.ends_with(cast) ? number.sql : number.sql + cast;
}

// No cast to varchar(n): that would cut silently, the assignment itself does not.
std::string text_for(const ExprValue& value, const ExprTarget& target) {
  const ExprValue text = text_form(value);
  return target.strips_blanks && text.ends_in_blanks ? "rtrim(" + text.sql + ", ' ')" : text.sql;
}

std::string temporal_for(const ExprValue& source, const PgType& target) {
  const bool text = source.type == ExprType::text && source.is_literal;
  const ExprValue value = text ? temporal_literal(source.literal) : source;
  const int digits = target.length < 0 ? 6 : target.length;
  if (value.now_digits >= 0) {
    if (target.kind == PgKind::timestamptz) return value.sql;
    if (target.kind == PgKind::timestamp) return "LOCALTIMESTAMP(" + std::to_string(value.now_digits) + ")";
    wrong_type();
  }
  if (target.kind == PgKind::date && value.type == ExprType::date) return value.sql;
  if (target.kind == PgKind::interval && value.type == ExprType::interval && value.scale <= digits) return value.sql;
  if (target.kind == PgKind::timestamp && value.type == ExprType::date) return value.sql + "::timestamp";
  if (target.kind == PgKind::timestamp && value.type == ExprType::timestamp && value.scale <= digits) return value.sql;
  if (target.kind == PgKind::timestamptz && value.type == ExprType::timestamptz && value.scale <= digits)
    return value.sql;
  wrong_type();
}

std::string assigned(const ExprValue& value, const ExprTarget& target) {
  if (value.type == ExprType::unknown_null) return "NULL";
  if (!target.refused.empty()) throw Untranslatable{target.refused};
  switch (target.type.kind) {
    case PgKind::boolean:
    case PgKind::int2:
    case PgKind::int4:
    case PgKind::int8:
    case PgKind::float4:
    case PgKind::float8:
    case PgKind::numeric: return number_for(value, target.type);
    case PgKind::text:
    case PgKind::varchar:
    case PgKind::bpchar: return text_for(value, target);
    case PgKind::date:
    case PgKind::timestamp:
    case PgKind::timestamptz:
    case PgKind::interval: return temporal_for(value, target.type);
    case PgKind::bytea:
      if (value.type == ExprType::binary) return value.sql;
      break;
    case PgKind::json:
      if (value.type == ExprType::json && value.json_path.empty()) return value.sql;
      break;
    default: break;
  }
  wrong_type();
}

ExprType type_of_target(PgKind kind) {
  if (const auto number = number_type(kind)) return *number;
  switch (kind) {
    case PgKind::text:
    case PgKind::varchar:
    case PgKind::bpchar: return ExprType::text;
    case PgKind::bytea: return ExprType::binary;
    case PgKind::date: return ExprType::date;
    case PgKind::timestamp: return ExprType::timestamp;
    case PgKind::timestamptz: return ExprType::timestamptz;
    case PgKind::interval: return ExprType::interval;
    case PgKind::json: return ExprType::json;
    default: return ExprType::unknown_null;
  }
}

// ------------------------------------------------------------ JSON_VALID
bool is_implied(const Expr& expr, const ExpressionWriter& writer) {
  if (expr.kind != Expr::Kind::call || expr.text != "json_valid" || expr.children.size() != 1) return false;
  if (expr.children[0].kind != Expr::Kind::column) return false;
  const ExprColumn* column = writer.find_column(expr.children[0].text);
  return column != nullptr && column->type == ExprType::json;
}

// Appends the parts of a AND b AND … that say more than the types do.
void collect_conditions(const Expr& expr, const ExpressionWriter& writer, std::vector<std::string>& out) {
  if (expr.kind == Expr::Kind::operation && expr.text == "and") {
    for (const Expr& child : expr.children) collect_conditions(child, writer, out);
  } else if (!is_implied(expr, writer)) {
    out.push_back(condition_sql(writer.write(expr)));
  }
}

// ------------------------------------------------------------ doubt
constexpr std::int64_t kMostBytesOfCharacter = 4;

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

bool is_ascii_literal(const Expr& expr) {
  return std::all_of(expr.text.begin(), expr.text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Calls f(column, below) for each column of the expression; `below`: it is an
// argument, near or far, of upper() or lower(). What these make of letters that
// cannot be asked about is refused.
template <class F>
void for_each_column(const Expr& expr, const ExpressionWriter& writer, bool below, const F& f) {
  if (expr.kind == Expr::Kind::column)
    if (const ExprColumn* column = writer.find_column(expr.text)) {
      if (below && column->type == ExprType::json) throw Untranslatable{"upper() or lower() of a JSON value"};
      f(*column, below);
    }
  if (below && expr.kind == Expr::Kind::string && !is_ascii_literal(expr))
    throw Untranslatable{"upper() or lower() of letters beyond ASCII"};
  const bool changes_case = expr.kind == Expr::Kind::call && (expr.text == "upper" || expr.text == "ucase" ||
                                                              expr.text == "lower" || expr.text == "lcase");
  for (const Expr& child : expr.children) for_each_column(child, writer, below || changes_case, f);
}

// Some servers show letters beyond ASCII in another encoding, or as a question mark:
// concat(l, 'é') of a latin1 column as concat(l, _latin1'?').
bool has_foreign_literal(const Expr& expr) {
  const bool foreign = !is_ascii_literal(expr) || expr.text.find('?') != std::string::npos;
  return (expr.kind == Expr::Kind::string && foreign) ||
         std::any_of(expr.children.begin(), expr.children.end(), has_foreign_literal);
}

// True when a text of the expression may have characters that `charset` has not.
bool loses_characters(const Expr& expr, const ExpressionWriter& writer, const std::string& charset) {
  if (charset.empty() || charset == "utf8mb4") return false;
  if (expr.kind == Expr::Kind::string && !is_ascii_literal(expr)) return true;
  if (expr.kind == Expr::Kind::column)
    if (const ExprColumn* column = writer.find_column(expr.text))
      if (column->type == ExprType::json ||
          (column->type == ExprType::text && column->limits.charset != charset && column->limits.charset != "ascii"))
        return true;
  return std::any_of(expr.children.begin(), expr.children.end(),
                     [&](const Expr& child) { return loses_characters(child, writer, charset); });
}

bool leaves_type(const Expr& expr, const ExprValue& value, const ExprTarget& target, const ExpressionWriter& writer) {
  if (!target.nullable && value.nullable) return true;
  const ColumnLimits& limits = target.limits;
  switch (type_of_target(target.type.kind)) {
    case ExprType::integer: return !rounded_to(number_of(value).range, 0).within(limits.numbers);
    case ExprType::decimal:
      return !rounded_to(number_of(value).range, std::max(target.type.scale, 0)).within(limits.numbers);
    case ExprType::floating: {
      constexpr long double most = 3.4e38L;  // of FLOAT
      const NumberRange range = number_of(value).range;
      if (limits.single_precision && value.type == ExprType::floating && !value.is_single) return true;
      if (limits.single_precision && value.type != ExprType::floating && magnitude(range).most > most) return true;
      return range.least < limits.numbers.least;
    }
    case ExprType::text: {
      if (loses_characters(expr, writer, limits.charset)) return true;
      const std::int64_t length = value.type == ExprType::text ? value.length : text_form(value).length;
      return limits.length < kAnyLength && (limits.of_bytes ? length * kMostBytesOfCharacter : length) > limits.length;
    }
    case ExprType::binary: return value.length > limits.length;
    default: return false;
  }
}

ValueDoubt doubt_of(const Expr& expr, const ExprValue& value, const ExprTarget& target,
                    const ExpressionWriter& writer) {
  ValueDoubt out;
  if (value.type == ExprType::unknown_null) return out;
  out.leaves_type = leaves_type(expr, value, target, writer) || has_foreign_literal(expr);
  // A plain copy of a date becomes what its original became.
  const bool copies = expr.kind == Expr::Kind::column;
  for_each_column(expr, writer, false, [&](const ExprColumn& column, bool in_letter_case) {
    const bool date =
        column.type == ExprType::date || column.type == ExprType::timestamp || column.type == ExprType::timestamptz;
    if (date && !copies) add_once(out.dates, column.name);
    if (in_letter_case && column.type == ExprType::text) add_once(out.letters, column.name);
  });
  return out;
}

}  // namespace

std::optional<ExprColumn> expression_column(std::string name, std::string target_name, const MysqlType& type,
                                            const PgType& target, bool nullable) {
  const auto found = type_of_pair(type.kind, target.kind);
  if (!found) return std::nullopt;
  ExprColumn out;
  out.name = std::move(name);
  out.target_name = std::move(target_name);
  out.type = *found;
  out.nullable = nullable;
  const CollationRules rules = collation_rules(type.collation);
  out.known_collation = rules.known;
  out.case_insensitive = rules.case_insensitive;
  out.pad_space = rules.pad_space;
  out.ends_in_blanks = type.kind == MysqlKind::varchar || type.kind == MysqlKind::text;
  out.utf8 = type.collation.starts_with("utf8") || type.collation.starts_with("ascii");
  // The catalog calls MariaDB's LONGTEXT JSON too, but keeps what the source calls it.
  out.normalised_json = type.kind == MysqlKind::json && type.text == "json";
  out.prints_alike =
      type.kind != MysqlKind::bit && type.kind != MysqlKind::year && type.text.find("zerofill") == std::string::npos;
  out.is_year = type.kind == MysqlKind::year;
  out.digits = digits_of(type);
  out.scale = type.kind == MysqlKind::decimal ? type.scale : type.fraction;
  out.limits = column_limits(type);
  return out;
}

ExprTarget expression_target(const MysqlType& type, const PgType& target, bool nullable) {
  ExprTarget out{target, type.kind == MysqlKind::character};
  out.limits = column_limits(type);
  out.nullable = nullable;
  switch (type.kind) {
    case MysqlKind::binary: out.refused = "BINARY pads with zero bytes"; break;
    case MysqlKind::enumeration:
    case MysqlKind::set: out.refused = "ENUM and SET take the spelling of their labels"; break;
    case MysqlKind::year: out.refused = "YEAR reads numbers below 100 in its own way"; break;
    case MysqlKind::bit: out.refused = "BIT takes text as bytes"; break;
    case MysqlKind::float4:
    case MysqlKind::float8:
      if (type.text.find('(') != std::string::npos) out.refused = "FLOAT(M,D) rounds";
      break;
    default: break;
  }
  return out;
}

TranslationResult translate_expression(std::string_view mysql, const std::vector<ExprColumn>& columns) {
  return guarded([&] {
    const ExprValue value = ExpressionWriter(columns, ExprUse::index).write(parse_expression(mysql));
    if (value.type == ExprType::json) throw Untranslatable{"json has no order"};
    if (value.type == ExprType::unknown_null) throw Untranslatable{"nothing but NULL"};
    if (value.as_bytes) throw Untranslatable{"BINARY"};
    return Translation{value.sql, value.type};
  });
}

TranslationResult translate_condition(std::string_view mysql, const std::vector<ExprColumn>& columns) {
  return guarded([&] {
    const Expr expr = parse_expression(mysql);
    const ExpressionWriter writer(columns, ExprUse::check);
    std::vector<std::string> conditions;
    collect_conditions(expr, writer, conditions);
    if (conditions.empty()) throw Untranslatable{"implied by the type json"};
    std::string sql = conditions.front();
    for (std::size_t i = 1; i < conditions.size(); ++i) sql += " AND " + conditions[i];
    if (conditions.size() > 1) sql = "(" + sql + ")";
    return Translation{std::move(sql), ExprType::boolean};
  });
}

TranslationResult translate_value(std::string_view mysql, const std::vector<ExprColumn>& columns,
                                  const ExprTarget& target, ValueUse use) {
  return guarded([&] {
    const ExprUse allowed = use == ValueUse::default_value ? ExprUse::default_value : ExprUse::generated;
    const Expr expr = parse_expression(mysql);
    const ExpressionWriter writer(columns, allowed);
    const ExprValue value = writer.write(expr);
    Translation out{assigned(value, target), type_of_target(target.type.kind)};
    if (use == ValueUse::generated) out.doubt = doubt_of(expr, value, target, writer);
    return out;
  });
}

}  // namespace dbsync
