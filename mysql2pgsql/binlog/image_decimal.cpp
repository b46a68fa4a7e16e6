#include "mysql2pgsql/binlog/image_decimal.h"

#include <array>

namespace dbsync {

namespace {

constexpr unsigned kGroup = 9;
constexpr std::array<std::uint8_t, kGroup + 1> kBytes{0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
constexpr std::array<std::uint32_t, kGroup + 1> kPowers{1,      10,      100,      1000,      10000,
                                                        100000, 1000000, 10000000, 100000000, 1000000000};

// Appends `digits` digits from the group at `p`; false when it holds more.
bool append_group(const unsigned char* p, unsigned digits, bool negative, bool first, std::string& out) {
  const std::size_t bytes = kBytes[digits];
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    unsigned char byte = p[i];
    if (first && i == 0) byte ^= 0x80;
    if (negative) byte = static_cast<unsigned char>(~byte);
    value = value << 8 | byte;
  }
  if (value >= kPowers[digits]) return false;
  char text[kGroup];
  for (unsigned i = digits; i-- > 0; value /= 10) text[i] = static_cast<char>('0' + value % 10);
  out.append(text, digits);
  return true;
}

}  // namespace

std::size_t image_decimal_size(unsigned precision, unsigned scale) {
  if (precision == 0 || precision > 65 || scale > 38 || scale > precision) return 0;
  const unsigned whole = precision - scale;
  return whole / kGroup * 4U + kBytes[whole % kGroup] + scale / kGroup * 4U + kBytes[scale % kGroup];
}

bool image_decimal_text(std::string_view bytes, unsigned precision, unsigned scale, std::string& out) {
  out.clear();
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  const bool negative = (*p & 0x80) == 0;
  bool first = true;
  const auto group = [&](unsigned digits) {
    if (digits == 0) return true;
    const bool good = append_group(p, digits, negative, first, out);
    first = false;
    p += kBytes[digits];
    return good;
  };
  const unsigned whole = precision - scale;
  bool good = group(whole % kGroup);
  for (unsigned i = 0; i < whole / kGroup; ++i) good = good && group(kGroup);
  const std::size_t leading = out.find_first_not_of('0');
  out.erase(0, leading == std::string::npos ? out.size() : leading);
  if (out.empty()) out = "0";
  if (negative) out.insert(0, "-");
  if (scale == 0) return good;
  out += '.';
  for (unsigned i = 0; i < scale / kGroup; ++i) good = good && group(kGroup);
  return good && group(scale % kGroup);
}

}  // namespace dbsync
