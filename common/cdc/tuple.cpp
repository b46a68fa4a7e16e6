#include "cdc/tuple.h"

#include "base/byte_reader.h"

namespace dbsync {

namespace {

std::uint32_t big_endian_32(const char* at) {
  const auto byte = [at](int i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(at[i])); };
  return byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
}

// The length of the tuple at the front of `bytes`, 0 when it is no whole one.
// The decoder's inner loop: one pass without a call per value.
std::size_t tuple_length(std::string_view bytes) {
  if (bytes.size() < 2) return 0;
  const char* at = bytes.data() + 2;
  const char* const end = bytes.data() + bytes.size();
  const auto columns = static_cast<std::int16_t>(tuple_width(bytes));
  if (columns < 0) return 0;
  for (std::int16_t i = 0; i < columns; ++i) {
    if (at == end) return 0;
    const char kind = *at++;
    if (kind == 'n' || kind == 'u') continue;
    if ((kind != 't' && kind != 'b') || end - at < 4) return 0;
    const std::uint32_t length = big_endian_32(at);
    at += 4;
    if (length > INT32_MAX || static_cast<std::size_t>(end - at) < length) return 0;
    at += length;
  }
  return static_cast<std::size_t>(at - bytes.data());
}

// Says what is wrong with a tuple, and where.
[[noreturn]] void explain(ByteReader at) {
  const std::int16_t columns = at.i16();
  if (columns < 0) at.fail("negative number of columns");
  for (std::int16_t i = 0; i < columns; ++i) {
    const std::uint8_t kind = at.u8();
    if (kind == 'n' || kind == 'u') continue;
    if (kind != 't' && kind != 'b') at.fail("unknown kind of value");
    const std::int32_t length = at.i32();
    if (length < 0) at.fail("negative length of a value");
    at.bytes(static_cast<std::size_t>(length));
  }
  at.fail("no row image");
}

}  // namespace

std::string_view take_tuple(ByteReader& reader) {
  ByteReader ahead = reader;
  const std::size_t length = tuple_length(ahead.rest());
  if (length == 0) explain(reader);
  return reader.bytes(length);
}

std::size_t tuple_width(std::string_view tuple) {
  return static_cast<std::size_t>(static_cast<unsigned char>(tuple[0]) << 8 | static_cast<unsigned char>(tuple[1]));
}

void read_tuple(std::string_view tuple, std::vector<Value>& out) {
  out.resize(tuple_width(tuple));
  const char* at = tuple.data() + 2;
  for (Value& value : out) {
    value.kind = static_cast<Value::Kind>(*at++);
    value.size = 0;
    if (!value.has_bytes()) continue;
    value.size = big_endian_32(at);
    value.data = at + 4;
    at += 4 + value.size;
  }
}

}  // namespace dbsync
