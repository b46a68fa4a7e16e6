#include "mysql2pgsql/row/wire_value.h"

#include <bit>
#include <cstring>

namespace dbsync {

namespace {

// Numbers are used as they lie in the row.
static_assert(std::endian::native == std::endian::little);

std::uint32_t le(const unsigned char* p, unsigned bytes) {
  std::uint32_t v = 0;
  for (unsigned i = 0; i < bytes; ++i) v |= static_cast<std::uint32_t>(p[i]) << (8 * i);
  return v;
}

// The clock part that dates and times share.
void read_clock(const unsigned char* p, unsigned length, Temporal& t) {
  t.hour = p[0];
  t.minute = p[1];
  t.second = p[2];
  if (length > 3) t.microsecond = le(p + 3, 4);
}

bool read_datetime(const unsigned char* p, unsigned length, Temporal& t) {
  if (length != 0 && length != 4 && length != 7 && length != 11) return false;
  t = {};
  if (length == 0) return true;
  t.year = static_cast<std::int32_t>(le(p, 2));
  t.month = p[2];
  t.day = p[3];
  if (length > 4) read_clock(p + 4, length - 4, t);
  return true;
}

bool read_time(const unsigned char* p, unsigned length, Temporal& t) {
  constexpr std::uint32_t kMostDays = 0xFFFFFFFFU / 24 - 11;  // so that the hours fit
  if (length != 0 && length != 8 && length != 12) return false;
  t = {};
  if (length == 0) return true;
  const std::uint32_t days = le(p + 1, 4);
  if (days > kMostDays) return false;
  t.negative = p[0] != 0;
  read_clock(p + 5, length - 5, t);
  t.hour += days * 24;
  return true;
}

}  // namespace

const unsigned char* read_wire_temporal(bool is_time, const unsigned char* p, const unsigned char* end, Temporal& t) {
  if (p >= end) return nullptr;
  const unsigned length = *p++;
  if (static_cast<std::size_t>(end - p) < length) return nullptr;
  if (!(is_time ? read_time(p, length, t) : read_datetime(p, length, t))) return nullptr;
  return p + length;
}

const unsigned char* read_long_wire_bytes(const unsigned char* p, const unsigned char* end, SourceValue& value) {
  if (p >= end) return nullptr;
  std::uint64_t length = *p++;
  if (length >= 251) {
    const unsigned bytes = length == 252 ? 2 : length == 253 ? 3 : length == 254 ? 8 : 0;
    if (bytes == 0 || static_cast<std::size_t>(end - p) < bytes) return nullptr;
    length = le(p, bytes > 4 ? 4 : bytes);
    if (bytes == 8) length |= static_cast<std::uint64_t>(le(p + 4, 4)) << 32;
    p += bytes;
  }
  if (static_cast<std::uint64_t>(end - p) < length) return nullptr;
  value.data = reinterpret_cast<const char*>(p);
  value.length = static_cast<std::size_t>(length);
  return p + length;
}

}  // namespace dbsync
