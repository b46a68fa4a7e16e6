#include "mysql2pgsql/schema/type_rule.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace dbsync {

namespace {

struct TypeName {
  std::string_view text;
  PgKind kind;
};

constexpr std::array kTypeNames{
    TypeName{"boolean", PgKind::boolean},
    TypeName{"bool", PgKind::boolean},
    TypeName{"smallint", PgKind::int2},
    TypeName{"int2", PgKind::int2},
    TypeName{"integer", PgKind::int4},
    TypeName{"int", PgKind::int4},
    TypeName{"int4", PgKind::int4},
    TypeName{"bigint", PgKind::int8},
    TypeName{"int8", PgKind::int8},
    TypeName{"real", PgKind::float4},
    TypeName{"float4", PgKind::float4},
    TypeName{"double precision", PgKind::float8},
    TypeName{"float8", PgKind::float8},
    TypeName{"numeric", PgKind::numeric},
    TypeName{"decimal", PgKind::numeric},
    TypeName{"text", PgKind::text},
    TypeName{"varchar", PgKind::varchar},
    TypeName{"character varying", PgKind::varchar},
    TypeName{"char", PgKind::bpchar},
    TypeName{"character", PgKind::bpchar},
    TypeName{"bytea", PgKind::bytea},
    TypeName{"date", PgKind::date},
    TypeName{"timestamp", PgKind::timestamp},
    TypeName{"timestamptz", PgKind::timestamptz},
    TypeName{"timestamp with time zone", PgKind::timestamptz},
    TypeName{"timestamp without time zone", PgKind::timestamp},
    TypeName{"time", PgKind::time},
    TypeName{"interval", PgKind::interval},
    TypeName{"bit", PgKind::bit},
    TypeName{"bit varying", PgKind::varbit},
    TypeName{"varbit", PgKind::varbit},
    TypeName{"json", PgKind::json},
    TypeName{"jsonb", PgKind::jsonb},
    TypeName{"uuid", PgKind::uuid},
    TypeName{"inet", PgKind::inet},
    TypeName{"text[]", PgKind::text_array},
    TypeName{"real[]", PgKind::float4_array},
    TypeName{"float4[]", PgKind::float4_array},
    TypeName{"geometry", PgKind::geometry},
    TypeName{"enum", PgKind::enumeration},
    // Types of extensions travel as their text form.
    TypeName{"citext", PgKind::other},
    TypeName{"vector", PgKind::other},
};

// A type as it is written, in its parts.
struct WrittenType {
  std::string name;                  // "timestamp with time zone"
  std::vector<std::string> numbers;  // between the parentheses
  bool parentheses = false;
};

std::optional<WrittenType> take_apart(std::string_view text) {
  WrittenType out;
  const std::string lower = to_lower(trim(text));
  const auto open = lower.find('(');
  out.name = trim(std::string_view(lower).substr(0, open));
  if (open == std::string::npos) return out;
  const auto close = lower.find(')', open);
  if (close == std::string::npos) return std::nullopt;
  out.parentheses = true;
  const std::string_view inside = std::string_view(lower).substr(open + 1, close - open - 1);
  for (std::size_t from = 0; from <= inside.size();) {
    const std::size_t comma = std::min(inside.find(',', from), inside.size());
    out.numbers.emplace_back(trim(inside.substr(from, comma - from)));
    from = comma + 1;
  }
  const auto rest = trim(std::string_view(lower).substr(close + 1));
  if (!rest.empty()) out.name += ' ' + std::string(rest);
  return out;
}

struct Limits {
  int least = 1;
  int most = 0;  // 0: the type takes no length
};

// Of every PostgreSQL version and relative. Sources: varchar.h, varbit.h, numeric.h,
// timestamp.h of the server; vector.h of pgvector.
Limits limits_of(const TypeName& type) {
  switch (type.kind) {
    case PgKind::numeric: return {1, 1000};
    case PgKind::varchar:
    case PgKind::bpchar: return {1, 10485760};
    case PgKind::bit:
    case PgKind::varbit: return {1, 83886080};
    case PgKind::timestamp:
    case PgKind::timestamptz:
    case PgKind::time:
    case PgKind::interval: return {0, 6};
    default: return type.text == "vector" ? Limits{1, 16000} : Limits{};
  }
}

std::optional<int> number_between(std::string_view text, int least, int most) {
  int out = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (ec != std::errc() || end != text.data() + text.size() || out < least || out > most) return std::nullopt;
  return out;
}

bool set_length(PgType& type, const TypeName& known, const WrittenType& written) {
  if (!written.parentheses) return true;
  const Limits limits = limits_of(known);
  if (limits.most == 0 || written.numbers.size() > (known.kind == PgKind::numeric ? 2 : 1)) return false;
  const auto length = number_between(written.numbers[0], limits.least, limits.most);
  if (!length) return false;
  type.length = *length;
  if (written.numbers.size() < 2) return true;
  const auto scale = number_between(written.numbers[1], 0, type.length);
  type.scale = scale.value_or(0);
  return scale.has_value();
}

bool part_matches(const std::string& pattern, std::string_view text) {
  return pattern.empty() || pattern == "*" || pattern == text;
}

// "int(11) unsigned" also answers to "int unsigned", and "tinyint(1)" to
// "tinyint": a rule without a length is for every length.
bool type_matches(const std::string& pattern, const MysqlType& type) {
  if (pattern.empty()) return true;
  const std::string text = to_lower(type.text);
  if (pattern == text) return true;
  if (type.kind == MysqlKind::json) return pattern == "json";  // MariaDB writes longtext
  const auto open = text.find('(');
  const auto close = text.find(')');
  if (open == std::string::npos || close == std::string::npos) return false;
  return pattern == text.substr(0, open) + text.substr(close + 1);
}

bool names_something(const std::string& part) { return !part.empty() && part != "*"; }

int specificity(const TypeRule& rule) {
  return (names_something(rule.table) ? 4 : 0) + (names_something(rule.column) ? 2 : 0) +
         (rule.type.find('(') != std::string::npos ? 2
          : rule.type.empty()                      ? 0
                                                   : 1);
}

}  // namespace

