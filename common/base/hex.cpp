#include "base/hex.h"

namespace dbsync {

namespace {

constexpr char kDigits[] = "0123456789abcdef";

int value_of(char digit) { return digit >= 'a' ? digit - 'a' + 10 : digit - '0'; }

}  // namespace

std::string to_hex(std::string_view bytes) {
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string from_hex(std::string_view digits) {
  std::string out;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    out += static_cast<char>(value_of(digits[i]) << 4 | value_of(digits[i + 1]));
  return out;
}

}  // namespace dbsync
