// Whole numbers as users write them. Private to config/.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "base/text.h"

namespace dbsync::config_detail {

// Decimal digits only, all of `text`, within the range; nothing otherwise.
inline std::optional<std::uint64_t> whole_number(std::string_view text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || stop != end || error != std::errc{} || number < least || number > most) return std::nullopt;
  return number;
}

// A size in bytes: "64MB", "512kB", "1GB", "4096B" or "0"; units of 1024, letter
// case does not matter. A bare number other than 0 is nothing: it could mean rows.
inline std::optional<std::uint64_t> byte_size(std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string unit = to_lower(text.substr(digits));
  const unsigned shift = unit == "kb" ? 10 : unit == "mb" ? 20 : unit == "gb" ? 30 : 0;
  constexpr std::uint64_t kMost = std::uint64_t{1} << 50;
  const auto number = whole_number(text.substr(0, digits), 0, kMost >> shift);
  if (!number || (shift == 0 && unit != "b" && !(unit.empty() && *number == 0))) return std::nullopt;
  return *number << shift;
}

}  // namespace dbsync::config_detail
