#include "base/utf8.h"

#include <cstdint>
#include <cstring>

namespace dbsync {

namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;
constexpr std::uint64_t kLowBits = 0x0101010101010101ULL;

std::uint64_t load64(const char* p) {
  std::uint64_t v = 0;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// True when none of the eight bytes is NUL or has its high bit set. For bytes
// below 0x80 the subtraction borrows exactly where a byte is zero.
bool plain_ascii(std::uint64_t v) { return ((v | (v - kLowBits)) & kHighBits) == 0; }

bool continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// Length of the valid sequence at the front of text, 0 when it is invalid.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead == 0) return 0;
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return text.size() >= 2 && continuation(text[1]) ? 2 : 0;
  if (lead < 0xF0) {
    if (text.size() < 3 || !continuation(text[1]) || !continuation(text[2])) return 0;
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;  // overlong
    if (lead == 0xED && byte(1) > 0x9F) return 0;  // surrogates
    return 3;
  }
  if (lead > 0xF4 || text.size() < 4) return 0;
  if (!continuation(text[1]) || !continuation(text[2]) || !continuation(text[3])) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;  // overlong
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;  // above U+10FFFF
  return 4;
}

}  // namespace

std::size_t valid_text_prefix(std::string_view text) {
  std::size_t pos = 0;
  while (pos < text.size()) {
    while (pos + 8 <= text.size() && plain_ascii(load64(text.data() + pos))) pos += 8;
    if (pos >= text.size()) break;
    const std::size_t length = sequence_length(text.substr(pos));
    if (length == 0) return pos;
    pos += length;
  }
  return pos;
}

std::size_t utf8_length(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text)
    if (!continuation(c)) ++count;
  return count;
}

std::string_view utf8_truncate(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && continuation(text[bytes])) --bytes;
  return text.substr(0, bytes);
}

}  // namespace dbsync
