#include "mysql2pgsql/schema/default_fit.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <regex>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "format/datetime.h"
#include "mysql2pgsql/schema/mysql_default.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

template <class Number>
std::optional<Number> parse(std::string_view text) {
  Number out{};
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  return ec == std::errc() && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

// "1.00" is a whole number, too.
bool fits_integer(std::string_view text, std::int64_t least, std::int64_t most) {
  if (const auto point = text.find('.'); point != std::string_view::npos) {
    if (text.find_first_not_of('0', point + 1) != std::string_view::npos) return false;
    text = text.substr(0, point);
  }
  const auto value = parse<std::int64_t>(text);
  return value && *value >= least && *value <= most;
}

// Digits before the point; the server rounds those behind it.
bool fits_numeric(std::string_view text, const PgType& target) {
  const auto value = parse<double>(text);
  return value && (target.length < 0 || std::fabs(*value) < std::pow(10.0, target.length - target.scale) -
                                                                0.5 * std::pow(10.0, -target.scale));
}

bool matches(const std::string& text, const char* pattern) { return std::regex_match(text, std::regex(pattern)); }

bool is_date(const std::string& text, bool with_time) {
  static const std::regex form(R"((\d{4})-(\d{2})-(\d{2})( \d{2}:\d{2}:\d{2}(\.\d{1,6})?)?)");
  std::smatch part;
  if (!std::regex_match(text, part, form) || (part[4].matched && !with_time)) return false;
  return valid_date(std::stoi(part[1]), static_cast<unsigned>(std::stoi(part[2])),
                    static_cast<unsigned>(std::stoi(part[3])));
}

bool fits_text(const std::string& text, const PgType& target) {
  const auto characters =
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return target.length < 0 || characters <= target.length;
}

bool fits_number_type(const std::string& text, const PgType& target) {
  switch (target.kind) {
    case PgKind::int2:
      return fits_integer(text, std::numeric_limits<std::int16_t>::min(), std::numeric_limits<std::int16_t>::max());
    case PgKind::int4:
      return fits_integer(text, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max());
    case PgKind::int8:
      return fits_integer(text, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
    case PgKind::numeric: return fits_numeric(text, target);
    case PgKind::float4: return parse<float>(text).has_value();
    default: return parse<double>(text).has_value();
  }
}

bool is_number_type(PgKind kind) {
  return kind == PgKind::int2 || kind == PgKind::int4 || kind == PgKind::int8 || kind == PgKind::numeric ||
         kind == PgKind::float4 || kind == PgKind::float8;
}

bool fits(const std::string& text, const PgType& target) {
  switch (target.kind) {
    case PgKind::text:
    case PgKind::varchar:
    case PgKind::bpchar: return fits_text(text, target);
    case PgKind::date: return is_date(text, false);
    case PgKind::timestamp:
    case PgKind::timestamptz: return is_date(text, true);
    case PgKind::time: return matches(text, R"(([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?)");
    case PgKind::interval: return matches(text, R"(-?\d{1,4}:[0-5]\d(:[0-5]\d(\.\d{1,6})?)?)");
    case PgKind::json:
    case PgKind::jsonb: return nlohmann::json::accept(text);
    case PgKind::uuid: return matches(text, "[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}");
    case PgKind::inet:
      return matches(text, R"((\d{1,2}|1\d\d|2[0-4]\d|25[0-5])(\.(\d{1,2}|1\d\d|2[0-4]\d|25[0-5])){3})") ||
             text == "::" || text == "::1";
    case PgKind::bit:
      return target.length >= 0 && text.size() == static_cast<std::size_t>(target.length) && matches(text, "[01]*");
    case PgKind::varbit:
      return (target.length < 0 || text.size() <= static_cast<std::size_t>(target.length)) && matches(text, "[01]*");
    case PgKind::enumeration: return std::find(target.labels.begin(), target.labels.end(), text) != target.labels.end();
    case PgKind::other: return is_citext(target);
    default: return false;
  }
}

}  // namespace

std::optional<std::string> default_literal(const std::string& text, bool number, const PgType& target) {
  if (is_number_type(target.kind)) {
    if (!is_number(text) || !fits_number_type(text, target)) return std::nullopt;
    return number ? text : quote_literal(text);
  }
  if (number && (target.kind == PgKind::bit || target.kind == PgKind::varbit))
    return std::nullopt;  // the server casts none by itself
  if (!fits(text, target)) return std::nullopt;
  return number && target.kind != PgKind::json && target.kind != PgKind::jsonb ? text : quote_literal(text);
}

}  // namespace dbsync
