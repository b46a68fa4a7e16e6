// Values of a binary protocol row, read where they lie.
//
// Grammar (MariaDB and MySQL protocol documentation, "Binary Protocol Resultset
// Row"): integers and floating-point numbers are little-endian and of fixed size
// (INT24 has 4 bytes, YEAR 2); dates and times begin with a length byte (0, 4, 7
// or 11; TIME 0, 8 or 12); all others are a length-encoded integer and its bytes.
//
// The bytes are hostile: nothing is read at or behind `end`.
// Threads: no shared state.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mysql2pgsql/row/source_value.h"

namespace dbsync {

// How one column's value is laid out in a row.
struct WireFormat {
  Wire wire = Wire::bytes;
  bool is_time = false;  // TIME, not DATE, DATETIME or TIMESTAMP
};

// The values that are no numbers.
const unsigned char* read_wire_temporal(bool is_time, const unsigned char* from, const unsigned char* end,
                                        Temporal& temporal);
const unsigned char* read_long_wire_bytes(const unsigned char* from, const unsigned char* end, SourceValue& value);

constexpr std::size_t wire_number_size(Wire wire) {
  switch (wire) {
    case Wire::i8:
    case Wire::u8: return 1;
    case Wire::i16:
    case Wire::u16: return 2;
    case Wire::i32:
    case Wire::u32:
    case Wire::f32: return 4;
    default: return 8;
  }
}

// Reads one value that is not NULL. A number and bytes stay where they are, a
// date or time goes into `temporal`; `value` points at it. Returns the first byte
// behind the value, or nullptr when it does not fit or has an impossible length.
// Inline: it runs once per value.
inline const unsigned char* read_wire_value(WireFormat format, const unsigned char* from, const unsigned char* end,
                                            SourceValue& value, Temporal& temporal) {
  value.is_null = false;
  if (format.wire == Wire::bytes) {
    if (from >= end) return nullptr;
    constexpr unsigned kLongForm = 251;
    const std::size_t length = *from;
    if (length >= kLongForm) return read_long_wire_bytes(from, end, value);
    if (static_cast<std::size_t>(end - from) - 1 < length) return nullptr;
    value.data = reinterpret_cast<const char*>(from + 1);
    value.length = length;
    return from + 1 + length;
  }
  if (format.wire == Wire::temporal) {
    value.data = reinterpret_cast<const char*>(&temporal);
    return read_wire_temporal(format.is_time, from, end, temporal);
  }
  const std::size_t size = wire_number_size(format.wire);
  if (static_cast<std::size_t>(end - from) < size) return nullptr;
  value.data = reinterpret_cast<const char*>(from);
  return from + size;
}

}  // namespace dbsync
