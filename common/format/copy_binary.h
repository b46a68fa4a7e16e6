// The COPY binary format (PostgreSQL manual, COPY, "Binary Format"):
// signature, int32 flags, int32 header extension length; per row int16 field
// count and per field int32 length (-1 = NULL) and bytes; int16 -1 at the end.
//
// Inline: these run once per value.
#pragma once

#include <bit>
#include <string_view>

#include "format/copy_buffer.h"

namespace dbsync::copy_binary {

inline constexpr std::string_view kHeader{"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19};
inline constexpr std::string_view kSignature = kHeader.substr(0, 11);
inline constexpr std::string_view kTrailer{"\377\377", 2};

inline void begin_row(CopyBuffer& out, std::size_t fields) {
  store_be16(out.reserve(2), static_cast<std::uint16_t>(fields));
  out.advance(2);
}

inline void put_null(CopyBuffer& out) {
  store_be32(out.reserve(4), 0xFFFFFFFFU);
  out.advance(4);
}

inline void put_int1(CopyBuffer& out, std::uint8_t v) {  // bool
  char* p = out.reserve(5);
  store_be32(p, 1);
  p[4] = static_cast<char>(v);
  out.advance(5);
}

inline void put_int2(CopyBuffer& out, std::int16_t v) {
  char* p = out.reserve(6);
  store_be32(p, 2);
  store_be16(p + 4, static_cast<std::uint16_t>(v));
  out.advance(6);
}

inline void put_int4(CopyBuffer& out, std::int32_t v) {
  char* p = out.reserve(8);
  store_be32(p, 4);
  store_be32(p + 4, static_cast<std::uint32_t>(v));
  out.advance(8);
}

inline void put_int8(CopyBuffer& out, std::int64_t v) {
  char* p = out.reserve(12);
  store_be32(p, 8);
  store_be64(p + 4, static_cast<std::uint64_t>(v));
  out.advance(12);
}

inline void put_float4(CopyBuffer& out, float v) { put_int4(out, std::bit_cast<std::int32_t>(v)); }
inline void put_float8(CopyBuffer& out, double v) { put_int8(out, std::bit_cast<std::int64_t>(v)); }

inline void put_bytes(CopyBuffer& out, std::string_view bytes) {
  char* p = out.reserve(4 + bytes.size());
  store_be32(p, static_cast<std::uint32_t>(bytes.size()));
  if (!bytes.empty()) std::memcpy(p + 4, bytes.data(), bytes.size());  // data() may be null
  out.advance(4 + bytes.size());
}

// A field whose length is known only afterwards: begin, append, end.
inline std::size_t begin_field(CopyBuffer& out) {
  const std::size_t mark = out.mark();
  out.reserve(4);
  out.advance(4);
  return mark;
}
inline void end_field(CopyBuffer& out, std::size_t mark) {
  store_be32(out.at(mark), static_cast<std::uint32_t>(out.mark() - mark - 4));
}

}  // namespace dbsync::copy_binary
