// UTF-8 checks against a slow validator that decodes every character.
#include <algorithm>
#include <vector>

#include "base/text.h"
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"

namespace {

using dbsync::fuzz::check;

// How many bytes the character at the front has, 0 when it is none: the code
// point is put together and asked for its shortest form (RFC 3629).
std::size_t slow_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  std::size_t length = 1;
  std::uint32_t point = byte(0);
  if (point >= 0xF8) return 0;
  if (point >= 0x80) {
    length = point >= 0xF0 ? 4 : point >= 0xE0 ? 3 : 2;
    if (point < 0xC0 || text.size() < length) return 0;
    point &= 0xFFU >> (length + 1);
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (byte(i) / 64 != 2) return 0;
    point = point * 64 + byte(i) % 64;
  }
  const std::size_t shortest = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  return point == 0 || surrogate || point > 0x10FFFF || length != shortest ? 0 : length;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = dbsync::fuzz::text_of(data, size);
  std::vector<std::size_t> ends{0};  // of every character of the valid prefix
  while (ends.back() < text.size()) {
    const std::size_t length = slow_character(text.substr(ends.back()));
    if (length == 0) break;
    ends.push_back(ends.back() + length);
  }
  check(dbsync::valid_text_prefix(text) == ends.back(), "the valid prefix");
  const std::string_view good = text.substr(0, ends.back());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const dbsync::Utf8Character character = dbsync::first_character(text.substr(i));
    const std::size_t length = slow_character(text.substr(i));
    check(character.valid == (length > 0) && character.bytes == std::max<std::size_t>(1, length),
          "the first character");
  }
  const std::string shown = dbsync::visible(text);
  check(shown.find('\x1b') == std::string::npos && dbsync::valid_text_prefix(shown) == shown.size(),
        "what may be shown");
  std::size_t fits = 0;  // characters in `bytes` bytes
  for (std::size_t bytes = 0; bytes <= good.size() + 1; ++bytes) {
    while (fits + 1 < ends.size() && ends[fits + 1] <= bytes) ++fits;
    check(dbsync::utf8_truncate(good, bytes) == good.substr(0, ends[fits]), "the cut between characters");
    check(dbsync::utf8_truncate(text, bytes).size() <= bytes, "the cut of any bytes");
  }
  return 0;
}
