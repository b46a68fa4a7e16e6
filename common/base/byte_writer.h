// Appends big-endian values to a string: the counterpart of ByteReader.
//
// Does not own the string, which must outlive it. Threads: as the string.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dbsync {

class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  void u8(std::uint8_t v) { out_ += static_cast<char>(v); }
  void i16(std::int16_t v) { big_endian(static_cast<std::uint16_t>(v), 2); }
  void u16(std::uint16_t v) { big_endian(v, 2); }
  void i32(std::int32_t v) { big_endian(static_cast<std::uint32_t>(v), 4); }
  void u32(std::uint32_t v) { big_endian(v, 4); }
  void i64(std::int64_t v) { big_endian(static_cast<std::uint64_t>(v), 8); }
  void u64(std::uint64_t v) { big_endian(v, 8); }
  void bytes(std::string_view v) { out_ += v; }
  void c_string(std::string_view v) {
    out_ += v;
    out_ += '\0';
  }

 private:
  void big_endian(std::uint64_t v, unsigned n) {
    char buffer[8];
    for (unsigned i = 0; i < n; ++i) buffer[i] = static_cast<char>(v >> (8 * (n - 1 - i)));
    out_.append(buffer, n);
  }

  std::string& out_;
};

}  // namespace dbsync
