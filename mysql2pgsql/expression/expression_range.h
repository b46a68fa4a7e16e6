// Between which numbers, or of how many characters, the values of an expression
// are: whether they can leave the type of the column that they are assigned to.
//
// MySQL cuts what does not fit when sql_mode is not strict, PostgreSQL fails, or
// holds it where its type is wider. Bounds are careful: never narrower than the
// values, wider where it costs nothing.
//
// Pure.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "mysql2pgsql/row/mysql_type.h"

namespace dbsync {

// long double has all 64-bit numbers; beyond them bounds are rounded outwards.
struct NumberRange {
  long double least = -std::numeric_limits<long double>::infinity();
  long double most = std::numeric_limits<long double>::infinity();

  bool within(const NumberRange& other) const { return least >= other.least && most <= other.most; }
};

NumberRange operator+(const NumberRange& a, const NumberRange& b);
NumberRange operator-(const NumberRange& a, const NumberRange& b);
NumberRange operator*(const NumberRange& a, const NumberRange& b);
NumberRange operator-(const NumberRange& a);
NumberRange united(const NumberRange& a, const NumberRange& b);
NumberRange magnitude(const NumberRange& a);                 // of ABS()
NumberRange rounded_to(const NumberRange& a, int decimals);  // half away from zero
NumberRange up_to(long double most);                         // from 0

// Characters of a text, bytes of binary data, at most.
inline constexpr std::int64_t kAnyLength = std::int64_t{1} << 40;
std::int64_t added(std::int64_t a, std::int64_t b);  // at most kAnyLength

// What a column can hold.
struct ColumnLimits {
  NumberRange numbers;
  std::int64_t length = kAnyLength;  // characters, or bytes when of_bytes
  bool of_bytes = false;             // TEXT, VARBINARY, BLOB
  std::string charset;               // of text; "" = unknown
  bool single_precision = false;     // FLOAT
};

ColumnLimits column_limits(const MysqlType& type);

// The character set of a collation: latin1 of latin1_swedish_ci. "" = none.
std::string charset_of(const std::string& collation);

}  // namespace dbsync
