// Whole numbers as users write them. Private to config/.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace dbsync::config_detail {

// Decimal digits only, all of `text`, within the range; nothing otherwise.
inline std::optional<std::uint64_t> whole_number(std::string_view text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || stop != end || error != std::errc{} || number < least || number > most) return std::nullopt;
  return number;
}

}  // namespace dbsync::config_detail
