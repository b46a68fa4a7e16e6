// Decimal text and PostgreSQL's binary numeric, against slow arithmetic on
// decimal strings.
//
// Input: decimal text; the same bytes are also read as a binary numeric.
#include <vector>

#include "base/error.h"
#include "format/numeric.h"
#include "tests/fuzz/fuzz.h"

namespace {

using dbsync::fuzz::check;

// The text as PostgreSQL would print it; "" when it is not "[+-]digits[.digits]".
std::string canonical(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::string whole;
  std::string fraction;
  bool point = false;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c != '.' || point)) return "";
    if (!digit) point = true;
    if (digit) (point ? fraction : whole) += c;
  }
  if (whole.empty() && fraction.empty()) return "";
  while (whole.starts_with('0')) whole.erase(0, 1);
  if (whole.size() > 131072 || fraction.size() > 16383) return "";
  const bool zero = (whole + fraction).find_first_not_of('0') == std::string::npos;
  if (whole.empty()) whole = "0";
  return (negative && !zero ? "-" : "") + whole + (fraction.empty() ? "" : "." + fraction);
}

int word(std::string_view bytes, std::size_t index) {
  const auto byte = [&](std::size_t i) { return static_cast<int>(static_cast<unsigned char>(bytes[i])); };
  return byte(2 * index) * 256 + byte(2 * index + 1);
}

// Adds 10^position times a digit at a time: value = sum of digit * 10000^(weight - i).
std::string slow_decode(std::string_view bytes) {
  check(bytes.size() >= 8 && bytes.size() % 2 == 0, "whole words");
  const auto ndigits = static_cast<std::size_t>(word(bytes, 0));
  const int weight = static_cast<std::int16_t>(word(bytes, 1));
  const int scale = word(bytes, 3);
  check(bytes.size() == 8 + 2 * ndigits, "as many digits as the header says");
  check(word(bytes, 2) == 0 || (word(bytes, 2) == 0x4000 && ndigits > 0), "a sign, and zero has none");
  check(ndigits == 0 || (word(bytes, 4) != 0 && word(bytes, 3 + ndigits) != 0), "no zero digit at either end");
  const int whole_places = weight < 0 ? 1 : 4 * (weight + 1);
  // places[whole_places - 1 - p] holds the digit of 10^p, p >= -scale.
  std::string places(static_cast<std::size_t>(whole_places + scale), '0');
  for (std::size_t i = 0; i < ndigits; ++i) {
    int digit = word(bytes, 4 + i);
    check(digit < 10000, "a digit is below 10000");
    for (int power = 4 * (weight - static_cast<int>(i)); digit != 0; digit /= 10, ++power) {
      if (digit % 10 == 0) continue;
      check(power >= -scale && power < whole_places, "no digit outside the scale");
      places[static_cast<std::size_t>(whole_places - 1 - power)] = static_cast<char>('0' + digit % 10);
    }
  }
  const auto point = static_cast<std::size_t>(whole_places);
  std::size_t first = places.find_first_not_of('0');
  first = first < point ? first : point - 1;
  return (word(bytes, 2) != 0 ? "-" : "") + places.substr(first, point - first) +
         (scale > 0 ? "." + places.substr(point) : "");
}

std::string encode(std::string_view text) {
  std::string out(dbsync::numeric_bound(text.size()) + 1, '\x5A');
  const std::size_t n = dbsync::encode_numeric(text, out.data());
  check(n < out.size() && out.back() == '\x5A', "numeric_bound is enough");
  out.resize(n);
  return out;
}

void check_integer(std::uint64_t magnitude, bool negative) {
  std::string out(dbsync::numeric_bound(20), '\0');
  out.resize(dbsync::encode_numeric(magnitude, negative, out.data()));
  check(out == encode((negative ? "-" : "") + std::to_string(magnitude)), "an integer is encoded as its text");
}

// Any bytes: an Error, nothing, or a text that means the same again.
void check_decoding(std::string_view bytes) {
  std::string text;
  try {
    text = dbsync::decode_numeric(bytes);
  } catch (const dbsync::Error&) {
    return;
  }
  if (text.empty()) return;
  const std::string again = canonical(text);
  if (!again.empty()) check(dbsync::decode_numeric(encode(text)) == again, "decoded bytes are a decimal number");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = dbsync::fuzz::text_of(data, size);
  const std::string expected = canonical(text);
  const std::string bytes = encode(text);
  check(bytes.empty() == expected.empty(), "decimal texts are taken, others refused");
  if (!bytes.empty()) {
    check(slow_decode(bytes) == expected, "the bytes mean the text");
    check(dbsync::decode_numeric(bytes) == expected, "decode_numeric undoes encode_numeric");
  }
  check_decoding(text);
  dbsync::fuzz::Input input(data, size);
  const auto magnitude = input.take<std::uint64_t>();
  check_integer(magnitude >> (magnitude % 64), input.below(2) == 1);
  return 0;
}
