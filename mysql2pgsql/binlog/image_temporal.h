// Dates and times of row images.
//
// The forms of MySQL 5.6 and newer are big-endian and biased, those from before are
// little-endian decimal digits, and MariaDB had a third kind with fractions.
//
//   DATE        u24: day 5 bits, month 4, year
//   TIME2       3 bytes of hours × 2^12 + minutes × 2^6 + seconds, offset by 2^23, and k
//               bytes of fraction, one number; k = (digits + 1) / 2, in units of 100^-k
//   DATETIME2   5 bytes ((year × 13 + month) × 2^5 + day) × 2^17 + clock, offset by 2^39, + k
//   TIMESTAMP2  u32 seconds since 1970, unsigned, + k
//   TIME        i24 hhmmss;  DATETIME  u64 yyyymmddhhmmss;  TIMESTAMP  u32
//   MariaDB's with digits: one big-endian number in units of 10^-digits (TIME: offset),
//               of the bytes that the largest one needs
//
// Source: MySQL source, mysys/my_time.cc; MariaDB source, sql/field.cc (Field_time_hires).
// Pure: bytes of the right size in. False when they are no date or time at all; zero and
// partly zero dates are.
#pragma once

#include <cstdint>
#include <string_view>

#include "mysql2pgsql/row/source_value.h"

namespace dbsync {

void image_date(std::string_view bytes, Temporal& out);
bool image_time2(std::string_view bytes, unsigned digits, Temporal& out);
bool image_datetime2(std::string_view bytes, unsigned digits, Temporal& out);
bool image_timestamp2(std::string_view bytes, unsigned digits, Temporal& out);
bool image_time_old(std::string_view bytes, Temporal& out);
bool image_datetime_old(std::string_view bytes, Temporal& out);
bool image_timestamp_old(std::string_view bytes, Temporal& out);
bool image_time_hires(std::string_view bytes, unsigned digits, Temporal& out);
bool image_datetime_hires(std::string_view bytes, unsigned digits, Temporal& out);
bool image_timestamp_hires(std::string_view bytes, unsigned digits, Temporal& out);

// Bytes of MariaDB's forms with digits.
std::size_t hires_size(bool time, bool timestamp, unsigned digits);

}  // namespace dbsync
