#include "mysql2pgsql/binlog/default_value.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "mysql2pgsql/binlog/followed_table.h"

namespace dbsync {

namespace {

void point_at_bytes(DefaultValue& out) { out.value = {out.bytes.data(), out.bytes.size(), false}; }
void point_at_number(DefaultValue& out) { out.value = {reinterpret_cast<const char*>(&out.number), 0, false}; }

template <typename T>
bool parse(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

bool integer_default(const MysqlType& type, std::string_view text, DefaultValue& out) {
  point_at_number(out);
  if (type.is_unsigned || type.kind == MysqlKind::year) return parse(text, out.number);
  std::int64_t number = 0;
  const bool good = parse(text, number);
  out.number = static_cast<std::uint64_t>(number);
  return good;
}

bool float_default(const MysqlType& type, std::string_view text, DefaultValue& out) {
  point_at_number(out);
  double number = 0;
  if (!parse(text, number)) return false;
  out.number = type.kind == MysqlKind::float8 ? std::bit_cast<std::uint64_t>(number)
                                              : std::bit_cast<std::uint32_t>(static_cast<float>(number));
  return true;
}

// b'101', as both families show it.
bool bit_default(const MysqlType& type, std::string_view text, DefaultValue& out) {
  if (!text.starts_with("b'") || !text.ends_with('\'') || type.length < 1 || type.length > 64) return false;
  std::uint64_t bits = 0;
  for (const char c : text.substr(2, text.size() - 3)) bits = bits << 1 | (c == '1' ? 1U : 0U);
  for (std::int64_t at = (type.length + 7) / 8; at-- > 0;) out.bytes += static_cast<char>(bits >> (8 * at) & 0xFF);
  point_at_bytes(out);
  return true;
}

// [-]h:m:s[.f], y-m-d and both with a blank between.
bool temporal_default(const MysqlType& type, std::string_view text, DefaultValue& out) {
  Temporal& t = out.temporal;
  out.value = {reinterpret_cast<const char*>(&t), 0, false};
  const auto take = [&text](auto& field, char behind) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), field);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (behind == '\0') return true;
    if (!text.starts_with(behind)) return false;
    text.remove_prefix(1);
    return true;
  };
  if (type.kind != MysqlKind::time) {
    if (!take(t.year, '-') || !take(t.month, '-') || !take(t.day, '\0')) return false;
    if (type.kind == MysqlKind::date || text.empty()) return text.empty();
    text.remove_prefix(1);
  } else if (text.starts_with('-')) {
    t.negative = true;
    text.remove_prefix(1);
  }
  if (!take(t.hour, ':') || !take(t.minute, ':') || !take(t.second, '\0')) return false;
  if (text.empty()) return true;
  if (!text.starts_with('.') || text.size() > 7) return false;
  std::string digits(text.substr(1));
  digits.resize(6, '0');
  return parse(digits, t.microsecond);
}

}  // namespace

bool literal_default(const MysqlType& type, const std::string& text, DefaultValue& out) {
  switch (wire_of(type)) {
    case Wire::temporal: return temporal_default(type, text, out);
    case Wire::f32:
    case Wire::f64: return float_default(type, text, out);
    case Wire::bytes: break;
    default: return integer_default(type, text, out);
  }
  if (type.kind == MysqlKind::bit) return bit_default(type, text, out);
  out.bytes = text;
  if (type.kind == MysqlKind::binary && static_cast<std::int64_t>(out.bytes.size()) < type.length)
    out.bytes.resize(static_cast<std::size_t>(type.length), '\0');
  point_at_bytes(out);
  return true;
}

bool implicit_default(const MysqlType& type, DefaultValue& out) {
  switch (type.kind) {
    case MysqlKind::decimal:
      out.bytes = type.scale > 0 ? "0." + std::string(static_cast<std::size_t>(type.scale), '0') : "0";
      break;
    case MysqlKind::enumeration:
      if (type.labels.empty()) return false;
      out.bytes = type.labels.front();
      break;
    case MysqlKind::bit: out.bytes = std::string(1, '\0'); break;
    case MysqlKind::binary:
      out.bytes.assign(static_cast<std::size_t>(std::max<std::int64_t>(type.length, 0)), '\0');
      break;
    case MysqlKind::character:
    case MysqlKind::varchar:
    case MysqlKind::text:
    case MysqlKind::varbinary:
    case MysqlKind::blob:
    case MysqlKind::set: break;
    case MysqlKind::date:
    case MysqlKind::datetime:
    case MysqlKind::timestamp:
    case MysqlKind::time: out.value = {reinterpret_cast<const char*>(&out.temporal), 0, false}; return true;
    case MysqlKind::uuid:
    case MysqlKind::inet4:
    case MysqlKind::inet6:
    case MysqlKind::json:
    case MysqlKind::geometry:
    case MysqlKind::vector:
    case MysqlKind::unsupported: return false;
    default: point_at_number(out); return true;
  }
  point_at_bytes(out);
  return true;
}

}  // namespace dbsync
