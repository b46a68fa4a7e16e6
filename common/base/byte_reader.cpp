#include "base/byte_reader.h"

#include <algorithm>

#include <fmt/format.h>

namespace dbsync {

namespace {

std::string hex_excerpt(std::string_view bytes, std::size_t offset) {
  constexpr std::size_t around = 8;
  const std::size_t from = offset > around ? offset - around : 0;
  std::string out;
  for (std::size_t i = from; i < std::min(bytes.size(), offset + around); ++i)
    out += fmt::format("{}{:02x}", i == offset ? "|" : "", static_cast<unsigned char>(bytes[i]));
  return out;
}

}  // namespace

DecodeError::DecodeError(std::string_view what, std::string_view problem, std::size_t offset, std::string_view bytes)
    : Error(ErrorKind::source, fmt::format("malformed {}: {} at byte {} of {} (around: {})", what, problem, offset,
                                           bytes.size(), hex_excerpt(bytes, offset))),
      offset_(offset) {}

void ByteReader::fail(std::string_view problem) const { throw DecodeError(what_, problem, offset_, bytes_); }

std::string_view ByteReader::take(std::size_t n) {
  if (n > remaining()) fail(fmt::format("{} bytes wanted, {} left", n, remaining()));
  const std::string_view out = bytes_.substr(offset_, n);
  offset_ += n;
  return out;
}

std::uint64_t ByteReader::big_endian(std::size_t n) {
  std::uint64_t v = 0;
  for (const char c : take(n)) v = v << 8 | static_cast<unsigned char>(c);
  return v;
}

std::string_view ByteReader::c_string() {
  const std::size_t end = bytes_.find('\0', offset_);
  if (end == std::string_view::npos) fail("string without its end");
  const std::string_view out = bytes_.substr(offset_, end - offset_);
  offset_ = end + 1;
  return out;
}

void ByteReader::expect_end() const {
  if (remaining() != 0) fail("bytes left over");
}

}  // namespace dbsync
