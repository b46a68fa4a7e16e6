#include "base/utf8.h"

#include <algorithm>
#include <iterator>
#include <utility>

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

Utf8Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t length = sequence_length(text);
  if (length == 0) return {byte(0), 1, false};
  if (length == 1) return {byte(0), 1, true};
  char32_t code = byte(0) & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (byte(i) & 0x3fU);
  return {code, length, true};
}

std::string_view utf8_truncate(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && continuation(text[bytes])) --bytes;
  return text.substr(0, bytes);
}

namespace {

// Unicode's East Asian wide and full-width blocks, and emoji.
bool is_wide(char32_t c) {
  constexpr std::pair<char32_t, char32_t> blocks[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
                                                      {0xf900, 0xfaff}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
                                                      {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};
  return std::any_of(std::begin(blocks), std::end(blocks),
                     [c](const auto& block) { return c >= block.first && c <= block.second; });
}

// Marks that stand on the character before them, and joiners.
bool takes_no_column(char32_t c) {
  constexpr std::pair<char32_t, char32_t> blocks[] = {{0x0300, 0x036f}, {0x200b, 0x200f}, {0x20d0, 0x20ff},
                                                      {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}};
  return std::any_of(std::begin(blocks), std::end(blocks),
                     [c](const auto& block) { return c >= block.first && c <= block.second; });
}

std::size_t columns_of(const Utf8Character& character) {
  if (!character.valid) return 1;
  return is_wide(character.code) ? 2 : takes_no_column(character.code) ? 0 : 1;
}

// "\x1b[1m" at the front; 0 = none.
std::size_t escape_length(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const std::size_t end = text.find_first_of("ABCDEFGHJKSTfmnsu", 2);
  return end == std::string_view::npos ? text.size() : end + 1;
}

}  // namespace

std::size_t display_columns(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    std::size_t bytes = escape_length(text);
    if (bytes == 0) {
      const Utf8Character character = first_character(text);
      bytes = character.bytes;
      columns += columns_of(character);
    }
    text.remove_prefix(bytes);
  }
  return columns;
}

std::string_view fit_columns(std::string_view text, std::size_t columns) {
  std::size_t bytes = 0;
  for (std::size_t used = 0; bytes < text.size();) {
    const Utf8Character character = first_character(text.substr(bytes));
    used += columns_of(character);
    if (used > columns) break;
    bytes += character.bytes;
  }
  return text.substr(0, bytes);
}

}  // namespace dbsync
