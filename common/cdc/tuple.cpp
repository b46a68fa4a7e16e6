#include "cdc/tuple.h"

#include "base/byte_reader.h"

namespace dbsync {

namespace {

std::uint32_t big_endian_32(const char* at) {
  const auto byte = [at](int i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(at[i])); };
  return byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
}

}  // namespace

std::string_view take_tuple(ByteReader& reader) {
  ByteReader at = reader;
  const std::int16_t columns = at.i16();
  if (columns < 0) reader.fail("negative number of columns");
  for (std::int16_t i = 0; i < columns; ++i) {
    switch (at.u8()) {
      case 'n':
      case 'u': break;
      case 't':
      case 'b': {
        const std::int32_t length = at.i32();
        if (length < 0) at.fail("negative length of a value");
        at.bytes(static_cast<std::size_t>(length));
        break;
      }
      default: at.fail("unknown kind of value");
    }
  }
  return reader.bytes(at.offset() - reader.offset());
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
