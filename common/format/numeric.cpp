#include "format/numeric.h"

#include <array>
#include <charconv>

#include "base/byte_reader.h"
#include "format/copy_buffer.h"

namespace dbsync {

namespace {

constexpr std::size_t kMaxScale = 16383;
constexpr std::size_t kMaxInteger = 131072;
constexpr std::uint16_t kNegative = 0x4000;

bool all_digits(std::string_view text) {
  for (const char c : text)
    if (c < '0' || c > '9') return false;
  return true;
}

// Appends base-10000 digits, leaving out leading and trailing zero digits.
class DigitWriter {
 public:
  explicit DigitWriter(char* out) : digits_(out + 8) {}

  void push(unsigned digit) {
    if (count_ == 0) {
      if (digit == 0) {
        ++skipped_;
        return;
      }
    }
    store_be16(digits_ + 2 * count_, static_cast<std::uint16_t>(digit));
    ++count_;
    if (digit != 0) significant_ = count_;
  }

  std::size_t skipped() const { return skipped_; }
  std::size_t significant() const { return significant_; }

 private:
  char* digits_;
  std::size_t count_ = 0;        // written, trailing zeros included
  std::size_t significant_ = 0;  // written up to the last non-zero one
  std::size_t skipped_ = 0;      // leading zeros left out
};

void put_header(char* out, std::size_t ndigits, int weight, bool negative, std::size_t scale) {
  store_be16(out, static_cast<std::uint16_t>(ndigits));
  store_be16(out + 2, static_cast<std::uint16_t>(ndigits == 0 ? 0 : weight));
  store_be16(out + 4, negative && ndigits > 0 ? kNegative : std::uint16_t{0});
  store_be16(out + 6, static_cast<std::uint16_t>(scale));
}

}  // namespace

std::size_t encode_numeric(std::string_view text, char* out) {
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  const std::size_t point = text.find('.');
  std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  if (whole.empty() && fraction.empty()) return 0;
  if (!all_digits(whole) || !all_digits(fraction)) return 0;
  while (!whole.empty() && whole[0] == '0') whole.remove_prefix(1);
  if (whole.size() > kMaxInteger || fraction.size() > kMaxScale) return 0;

  DigitWriter writer(out);
  const std::size_t groups = (whole.size() + 3) / 4;
  std::size_t pos = 0;
  for (std::size_t g = 0; g < groups; ++g) {
    const std::size_t take = g == 0 ? whole.size() - 4 * (groups - 1) : 4;
    unsigned digit = 0;
    for (std::size_t i = 0; i < take; ++i) digit = digit * 10 + static_cast<unsigned>(whole[pos++] - '0');
    writer.push(digit);
  }
  for (pos = 0; pos < fraction.size(); pos += 4) {
    unsigned digit = 0;
    for (std::size_t i = 0; i < 4; ++i)
      digit = digit * 10 + (pos + i < fraction.size() ? static_cast<unsigned>(fraction[pos + i] - '0') : 0);
    writer.push(digit);
  }
  const int weight = static_cast<int>(groups) - 1 - static_cast<int>(writer.skipped());
  put_header(out, writer.significant(), weight, negative, fraction.size());
  return 8 + 2 * writer.significant();
}

std::size_t encode_numeric(std::uint64_t magnitude, bool negative, char* out) {
  std::array<unsigned, 5> groups{};
  std::size_t count = 0;
  for (; magnitude != 0; magnitude /= 10000) groups[count++] = static_cast<unsigned>(magnitude % 10000);
  DigitWriter writer(out);
  for (std::size_t i = count; i > 0; --i) writer.push(groups[i - 1]);
  put_header(out, writer.significant(), static_cast<int>(count) - 1, negative, 0);
  return 8 + 2 * writer.significant();
}

std::string decode_numeric(std::string_view bytes) {
  ByteReader reader(bytes, "numeric");
  const int ndigits = reader.i16();
  const int weight = reader.i16();
  const auto sign = static_cast<std::uint16_t>(reader.i16());
  const int scale = reader.i16();
  if ((sign != 0 && sign != kNegative) || ndigits < 0 || scale < 0) return {};
  if (static_cast<std::size_t>(scale) > kMaxScale) return {};
  std::string digits;
  for (int i = 0; i < ndigits; ++i) {
    const int digit = reader.i16();
    if (digit < 0 || digit > 9999) return {};
    const std::string part = std::to_string(digit);
    digits += std::string(4 - part.size(), '0') + part;
  }
  reader.expect_end();
  // Decimal point after (weight + 1) groups.
  const int point = 4 * (weight + 1);
  if (point > 0 && static_cast<std::size_t>(point) > digits.size())
    digits.append(static_cast<std::size_t>(point) - digits.size(), '0');
  if (point < 0) digits.insert(0, static_cast<std::size_t>(-point), '0');
  std::string whole = digits.substr(0, static_cast<std::size_t>(point > 0 ? point : 0));
  std::string fraction = digits.substr(whole.size());
  fraction.resize(static_cast<std::size_t>(scale), '0');
  const std::size_t first = whole.find_first_not_of('0');
  whole = first == std::string::npos ? "0" : whole.substr(first);
  return (sign == kNegative ? "-" : "") + whole + (scale > 0 ? "." + fraction : "");
}

}  // namespace dbsync
