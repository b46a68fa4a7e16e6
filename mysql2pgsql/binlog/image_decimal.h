// DECIMAL of row images as text.
//
//   value = groups of 9 digits in 4 bytes, big-endian, the first and the last group with
//           fewer digits in fewer bytes, the point between two groups; the first bit is
//           turned over, and all bits of a negative number
//
// Source: MySQL source, strings/decimal.cc (decimal2bin, bin2decimal). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dbsync {

// The number of bytes; 0 for a precision and scale that no server has.
std::size_t image_decimal_size(unsigned precision, unsigned scale);
// Replaces the content of `out` by what the server prints. False when the bytes are no
// such number.
bool image_decimal_text(std::string_view bytes, unsigned precision, unsigned scale, std::string& out);

}  // namespace dbsync
