// Bounds-checked reads of big-endian values from hostile bytes.
//
// Every read past the end throws DecodeError with the offset and an excerpt;
// there is no default value. Does not own the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace dbsync {

// ErrorKind::source, since it is what a server sent that cannot be read.
class DecodeError : public Error {
 public:
  DecodeError(std::string_view what, std::string_view problem, std::size_t offset, std::string_view bytes);
  std::size_t offset() const { return offset_; }

 private:
  std::size_t offset_;
};

class ByteReader {
 public:
  // `what` names the thing being read in errors and must outlive the reader.
  ByteReader(std::string_view bytes, std::string_view what) : bytes_(bytes), what_(what) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(take(1)[0]); }
  std::int16_t i16() { return static_cast<std::int16_t>(big_endian(2)); }
  std::int32_t i32() { return static_cast<std::int32_t>(big_endian(4)); }
  std::int64_t i64() { return static_cast<std::int64_t>(big_endian(8)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian(4)); }
  std::uint64_t u64() { return big_endian(8); }
  std::string_view bytes(std::size_t n) { return take(n); }
  // Up to and without the next NUL, which is consumed.
  std::string_view c_string();
  std::string_view rest() { return take(remaining()); }

  std::size_t offset() const { return offset_; }
  std::size_t remaining() const { return bytes_.size() - offset_; }
  void expect_end() const;
  [[noreturn]] void fail(std::string_view problem) const;

 private:
  std::string_view take(std::size_t n);
  std::uint64_t big_endian(std::size_t n);

  std::string_view bytes_;
  std::string_view what_;
  std::size_t offset_ = 0;
};

}  // namespace dbsync
