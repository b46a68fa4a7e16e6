#include "mysql2pgsql/row/encode_value.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "base/utf8.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::uint32_t kEwkbSrid = 0x20000000;

// Enough of a value to find it, none of what would break a log line.
std::string excerpt(std::string_view value) {
  constexpr std::size_t shown = 40;
  std::string out;
  for (const char c : value.substr(0, shown)) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u >= 0x7F)
      out += fmt::format("\\x{:02x}", u);
    else
      out += c;
  }
  return value.size() > shown ? out + "..." : out;
}

std::string repaired(const ColumnPlan& plan, std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t good = valid_text_prefix(text);
    out.append(text.substr(0, good));
    text.remove_prefix(good);
    if (text.empty()) break;
    const bool nul = text[0] == '\0';
    if (!nul || plan.policies.nul_byte == NulBytePolicy::replace) out.append(kReplacement);
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace

void bad_value(const ColumnPlan& plan, std::string_view value, std::string_view problem, std::string hint) {
  throw Error(ErrorKind::data,
              fmt::format("column {} ({}): the value '{}' {}", plan.name, plan.source.text, excerpt(value), problem))
      .column(plan.name)
      .hint(std::move(hint));
}

bool check_date(ColumnPlan& plan, const Temporal& t) {
  if (valid_date(t.year, t.month, t.day)) return true;
  const auto refuse = [&](std::string_view problem, std::string hint) {
    std::array<char, 40> text{};
    const char* end = format_date(text.data(), t.year, t.month, t.day);
    bad_value(plan, {text.data(), static_cast<std::size_t>(end - text.data())}, problem, std::move(hint));
  };
  if (plan.policies.zero_date == ZeroDatePolicy::error)
    refuse("is not a date of the calendar", "zero_date = null or -infinity stores such values as that");
  if (plan.policies.zero_date == ZeroDatePolicy::null_value && plan.not_null)
    refuse("is not a date of the calendar and would become NULL, but the target column is NOT NULL",
           "drop NOT NULL on the target, or set zero_date = -infinity");
  ++plan.changed;
  return false;
}

void check_time(const ColumnPlan& plan, const Temporal& t) {
  if (t.hour <= 838 && t.minute < 60 && t.second < 60 && t.microsecond < 1'000'000) return;
  bad_value(plan, fmt::format("{}:{}:{}", t.hour, t.minute, t.second), "is not a TIME");
}

bool check_datetime(ColumnPlan& plan, const Temporal& t) {
  if (t.hour > 23 || t.minute > 59 || t.second > 59 || t.microsecond > 999'999)
    bad_value(plan, fmt::format("{}:{}:{}", t.hour, t.minute, t.second), "is not a time of day");
  return check_date(plan, t);
}

std::string_view checked_text(ColumnPlan& plan, std::string_view text, std::string& scratch) {
  const std::size_t good = valid_text_prefix(text);
  if (good == text.size()) return text;
  for (std::string_view rest = text.substr(good); !rest.empty();) {
    const bool nul = rest[0] == '\0';
    if (nul && plan.policies.nul_byte == NulBytePolicy::error)
      bad_value(
          plan, text,
          fmt::format("has a NUL byte at offset {}, which PostgreSQL text cannot hold", text.size() - rest.size()),
          "nul_byte = strip or replace changes such values and counts them; a bytea column holds them as they are");
    if (!nul && plan.policies.invalid_utf8 == InvalidUtf8Policy::error)
      bad_value(plan, text, fmt::format("is not valid UTF-8 at offset {}", text.size() - rest.size()),
                "invalid_utf8 = replace puts U+FFFD there and counts it; a bytea column holds the bytes as they are");
    rest.remove_prefix(1);
    rest.remove_prefix(valid_text_prefix(rest));
  }
  ++plan.changed;
  scratch = repaired(plan, text);
  return scratch;
}

std::uint64_t bits_of(const ColumnPlan& plan, const SourceValue& value) {
  if (value.length > 8) bad_value(plan, value.bytes(), "has more than 64 bits");
  std::uint64_t v = 0;
  for (const char c : value.bytes()) v = v << 8 | static_cast<unsigned char>(c);
  return v;
}

std::uint64_t bit_string_of(const ColumnPlan& plan, const SourceValue& value) {
  const std::int64_t length = plan.source.length;
  if (length < 1 || length > 64) bad_value(plan, value.bytes(), "is not a bit string of 1 to 64 bits");
  const std::uint64_t v = bits_of(plan, value);
  if (length < 64 && v >> length != 0) bad_value(plan, value.bytes(), fmt::format("has more than {} bits", length));
  return v;
}

std::string array_literal(std::string_view set) {
  std::string out = "{";
  for_each_label(set, [&](std::string_view label) { add_array_element(out, label); });
  return out + "}";
}

void put_ewkb(const ColumnPlan& plan, std::string_view value, CopyBuffer& out) {
  constexpr std::size_t header = 4 + 1 + 4;  // SRID, byte order, type
  if (value.size() < header || value[4] != 1) bad_value(plan, value, "is not a geometry (SRID and little-endian WKB)");
  std::uint32_t srid = 0;
  std::uint32_t type = 0;
  std::memcpy(&srid, value.data(), 4);
  std::memcpy(&type, value.data() + 5, 4);
  if (srid == 0) {
    out.put_bytes(value.substr(4));
    return;
  }
  type |= kEwkbSrid;
  out.put_byte(1);
  out.put_bytes({reinterpret_cast<const char*>(&type), 4});
  out.put_bytes({reinterpret_cast<const char*>(&srid), 4});
  out.put_bytes(value.substr(header));
}

std::string_view uuid_bytes(const ColumnPlan& plan, const SourceValue& value) {
  if (value.length != 16) bad_value(plan, value.bytes(), "has not the 16 bytes of a UUID");
  return value.bytes();
}

std::string_view vector_bytes(const ColumnPlan& plan, const SourceValue& value) {
  if (value.length % 4 != 0) bad_value(plan, value.bytes(), "is not a vector of 4-byte numbers");
  return value.bytes();
}

}  // namespace dbsync
