#include "cdc/position.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"

namespace dbsync {

namespace {

constexpr int kHex = 16;
constexpr int kDecimal = 10;

std::optional<std::uint64_t> number_of(std::string_view text, int base) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (text.empty() || stop != end || error != std::errc{}) return std::nullopt;
  return value;
}

std::optional<Position> parse_lsn(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto high = number_of(text.substr(0, slash), kHex);
  const auto low = number_of(text.substr(slash + 1), kHex);
  if (!high || !low || *high > UINT32_MAX || *low > UINT32_MAX) return std::nullopt;
  return lsn_position(*high << 32 | *low);
}

std::optional<Position> parse_binlog(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view file = text.substr(0, colon);
  const auto dot = file.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto sequence = number_of(file.substr(dot + 1), kDecimal);
  const auto offset = number_of(text.substr(colon + 1), kDecimal);
  if (!sequence || !offset) return std::nullopt;
  return Position{Position::Kind::binlog, *sequence, *offset, std::string(file)};
}

}  // namespace

std::string Position::text() const {
  switch (kind) {
    case Kind::none: return {};
    case Kind::lsn: return fmt::format("{:X}/{:X}", high >> 32, high & UINT32_MAX);
    case Kind::binlog: return fmt::format("{}:{}", file, low);
  }
  return {};
}

Position lsn_position(std::uint64_t lsn) { return {Position::Kind::lsn, lsn, 0, {}}; }

Position parse_position(std::string_view text) {
  if (text.empty()) return {};
  if (auto lsn = parse_lsn(text)) return *lsn;
  if (auto binlog = parse_binlog(text)) return *binlog;
  throw Error(ErrorKind::config, fmt::format("\"{}\" is no position of a source", text))
      .hint("write an LSN such as 16/B374D848");
}

std::strong_ordering operator<=>(const Position& a, const Position& b) {
  if (a.known() && b.known() && a.kind != b.kind)
    throw Error(ErrorKind::internal, fmt::format("positions {} and {} cannot be compared", a.text(), b.text()));
  if (a.kind != b.kind) return a.known() ? std::strong_ordering::greater : std::strong_ordering::less;
  if (const auto order = a.high <=> b.high; order != 0) return order;
  return a.low <=> b.low;
}

}  // namespace dbsync
