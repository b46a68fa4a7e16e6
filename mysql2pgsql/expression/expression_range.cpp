#include "mysql2pgsql/expression/expression_range.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace dbsync {

namespace {

constexpr long double kExact = 9223372036854775808.0L;  // 2^63

// Beyond the exact numbers a sum or product may have been rounded inwards.
NumberRange outwards(NumberRange range) {
  const auto away = [](long double bound) { return std::isinf(bound) ? bound : bound + std::fabs(bound) * 1e-17L; };
  if (std::fabs(range.most) > kExact) range.most = away(range.most);
  if (std::fabs(range.least) > kExact) range.least = -away(-range.least);
  return range;
}

// Zero times anything, boundless numbers too, is zero.
long double product(long double a, long double b) { return a == 0 || b == 0 ? 0 : a * b; }

NumberRange whole_numbers(int bits, bool is_unsigned) {
  if (is_unsigned) return {0, std::ldexp(1.0L, bits) - 1};
  return {-std::ldexp(1.0L, bits - 1), std::ldexp(1.0L, bits - 1) - 1};
}

std::int64_t labels_length(const MysqlType& type) {
  std::int64_t longest = 0;
  std::int64_t all = 0;
  for (const std::string& label : type.labels) {
    longest = std::max(longest, static_cast<std::int64_t>(label.size()));
    all += static_cast<std::int64_t>(label.size()) + 1;
  }
  return type.kind == MysqlKind::enumeration ? longest : all;
}

// TINYTEXT, TINYBLOB and so on, by the source's own word for them.
std::int64_t blob_length(std::string_view text) {
  if (text.starts_with("tiny")) return 255;
  if (text.starts_with("medium")) return 16777215;
  return text.starts_with("long") ? kAnyLength : 65535;
}

NumberRange numbers_of(const MysqlType& type) {
  switch (type.kind) {
    case MysqlKind::tinyint: return whole_numbers(8, type.is_unsigned);
    case MysqlKind::smallint: return whole_numbers(16, type.is_unsigned);
    case MysqlKind::mediumint: return whole_numbers(24, type.is_unsigned);
    case MysqlKind::integer: return whole_numbers(32, type.is_unsigned);
    case MysqlKind::bigint: return whole_numbers(64, type.is_unsigned);
    case MysqlKind::bit: return whole_numbers(static_cast<int>(std::max<std::int64_t>(type.length, 1)), true);
    case MysqlKind::year: return up_to(2155);
    case MysqlKind::decimal: {
      const long double most = std::pow(10.0L, type.precision - type.scale) - std::pow(10.0L, -type.scale);
      return {type.is_unsigned ? 0 : -most, most};
    }
    case MysqlKind::float4:
    case MysqlKind::float8: return type.is_unsigned ? up_to(NumberRange().most) : NumberRange();
    default: return {};
  }
}

}  // namespace

NumberRange operator+(const NumberRange& a, const NumberRange& b) {
  return outwards({a.least + b.least, a.most + b.most});
}
NumberRange operator-(const NumberRange& a, const NumberRange& b) {
  return outwards({a.least - b.most, a.most - b.least});
}
NumberRange operator-(const NumberRange& a) { return {-a.most, -a.least}; }

NumberRange operator*(const NumberRange& a, const NumberRange& b) {
  const auto [least, most] = std::minmax(
      {product(a.least, b.least), product(a.least, b.most), product(a.most, b.least), product(a.most, b.most)});
  return outwards({least, most});
}

NumberRange united(const NumberRange& a, const NumberRange& b) {
  return {std::min(a.least, b.least), std::max(a.most, b.most)};
}

NumberRange magnitude(const NumberRange& a) {
  const long double most = std::max(std::fabs(a.least), std::fabs(a.most));
  const bool has_zero = a.least <= 0 && a.most >= 0;
  return {has_zero ? 0 : std::min(std::fabs(a.least), std::fabs(a.most)), most};
}

NumberRange rounded_to(const NumberRange& a, int decimals) {
  const long double unit = std::pow(10.0L, decimals);
  const auto round = [unit](long double bound) {
    const bool fine = std::isinf(bound) || std::fabs(bound) * unit > kExact;  // it has no digits to round away
    return fine ? bound : std::round(bound * unit) / unit;
  };
  return {round(a.least), round(a.most)};
}

NumberRange up_to(long double most) { return {0, most}; }

std::int64_t added(std::int64_t a, std::int64_t b) { return std::min(a + b, kAnyLength); }

std::string charset_of(const std::string& collation) { return collation.substr(0, collation.find('_')); }

ColumnLimits column_limits(const MysqlType& type) {
  ColumnLimits out;
  out.numbers = numbers_of(type);
  out.charset = charset_of(type.collation);
  out.single_precision = type.kind == MysqlKind::float4;
  switch (type.kind) {
    case MysqlKind::character:
    case MysqlKind::varchar: out.length = type.length < 0 ? kAnyLength : type.length; break;
    case MysqlKind::binary:
    case MysqlKind::varbinary:
      out.length = type.length < 0 ? kAnyLength : type.length;
      out.of_bytes = true;
      break;
    case MysqlKind::text:
    case MysqlKind::blob:
      out.length = blob_length(type.text);
      out.of_bytes = true;
      break;
    case MysqlKind::enumeration:
    case MysqlKind::set: out.length = labels_length(type); break;
    default: break;
  }
  return out;
}

}  // namespace dbsync
