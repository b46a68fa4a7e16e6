// Row images as bytes, and the values in them.
//
//   int16 n, then n values of
//     'n'                     NULL
//     'u'                     unchanged: stored outside of the row, not sent
//     't' int32 length bytes  as text, in UTF-8
//     'b' int32 length bytes  as the type's binary form
//
// Integers are big-endian. It is the layout of pgoutput's TupleData, so that a
// checked tuple is copied as it came; other sources write the same.
//
// Values point into the bytes that they were read from.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace dbsync {

class ByteReader;

struct Value {
  enum class Kind : char { null = 'n', unchanged = 'u', text = 't', binary = 'b' };

  const char* data = nullptr;
  std::uint32_t size = 0;
  Kind kind = Kind::null;

  bool has_bytes() const { return kind == Kind::text || kind == Kind::binary; }
  std::string_view bytes() const { return {data, size}; }
};

// Checks one tuple at the reader's place, moves behind it and returns its bytes.
// Errors: DecodeError.
std::string_view take_tuple(ByteReader& reader);

// The values of a tuple that take_tuple has checked; replaces the content of
// `out`, whose memory is used again.
void read_tuple(std::string_view tuple, std::vector<Value>& out);

// The number of values of a checked tuple.
std::size_t tuple_width(std::string_view tuple);

}  // namespace dbsync
