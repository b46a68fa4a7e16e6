#include "mysql2pgsql/schema/default_map.h"

#include <array>
#include <charconv>
#include <cstdint>

#include <fmt/format.h>

#include "base/hex.h"
#include "base/text.h"
#include "base/utf8.h"
#include "format/datetime.h"
#include "mysql2pgsql/row/encode_value.h"
#include "mysql2pgsql/schema/default_fit.h"
#include "mysql2pgsql/schema/mysql_default.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

// "b'101'" as a number; MySQL 5.x and MariaDB write bit defaults so.
std::optional<std::uint64_t> bit_value(std::string_view text) {
  if (text.starts_with("b'") && text.ends_with("'")) {
    std::uint64_t value = 0;
    for (const char c : text.substr(2, text.size() - 3)) {
      if (c != '0' && c != '1') return std::nullopt;
      value = value << 1 | static_cast<std::uint64_t>(c - '0');
    }
    return value;
  }
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  return ec == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// A value as it is written, where the type can hold it.
MappedDefault value_default(const std::string& text, bool number, const PgType& target) {
  if (auto sql = default_literal(text, number, target)) return {std::move(*sql), {}, false};
  return {{},
          fmt::format("the default {} was left out: it is not certain that the type {} can hold it",
                      quote_literal(text), type_sql(target)),
          false};
}

bool is_date_type(PgKind kind) {
  return kind == PgKind::date || kind == PgKind::timestamp || kind == PgKind::timestamptz;
}

// A TIMESTAMP's is in UTC, and written with its zone: the script of -d may run in any.
MappedDefault date_default(const MysqlColumn& source, const PgType& target, ZeroDatePolicy policy) {
  const std::string& text = source.default_text;
  if (!is_date_type(target.kind)) return value_default(text, false, target);
  const bool moment = source.type.kind == MysqlKind::timestamp && target.kind == PgKind::timestamptz;
  if (const auto date = pg_date_text(text)) return {quote_literal(moment ? *date + "+00" : *date), {}, false};
  if (policy == ZeroDatePolicy::minus_infinity) return {"'-infinity'", {}, true};
  return {{}, fmt::format("the default '{}' is not a date of the calendar and was left out", text), true};
}

MappedDefault bit_default(const MysqlColumn& source, const PgType& target) {
  const auto value = bit_value(source.default_text);
  if (!value || source.type.length < 1 || source.type.length > 64)
    return {{}, fmt::format("the default {} was left out", source.default_text), false};
  if (target.kind == PgKind::boolean) return {*value != 0 ? "true" : "false", {}, false};
  if (target.kind != PgKind::bit && target.kind != PgKind::varbit)
    return value_default(std::to_string(*value), true, target);
  if (target.length >= 0 && target.length < source.type.length)
    return {{},
            fmt::format("the default {} was left out: {} is too short for it", source.default_text, type_sql(target)),
            false};
  std::string bits;
  for (std::int64_t i = source.type.length - 1; i >= 0; --i) bits += (*value >> i & 1) != 0 ? '1' : '0';
  return {fmt::format("B'{}'", bits), {}, false};
}

MappedDefault bytes_default(const MysqlColumn& source, const PgType& target) {
  std::string digits = to_hex(source.default_text);
  constexpr std::int64_t longest_binary = 255;
  if (source.type.kind == MysqlKind::binary && source.type.length > 0 && source.type.length <= longest_binary)
    digits.resize(std::max<std::size_t>(digits.size(), static_cast<std::size_t>(source.type.length) * 2), '0');
  if (target.kind == PgKind::bytea) return {fmt::format("'\\x{}'", digits), {}, false};
  if (target.kind == PgKind::uuid && digits.size() == 32) return {fmt::format("'{}'", digits), {}, false};
  return {{}, "the binary default was left out", false};
}

bool has_own_type(MysqlKind kind) {
  return kind == MysqlKind::uuid || kind == MysqlKind::inet4 || kind == MysqlKind::inet6;
}

MappedDefault literal_default(const MysqlColumn& source, const PgType& target, ZeroDatePolicy policy) {
  const std::string& text = source.default_text;
  switch (source.type.kind) {
    case MysqlKind::date:
    case MysqlKind::datetime:
    case MysqlKind::timestamp: return date_default(source, target, policy);
    case MysqlKind::bit: return bit_default(source, target);
    case MysqlKind::binary:
    case MysqlKind::varbinary:
    case MysqlKind::blob: return bytes_default(source, target);
    default: break;
  }
  if (valid_text_prefix(text) != text.size()) return {{}, "the default is not valid text and was left out", false};
  if (target.kind == PgKind::boolean) {
    if (text != "0" && text != "1")
      return {{}, fmt::format("the default {} is no boolean and was left out", text), false};
    return {text == "1" ? "true" : "false", {}, false};
  }
  if (target.kind == PgKind::text_array) return {quote_literal(array_literal(text)), {}, false};
  // Numbers as they are written; PostgreSQL reads a quoted one the same way, but
  // a bare one is what a reader of the DDL expects.
  const bool number = is_integer_kind(source.type.kind) || source.type.kind == MysqlKind::decimal ||
                      source.type.kind == MysqlKind::float4 || source.type.kind == MysqlKind::float8 ||
                      source.type.kind == MysqlKind::year;
  if (has_own_type(source.type.kind) && (target.kind == PgKind::uuid || target.kind == PgKind::inet))
    return {quote_literal(text), {}, false};
  return value_default(text, number && is_number(text), target);
}

// current_timestamp, current_timestamp(), CURRENT_TIMESTAMP(3), now(3)
std::optional<std::string> current_timestamp(std::string_view text) {
  const std::string lower = to_lower(text);
  for (const std::string_view name : {"current_timestamp", "now", "localtimestamp", "localtime"}) {
    if (!lower.starts_with(name)) continue;
    std::string_view rest = std::string_view(lower).substr(name.size());
    if (rest.empty() || rest == "()") return "CURRENT_TIMESTAMP";
    if (rest.size() == 3 && rest[0] == '(' && rest[1] >= '0' && rest[1] <= '6' && rest[2] == ')')
      return rest[1] == '0' ? "CURRENT_TIMESTAMP" : fmt::format("CURRENT_TIMESTAMP{}", rest);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> pg_date_text(std::string_view text) {
  std::array<int, 3> part{};
  const char* p = text.data();
  const char* const end = p + text.size();
  for (std::size_t i = 0; i < 3; ++i) {
    const auto parsed = std::from_chars(p, end, part[i]);
    if (parsed.ec != std::errc() || part[i] < 0) return std::nullopt;
    p = parsed.ptr;
    if (i < 2 && (p == end || *p++ != '-')) return std::nullopt;
  }
  const auto [year, month, day] = part;
  if (!valid_date(year, static_cast<unsigned>(month), static_cast<unsigned>(day))) return std::nullopt;
  if (year > 0) return std::string(text);
  return fmt::format("0001-{:02}-{:02}{} BC", month, day, std::string_view(p, static_cast<std::size_t>(end - p)));
}

MappedDefault map_default(const MysqlColumn& source, const PgType& target, ZeroDatePolicy policy) {
  if (source.auto_increment) return {};
  switch (source.default_kind) {
    case MysqlColumn::Default::none:
    case MysqlColumn::Default::null: return {};
    case MysqlColumn::Default::unclear:
      return {{},
              "the default was left out: the server does not tell all of its characters, and it shows " +
                  source.default_text,
              false};
    case MysqlColumn::Default::literal: return literal_default(source, target, policy);
    case MysqlColumn::Default::expression: break;
  }
  if (const auto now = current_timestamp(source.default_text)) {
    const bool has_time = target.kind == PgKind::timestamp || target.kind == PgKind::timestamptz;
    if (has_time) return {*now, {}, false};
  }
  return {{}, fmt::format("the default {} could not be translated", source.default_text), false};
}

}  // namespace dbsync
