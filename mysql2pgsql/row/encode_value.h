// What the binary and the text encoders share: reading a SourceValue and the
// policies for values that PostgreSQL cannot hold.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include "base/error.h"
#include "format/datetime.h"
#include "mysql2pgsql/row/row_encoder.h"

namespace dbsync {

template <typename T>
T load(const SourceValue& value) {
  T out;
  std::memcpy(&out, value.data, sizeof out);
  return out;
}

[[noreturn]] void bad_value(const ColumnPlan& plan, std::string_view value, std::string_view problem,
                            std::string hint = {});

inline DateTime datetime_of(const Temporal& t) {
  return {t.year, t.month, t.day, t.hour, t.minute, t.second, t.microsecond};
}

// True when the date can be stored. Otherwise the zero_date policy applies:
// counted and false (the caller writes NULL or -infinity), or an Error.
bool check_date(ColumnPlan& plan, const Temporal& t);

// check_date for a value with a time of day; throws bad_value when that is none,
// which only a malformed row can hold.
bool check_datetime(ColumnPlan& plan, const Temporal& t);

// Throws bad_value for a TIME beyond ±838:59:59, which no server stores: only a
// malformed row can hold it.
void check_time(const ColumnPlan& plan, const Temporal& t);

// Text that PostgreSQL takes: `text` itself when it is clean, else what the
// policies make of it, in `scratch`.
std::string_view checked_text(ColumnPlan& plan, std::string_view text, std::string& scratch);

// Splits a SET value at its commas. Calls f(label) for each.
template <typename F>
void for_each_label(std::string_view set, F&& f) {
  while (!set.empty()) {
    const auto comma = set.find(',');
    f(set.substr(0, comma));
    if (comma == std::string_view::npos) break;
    set.remove_prefix(comma + 1);
  }
}

// A BIT value as a number; throws bad_value beyond 64 bits.
std::uint64_t bits_of(const ColumnPlan& plan, const SourceValue& value);

// The same for a target bit string, which has source.length bits; throws bad_value
// when that is not 1 to 64 or the value has more.
std::uint64_t bit_string_of(const ColumnPlan& plan, const SourceValue& value);

// A SET value as an array literal: {"a","b"}, every element quoted.
std::string array_literal(std::string_view set);

// MySQL's geometry: int32 little-endian SRID, then WKB. Writes plain WKB for
// SRID 0 and EWKB (PostGIS: type | 0x20000000, SRID after it) otherwise.
// Throws bad_value when there are too few bytes.
void put_ewkb(const ColumnPlan& plan, std::string_view value, CopyBuffer& out);

// The 16 bytes of a UUID, and those of a vector of floats; throw bad_value where they are none.
std::string_view uuid_bytes(const ColumnPlan& plan, const SourceValue& value);
std::string_view vector_bytes(const ColumnPlan& plan, const SourceValue& value);

}  // namespace dbsync
