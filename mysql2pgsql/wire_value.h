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

#include <cstdint>

#include "mysql2pgsql/source_value.h"

namespace dbsync {

// How one column's value is laid out in a row.
struct WireFormat {
  Wire wire = Wire::bytes;
  bool is_time = false;  // TIME, not DATE, DATETIME or TIMESTAMP
};

// Reads one value that is not NULL. A number and bytes stay where they are, a
// date or time goes into `temporal`; `value` points at it. Returns the first byte
// behind the value, or nullptr when it does not fit or has an impossible length.
const unsigned char* read_wire_value(WireFormat format, const unsigned char* from, const unsigned char* end,
                                     SourceValue& value, Temporal& temporal);

}  // namespace dbsync
