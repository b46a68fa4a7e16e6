#include "mysql2pgsql/binlog/image_temporal.h"

#include <array>

namespace dbsync {

namespace {

constexpr unsigned kMicros = 1'000'000;
constexpr std::array<std::uint32_t, 7> kPowers{1, 10, 100, 1000, 10000, 100000, 1000000};

std::uint64_t be(std::string_view bytes) {
  std::uint64_t v = 0;
  for (const char c : bytes) v = v << 8 | static_cast<unsigned char>(c);
  return v;
}

std::uint64_t le(std::string_view bytes) {
  std::uint64_t v = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) v = v << 8 | static_cast<unsigned char>(bytes[i]);
  return v;
}

// The bytes of fraction are a number in units of 100^-k.
constexpr std::array<std::uint32_t, 4> kUnitMicros{0, 10000, 100, 1};

bool set_fraction(std::uint64_t fraction, std::size_t bytes, Temporal& out) {
  const std::uint64_t micros = fraction * kUnitMicros[bytes];
  if (micros >= kMicros) return false;
  out.microsecond = static_cast<std::uint32_t>(micros);
  return true;
}

void set_clock(std::uint64_t clock, Temporal& out) {
  out.second = clock & 0x3F;
  out.minute = clock >> 6 & 0x3F;
  out.hour = static_cast<std::uint32_t>(clock >> 12);
}

// Civil from days since 1970-01-01: Howard Hinnant's algorithm.
void set_seconds(std::uint64_t seconds, Temporal& out) {
  const std::uint64_t z = seconds / 86400 + 719468;
  const std::uint64_t era = z / 146097;
  const std::uint64_t doe = z - era * 146097;
  const std::uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::uint64_t mp = (5 * doy + 2) / 153;
  out.day = static_cast<std::uint32_t>(doy - (153 * mp + 2) / 5 + 1);
  out.month = static_cast<std::uint32_t>(mp < 10 ? mp + 3 : mp - 9);
  out.year = static_cast<std::int32_t>(yoe + era * 400 + (out.month <= 2 ? 1 : 0));
  const auto rest = static_cast<std::uint32_t>(seconds % 86400);
  out.hour = rest / 3600;
  out.minute = rest / 60 % 60;
  out.second = rest % 60;
}

}  // namespace

void image_date(std::string_view bytes, Temporal& out) {
  const std::uint64_t v = le(bytes);
  out = {};
  out.day = v & 31;
  out.month = v >> 5 & 15;
  out.year = static_cast<std::int32_t>(v >> 9);
}

bool image_time2(std::string_view bytes, unsigned digits, Temporal& out) {
  const std::size_t fraction = (digits + 1) / 2;
  const std::uint64_t offset = std::uint64_t{1} << (23 + 8 * fraction);
  const std::uint64_t raw = be(bytes);
  out = {};
  out.negative = raw < offset;
  const std::uint64_t v = out.negative ? offset - raw : raw - offset;
  set_clock(v >> (8 * fraction) & 0x3FFFFF, out);
  return set_fraction(v & ((std::uint64_t{1} << (8 * fraction)) - 1), fraction, out);
}

bool image_datetime2(std::string_view bytes, unsigned digits, Temporal& out) {
  constexpr std::uint64_t kOffset = std::uint64_t{1} << 39;
  const std::size_t fraction = (digits + 1) / 2;
  const std::uint64_t raw = be(bytes.substr(0, 5));
  if (raw < kOffset) return false;
  const std::uint64_t v = raw - kOffset;
  out = {};
  set_clock(v & 0x1FFFF, out);
  const std::uint64_t day = v >> 17;
  out.day = day & 31;
  out.year = static_cast<std::int32_t>((day >> 5) / 13);
  out.month = static_cast<std::uint32_t>((day >> 5) % 13);
  return set_fraction(be(bytes.substr(5)), fraction, out);
}

bool image_timestamp2(std::string_view bytes, unsigned digits, Temporal& out) {
  out = {};
  const std::uint64_t seconds = be(bytes.substr(0, 4));
  const std::uint64_t fraction = be(bytes.substr(4));
  if (seconds == 0 && fraction == 0) return true;  // 0000-00-00
  set_seconds(seconds, out);
  return set_fraction(fraction, (digits + 1) / 2, out);
}

