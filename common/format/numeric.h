// Decimal text to PostgreSQL's binary numeric (src/backend/utils/adt/numeric.c,
// numeric_recv): int16 ndigits, int16 weight, uint16 sign (0x0000 positive,
// 0x4000 negative), uint16 dscale, then ndigits base-10000 digits, each int16;
// weight is the exponent of the first digit in base 10000.
//
// Pure, no allocation; bytes in, bytes out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dbsync {

// Bytes that encode_numeric may write for a text of this length.
constexpr std::size_t numeric_bound(std::size_t text_length) { return 8 + 2 * (text_length / 4 + 3); }

// Encodes "[+-]digits[.digits]" at out and returns the number of bytes written;
// 0 when the text is anything else (empty, exponent, several points, more than
// 16383 digits after the point or 131072 before it).
std::size_t encode_numeric(std::string_view text, char* out);

// The same for integers.
std::size_t encode_numeric(std::uint64_t magnitude, bool negative, char* out);

// The inverse, for verification and round-trip tests: the canonical decimal
// text, or "" when the bytes are not a valid finite numeric.
std::string decode_numeric(std::string_view bytes);

}  // namespace dbsync