std::optional<PgType> parse_pg_type(std::string_view text) {
  const auto written = take_apart(text);
  if (!written) return std::nullopt;
  for (const TypeName& known : kTypeNames) {
    if (known.text != written->name) continue;
    PgType type;
    type.kind = known.kind;
    if (!set_length(type, known, *written)) return std::nullopt;
    if (type.kind == PgKind::other) {
      type.name = written->name + (type.length < 0 ? "" : fmt::format("({})", type.length));
      type.length = -1;  // a part of the name
    }
    return type;
  }
  return std::nullopt;
}

TypeRule parse_type_rule(std::string_view key, std::string_view value, const std::string& db,
                         const std::string& where) {
  TypeRule rule;
  rule.text = fmt::format("{}: [types] {} = {}", where, key, value);
  const auto bad = [&](const std::string& problem) {
    return Error(ErrorKind::config, fmt::format("{}: {}", rule.text, problem))
        .hint("write type = type, table.column = type, or column type = type; for example tinyint(1) = boolean");
  };
  const auto target = parse_pg_type(value);
  if (!target) throw bad("the target type is not known, or does not take this length");
  rule.target = *target;
  std::string_view left = trim(key);
  const auto blank = left.find_first_of(" \t");
  const std::string_view first = left.substr(0, blank);
  if (first.find('.') != std::string_view::npos) {
    const auto last = first.rfind('.');
    rule.column = std::string(first.substr(last + 1));
    std::string_view table = first.substr(0, last);
    if (const auto dot = table.rfind('.'); dot != std::string_view::npos) {
      const std::string_view schema = table.substr(0, dot);
      if (schema != "*" && schema != db) throw bad(fmt::format("the database read is {}, not {}", db, schema));
      table = table.substr(dot + 1);
    }
    rule.table = std::string(table);
    left = blank == std::string_view::npos ? std::string_view{} : trim(left.substr(blank));
    if (rule.column.empty() || rule.table.empty()) throw bad("a name is missing beside the dot");
  }
  rule.type = to_lower(left);
  return rule;
}

bool rule_matches(const TypeRule& rule, const MysqlType& type, std::string_view table, std::string_view column) {
  return part_matches(rule.table, table) && part_matches(rule.column, column) && type_matches(rule.type, type);
}

const TypeRule* find_rule(const std::vector<TypeRule>& rules, const MysqlType& type, std::string_view table,
                          std::string_view column) {
  const TypeRule* best = nullptr;
  for (const TypeRule& rule : rules) {
    if (!rule_matches(rule, type, table, column)) continue;
    if (best == nullptr || specificity(rule) > specificity(*best)) best = &rule;
  }
  return best;
}

TypeRuleUse::TypeRuleUse(const std::vector<TypeRule>& rules, const MysqlCatalog& catalog)
    : rules_(rules), catalog_(catalog), used_(rules.size()) {
  for (const MysqlTable& table : catalog.tables)
    for (const MysqlColumn& column : table.columns) see(column.type, table.name, column.name);
}

void TypeRuleUse::see(const MysqlType& type, std::string_view table, std::string_view column) {
  for (std::size_t i = 0; i < rules_.size(); ++i)
    if (!used_[i]) used_[i] = rule_matches(rules_[i], type, table, column);
}

std::vector<std::string> TypeRuleUse::warnings() const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < rules_.size(); ++i)
    if (!used_[i]) out.push_back(rules_[i].text + ": matches no column" + nearest(rules_[i]));
  return out;
}

// What the rule's writer may have meant: the first of its parts that is wrong.
std::string TypeRuleUse::nearest(const TypeRule& rule) const {
  std::vector<std::string> tables;
  std::vector<std::string> columns;
  std::vector<std::string> types;
  for (const MysqlTable& table : catalog_.tables) {
    tables.push_back(table.name);
    if (!part_matches(rule.table, table.name)) continue;
    for (const MysqlColumn& column : table.columns) {
      columns.push_back(column.name);
      if (part_matches(rule.column, column.name)) types.push_back(to_lower(column.type.text));
    }
  }
  const auto suggest = [](std::string_view what, const std::string& word, const std::vector<std::string>& known) {
    const std::string near = nearest_name(word, known);
    return near.empty() ? fmt::format("; there is no {} {}", what, word)
                        : fmt::format("; there is no {} {}, did you mean {}?", what, word, near);
  };
  if (columns.empty() && names_something(rule.table)) return suggest("table", rule.table, tables);
  if (types.empty() && names_something(rule.column)) return suggest("column", rule.column, columns);
  return suggest(names_something(rule.column) ? "column of that name and the type" : "column of the type", rule.type,
                 types);
}

}  // namespace dbsync