bool image_time_old(std::string_view bytes, Temporal& out) {
  constexpr std::uint32_t kSign = 0x800000;
  std::uint32_t v = static_cast<std::uint32_t>(le(bytes));
  out = {};
  out.negative = (v & kSign) != 0;
  if (out.negative) v = 0x1000000 - v;
  out.second = v % 100;
  out.minute = v / 100 % 100;
  out.hour = v / 10000;
  return true;
}

bool image_datetime_old(std::string_view bytes, Temporal& out) {
  const std::uint64_t v = le(bytes);
  const std::uint64_t date = v / 1000000;
  out = {};
  out.second = static_cast<std::uint32_t>(v % 100);
  out.minute = static_cast<std::uint32_t>(v / 100 % 100);
  out.hour = static_cast<std::uint32_t>(v / 10000 % 100);
  out.day = static_cast<std::uint32_t>(date % 100);
  out.month = static_cast<std::uint32_t>(date / 100 % 100);
  if (date / 10000 > 9999) return false;
  out.year = static_cast<std::int32_t>(date / 10000);
  return true;
}

bool image_timestamp_old(std::string_view bytes, Temporal& out) {
  out = {};
  if (const std::uint64_t seconds = le(bytes); seconds != 0) set_seconds(seconds, out);
  return true;
}

std::size_t hires_size(bool time, bool timestamp, unsigned digits) {
  constexpr std::array<std::uint8_t, 7> kTime{3, 4, 4, 5, 5, 5, 6}, kDatetime{8, 6, 6, 7, 7, 7, 8},
      kTimestamp{4, 5, 5, 6, 6, 7, 7};
  if (digits > 6) return 0;
  return time ? kTime[digits] : timestamp ? kTimestamp[digits] : kDatetime[digits];
}

bool image_time_hires(std::string_view bytes, unsigned digits, Temporal& out) {
  const std::uint32_t unit = kPowers[digits];
  const std::uint64_t offset = std::uint64_t{839 * 3600} * unit;
  const std::uint64_t raw = be(bytes);
  out = {};
  out.negative = raw < offset;
  const std::uint64_t v = out.negative ? offset - raw : raw - offset;
  out.microsecond = static_cast<std::uint32_t>(v % unit) * (kMicros / unit);
  const std::uint64_t seconds = v / unit;
  out.second = static_cast<std::uint32_t>(seconds % 60);
  out.minute = static_cast<std::uint32_t>(seconds / 60 % 60);
  if (seconds / 3600 > 838) return false;
  out.hour = static_cast<std::uint32_t>(seconds / 3600);
  return true;
}

bool image_datetime_hires(std::string_view bytes, unsigned digits, Temporal& out) {
  const std::uint32_t unit = kPowers[digits];
  std::uint64_t v = be(bytes);
  out = {};
  out.microsecond = static_cast<std::uint32_t>(v % unit) * (kMicros / unit);
  v /= unit;
  const auto next = [&v](unsigned radix) {
    const auto digit = static_cast<std::uint32_t>(v % radix);
    v /= radix;
    return digit;
  };
  out.second = next(60);
  out.minute = next(60);
  out.hour = next(24);
  out.day = next(32);
  out.month = next(13);
  if (v > 9999) return false;
  out.year = static_cast<std::int32_t>(v);
  return true;
}

bool image_timestamp_hires(std::string_view bytes, unsigned digits, Temporal& out) {
  out = {};
  const std::uint64_t seconds = be(bytes.substr(0, 4));
  const std::size_t fraction_bytes = bytes.size() - 4;
  const std::uint64_t fraction = be(bytes.substr(4, fraction_bytes));
  if (seconds == 0 && fraction == 0) return true;
  if (fraction >= kPowers[digits]) return false;
  set_seconds(seconds, out);
  out.microsecond = static_cast<std::uint32_t>(fraction) * (kMicros / kPowers[digits]);
  return true;
}

}  // namespace dbsync
