#include "mysql2pgsql/type_map.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/text.h"

namespace dbsync {

namespace {

PgType sized(PgKind kind, std::int64_t length, int scale = 0) { return {kind, static_cast<int>(length), scale}; }

PgType map_integer(const MysqlType& type) {
  switch (type.kind) {
    case MysqlKind::tinyint: return {PgKind::int2};
    case MysqlKind::smallint: return {type.is_unsigned ? PgKind::int4 : PgKind::int2};
    case MysqlKind::mediumint: return {PgKind::int4};
    case MysqlKind::integer: return {type.is_unsigned ? PgKind::int8 : PgKind::int4};
    default: return type.is_unsigned ? sized(PgKind::numeric, 20) : PgType{PgKind::int8};
  }
}

// Character types that PostgreSQL limits to 10,485,760 characters.
PgType map_character(const MysqlType& type) {
  constexpr std::int64_t longest = 10485760;
  if (type.length < 1 || type.length > longest) return {PgKind::text};
  return sized(PgKind::varchar, type.length);
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

int specificity(const TypeRule& rule) {
  const auto given = [](const std::string& part) { return !part.empty() && part != "*"; };
  return (given(rule.table) ? 4 : 0) + (given(rule.column) ? 2 : 0) +
         (rule.type.find('(') != std::string::npos ? 2 : rule.type.empty() ? 0 : 1);
}

struct TypeName {
  std::string_view text;
  PgKind kind;
};

constexpr std::array kTypeNames{
    TypeName{"boolean", PgKind::boolean},  TypeName{"bool", PgKind::boolean},
    TypeName{"smallint", PgKind::int2},    TypeName{"int2", PgKind::int2},
    TypeName{"integer", PgKind::int4},     TypeName{"int", PgKind::int4},
    TypeName{"int4", PgKind::int4},        TypeName{"bigint", PgKind::int8},
    TypeName{"int8", PgKind::int8},        TypeName{"real", PgKind::float4},
    TypeName{"float4", PgKind::float4},    TypeName{"double precision", PgKind::float8},
    TypeName{"float8", PgKind::float8},    TypeName{"numeric", PgKind::numeric},
    TypeName{"decimal", PgKind::numeric},  TypeName{"text", PgKind::text},
    TypeName{"varchar", PgKind::varchar},  TypeName{"character varying", PgKind::varchar},
    TypeName{"char", PgKind::bpchar},      TypeName{"character", PgKind::bpchar},
    TypeName{"bytea", PgKind::bytea},      TypeName{"date", PgKind::date},
    TypeName{"timestamp", PgKind::timestamp}, TypeName{"timestamptz", PgKind::timestamptz},
    TypeName{"timestamp with time zone", PgKind::timestamptz},
    TypeName{"timestamp without time zone", PgKind::timestamp},
    TypeName{"time", PgKind::time},        TypeName{"interval", PgKind::interval},
    TypeName{"bit", PgKind::bit},          TypeName{"bit varying", PgKind::varbit},
    TypeName{"varbit", PgKind::varbit},    TypeName{"json", PgKind::json},
    TypeName{"jsonb", PgKind::jsonb},      TypeName{"uuid", PgKind::uuid},
    TypeName{"inet", PgKind::inet},        TypeName{"text[]", PgKind::text_array},
    TypeName{"real[]", PgKind::float4_array}, TypeName{"float4[]", PgKind::float4_array},
    TypeName{"geometry", PgKind::geometry}, TypeName{"enum", PgKind::enumeration},
};

// CITEXT and other extension types travel as their text form.
constexpr std::array<std::string_view, 2> kExtensionTypes{"citext", "vector"};

}  // namespace

std::optional<PgType> parse_pg_type(std::string_view text) {
  const std::string lower = to_lower(trim(text));
  const auto open = lower.find('(');
  std::string name(trim(std::string_view(lower).substr(0, open)));
  PgType type;
  if (open != std::string::npos) {
    const auto close = lower.find(')', open);
    if (close == std::string::npos) return std::nullopt;
    name += lower.substr(close + 1);
    const char* const end = lower.data() + close;
    const auto [next, ec] = std::from_chars(lower.data() + open + 1, end, type.length);
    if (ec != std::errc() || type.length < 0) return std::nullopt;
    if (next != end && *next == ',') {
      std::string_view scale = trim({next + 1, static_cast<std::size_t>(end - next - 1)});
      const auto parsed = std::from_chars(scale.data(), scale.data() + scale.size(), type.scale);
      if (parsed.ec != std::errc() || parsed.ptr != scale.data() + scale.size()) return std::nullopt;
    } else if (next != end) {
      return std::nullopt;
    }
  }
  for (const TypeName& known : kTypeNames)
    if (known.text == name) {
      type.kind = known.kind;
      return type;
    }
  for (const std::string_view extension : kExtensionTypes)
    if (extension == name) {
      type.kind = PgKind::other;
      type.name = lower;
      return type;
    }
  return std::nullopt;
}

TypeRule parse_type_rule(std::string_view key, std::string_view value, const std::string& db, const std::string& where) {
  const auto bad = [&](const std::string& problem) {
    return Error(ErrorKind::config, fmt::format("{}: [types] {} = {}: {}", where, key, value, problem))
        .hint("write type = type, table.column = type, or column type = type; for example tinyint(1) = boolean");
  };
  TypeRule rule;
  const auto target = parse_pg_type(value);
  if (!target) throw bad("the target type is not known");
  rule.target = *target;
  std::string_view left = trim(key);
  const auto blank = left.find_first_of(" \t");
  const std::string_view first = left.substr(0, blank);
  if (first.find('.') != std::string_view::npos) {
    std::string_view name = first;
    const auto last = name.rfind('.');
    rule.column = std::string(name.substr(last + 1));
    std::string_view table = name.substr(0, last);
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

std::optional<PgType> map_type(const MysqlType& type, const Dialect& dialect) {
  switch (type.kind) {
    case MysqlKind::tinyint:
    case MysqlKind::smallint:
    case MysqlKind::mediumint:
    case MysqlKind::integer:
    case MysqlKind::bigint: return map_integer(type);
    case MysqlKind::decimal: return sized(PgKind::numeric, type.precision, type.scale);
    case MysqlKind::float4: return PgType{PgKind::float4};
    case MysqlKind::float8: return PgType{PgKind::float8};
    case MysqlKind::bit: return sized(PgKind::bit, type.length);
    case MysqlKind::year: return PgType{PgKind::int2};
    case MysqlKind::date: return PgType{PgKind::date};
    case MysqlKind::datetime: return sized(PgKind::timestamp, type.fraction);
    case MysqlKind::timestamp: return sized(PgKind::timestamptz, type.fraction);
    case MysqlKind::time: return sized(PgKind::interval, type.fraction);
    case MysqlKind::character:
    case MysqlKind::varchar: return map_character(type);
    case MysqlKind::text:
    case MysqlKind::enumeration:
    case MysqlKind::set: return PgType{PgKind::text};
    case MysqlKind::binary:
    case MysqlKind::varbinary:
    case MysqlKind::blob: return PgType{PgKind::bytea};
    case MysqlKind::json: return PgType{PgKind::json};
    case MysqlKind::geometry: return PgType{dialect.postgis ? PgKind::geometry : PgKind::bytea};
    case MysqlKind::uuid: return PgType{PgKind::uuid};
    case MysqlKind::inet4:
    case MysqlKind::inet6: return PgType{PgKind::inet};
    case MysqlKind::vector: return PgType{PgKind::float4_array};
    case MysqlKind::unsupported: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<PgType> map_column_type(const MysqlType& type, std::string_view table, std::string_view column,
                                      const Dialect& dialect, const std::vector<TypeRule>& rules) {
  const TypeRule* best = nullptr;
  for (const TypeRule& rule : rules) {
    if (!part_matches(rule.table, table) || !part_matches(rule.column, column) || !type_matches(rule.type, type)) continue;
    if (best == nullptr || specificity(rule) > specificity(*best)) best = &rule;
  }
  if (best == nullptr) return map_type(type, dialect);
  PgType target = best->target;
  // A target without a length keeps the source's: bit = "bit varying", datetime = timestamptz.
  if (target.length < 0) {
    const bool timed = target.kind == PgKind::timestamp || target.kind == PgKind::timestamptz ||
                       target.kind == PgKind::time || target.kind == PgKind::interval;
    if (timed && type.fraction >= 0) target.length = type.fraction;
    if ((target.kind == PgKind::bpchar || target.kind == PgKind::bit) && type.length > 0)
      target.length = static_cast<int>(type.length);
  }
  return target;
}

const MysqlColumn* origin_of(const ResultColumn& column, const MysqlCatalog& catalog) {
  if (column.table.empty() || column.column.empty() || column.table_schema != catalog.db) return nullptr;
  const MysqlTable* table = catalog.find_table(column.table);
  return table == nullptr ? nullptr : table->find_column(column.column);
}

std::vector<MysqlType> result_types(const std::vector<ResultColumn>& columns, const MysqlCatalog& catalog) {
  std::vector<MysqlType> out;
  out.reserve(columns.size());
  for (const ResultColumn& column : columns) {
    const MysqlColumn* origin = origin_of(column, catalog);
    out.push_back(origin != nullptr ? origin->type : column.type);
  }
  return out;
}

}  // namespace dbsync
