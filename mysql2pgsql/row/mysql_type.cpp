#include "mysql2pgsql/row/mysql_type.h"

#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace dbsync {

namespace {

constexpr std::array<std::pair<std::string_view, MysqlKind>, 44> kNames{{
    {"tinyint", MysqlKind::tinyint},
    {"smallint", MysqlKind::smallint},
    {"mediumint", MysqlKind::mediumint},
    {"int", MysqlKind::integer},
    {"bigint", MysqlKind::bigint},
    {"decimal", MysqlKind::decimal},
    {"float", MysqlKind::float4},
    {"double", MysqlKind::float8},
    {"bit", MysqlKind::bit},
    {"year", MysqlKind::year},
    {"date", MysqlKind::date},
    {"datetime", MysqlKind::datetime},
    {"timestamp", MysqlKind::timestamp},
    {"time", MysqlKind::time},
    {"char", MysqlKind::character},
    {"varchar", MysqlKind::varchar},
    {"tinytext", MysqlKind::text},
    {"text", MysqlKind::text},
    {"mediumtext", MysqlKind::text},
    {"longtext", MysqlKind::text},
    {"binary", MysqlKind::binary},
    {"varbinary", MysqlKind::varbinary},
    {"tinyblob", MysqlKind::blob},
    {"blob", MysqlKind::blob},
    {"mediumblob", MysqlKind::blob},
    {"longblob", MysqlKind::blob},
    {"enum", MysqlKind::enumeration},
    {"set", MysqlKind::set},
    {"json", MysqlKind::json},
    {"geometry", MysqlKind::geometry},
    {"point", MysqlKind::geometry},
    {"linestring", MysqlKind::geometry},
    {"polygon", MysqlKind::geometry},
    {"multipoint", MysqlKind::geometry},
    {"multilinestring", MysqlKind::geometry},
    {"multipolygon", MysqlKind::geometry},
    {"geometrycollection", MysqlKind::geometry},
    {"geomcollection", MysqlKind::geometry},
    {"uuid", MysqlKind::uuid},
    {"inet4", MysqlKind::inet4},
    {"inet6", MysqlKind::inet6},
    {"vector", MysqlKind::vector},
    {"numeric", MysqlKind::decimal},
    {"real", MysqlKind::float8},
}};

MysqlKind kind_of(std::string_view name) {
  for (const auto& [text, kind] : kNames)
    if (text == name) return kind;
  return MysqlKind::unsupported;
}

// 'a','b''c' -> a, b'c. The catalog doubles quotes and writes backslash
// escapes for the backslash and for what would not print.
std::vector<std::string> parse_labels(std::string_view text) {
  std::vector<std::string> out;
  std::size_t i = 0;
  while (i < text.size()) {
    if (text[i] != '\'') {
      ++i;
      continue;
    }
    std::string label;
    for (++i; i < text.size(); ++i) {
      if (text[i] == '\'') {
        if (i + 1 >= text.size() || text[i + 1] != '\'') break;
        ++i;
      } else if (text[i] == '\\' && i + 1 < text.size()) {
        const char next = text[++i];
        label += next == 'n' ? '\n' : next == 'r' ? '\r' : next == '0' ? '\0' : next;
        continue;
      }
      label += text[i];
    }
    ++i;
    out.push_back(std::move(label));
  }
  return out;
}

// The numbers of "(10,2)".
std::pair<std::int64_t, std::int64_t> parse_numbers(std::string_view text) {
  std::pair<std::int64_t, std::int64_t> out{-1, -1};
  const char* const end = text.data() + text.size();
  const auto [next, ec] = std::from_chars(text.data(), end, out.first);
  if (ec != std::errc()) return {-1, -1};
  if (next != end && *next == ',') std::from_chars(next + 1, end, out.second);
  return out;
}

// MariaDB writes storage into comments: datetime /* mariadb-5.3 */,
// varchar(10) /*M!100301 COMPRESSED*/. Labels are not looked into.
std::string without_comments(std::string_view text) {
  std::string out;
  for (bool quoted = false; !text.empty();) {
    if (!quoted && text.starts_with("/*")) {
      const std::size_t end = text.find("*/", 2);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
      continue;
    }
    if (text.front() == '\'') quoted = !quoted;
    const std::size_t taken = quoted && text.front() == '\\' && text.size() > 1 ? 2 : 1;
    out += text.substr(0, taken);
    text.remove_prefix(taken);
  }
  return std::string(trim(out));
}

}  // namespace

MysqlType parse_mysql_type(std::string_view data_type, std::string_view written) {
  MysqlType type;
  type.text = without_comments(written);
  const std::string_view column_type = type.text;
  type.kind = kind_of(to_lower(data_type));
  const auto open = column_type.find('(');
  const auto close = column_type.rfind(')');
  const bool has_arguments = open != std::string_view::npos && close != std::string_view::npos && close > open;
  const std::string_view arguments =
      has_arguments ? column_type.substr(open + 1, close - open - 1) : std::string_view{};
  const std::string_view attributes = has_arguments ? column_type.substr(close + 1) : column_type;
  type.is_unsigned = to_lower(attributes).find("unsigned") != std::string::npos;

  if (type.kind == MysqlKind::enumeration || type.kind == MysqlKind::set) {
    type.labels = parse_labels(arguments);
    return type;
  }
  const auto [first, second] = parse_numbers(arguments);
  switch (type.kind) {
    case MysqlKind::decimal:
      type.precision = static_cast<int>(first < 0 ? 10 : first);
      type.scale = static_cast<int>(second < 0 ? 0 : second);
      break;
    case MysqlKind::datetime:
    case MysqlKind::timestamp:
    case MysqlKind::time: type.fraction = static_cast<int>(first < 0 ? 0 : first); break;
    case MysqlKind::bit:
    case MysqlKind::character:
    case MysqlKind::binary: type.length = first < 0 ? 1 : first; break;
    case MysqlKind::varchar:
    case MysqlKind::varbinary:
    case MysqlKind::vector: type.length = first; break;
    default: type.display_width = static_cast<int>(first); break;
  }
  return type;
}

bool is_integer_kind(MysqlKind kind) { return kind <= MysqlKind::bigint; }

bool is_character_kind(MysqlKind kind) {
  switch (kind) {
    case MysqlKind::character:
    case MysqlKind::varchar:
    case MysqlKind::text:
    case MysqlKind::enumeration:
    case MysqlKind::set:
    case MysqlKind::json: return true;
    default: return false;
  }
}

}  // namespace dbsync
