// Bounds-checked reads of little-endian values from hostile bytes, as the binlog has
// them (some of its values are big-endian: be()).
//
// Every read past the end throws DecodeError with the offset and an excerpt; there is
// no default value. Does not own the bytes. Inline: it reads every value of a row.
#pragma once

#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include "base/byte_reader.h"

namespace dbsync {

class LittleReader {
 public:
  // `what` names the thing being read in errors and must outlive the reader.
  LittleReader(std::string_view bytes, std::string_view what)
      : begin_(bytes.data()), at_(bytes.data()), end_(bytes.data() + bytes.size()), what_(what) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(*take(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(le(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(le(4)); }
  std::uint64_t u64() { return le(8); }
  // Numbers of 1 to 8 bytes.
  std::uint64_t le(std::size_t n) {
    const char* p = take(n);
    std::uint64_t v = 0;
    for (std::size_t i = n; i-- > 0;) v = v << 8 | static_cast<unsigned char>(p[i]);
    return v;
  }
  std::uint64_t be(std::size_t n) {
    const char* p = take(n);
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < n; ++i) v = v << 8 | static_cast<unsigned char>(p[i]);
    return v;
  }
  // The protocol's length-encoded integer.
  std::uint64_t lenenc() {
    constexpr std::uint8_t k2 = 252, k3 = 253, k8 = 254;
    const std::uint8_t first = u8();
    if (first < 251) return first;
    if (first == k2) return le(2);
    if (first == k3) return le(3);
    if (first == k8) return le(8);
    fail("a length that is none");
  }
  std::string_view bytes(std::uint64_t n) {
    const char* p = take(n);
    return {p, static_cast<std::size_t>(n)};
  }
  // A name with a NUL behind it, which does not count. `of`: "table", for errors.
  std::string_view name(std::uint64_t n, const char* of) {
    const std::string_view out = bytes(n);
    if (u8() != 0) fail(fmt::format("the {}'s name has no end", of));
    return out;
  }
  std::string_view rest() { return bytes(remaining()); }

  std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
  void expect_end() const {
    if (at_ != end_) fail(fmt::format("{} bytes too many", remaining()));
  }
  [[noreturn]] void fail(std::string_view problem) const {
    throw DecodeError(what_, problem, offset(), {begin_, static_cast<std::size_t>(end_ - begin_)});
  }

 private:
  const char* take(std::uint64_t n) {
    if (n > remaining()) fail(fmt::format("{} bytes wanted, {} left", n, remaining()));
    const char* p = at_;
    at_ += n;
    return p;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  std::string_view what_;
};

}  // namespace dbsync
