// What is known of the rows in a CopyBuffer beyond their bytes; kept only when
// rows may be set aside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dbsync {

// Of a value as text no more is kept than this: a row near the limit of 1 GiB must
// not need several times its size to be set aside.
inline constexpr std::size_t kKeptBytes = 1 << 20;

struct ValueText {
  ValueText() = default;
  ValueText(std::string whole) : text(std::move(whole)), bytes(text.size()) {}
  ValueText(const char* whole) : ValueText(std::string(whole)) {}
  ValueText(std::string beginning, std::size_t whole_bytes) : text(std::move(beginning)), bytes(whole_bytes) {}

  std::string text;
  std::size_t bytes = 0;  // of the whole value; more than text has when it was cut

  friend bool operator==(const ValueText&, const ValueText&) = default;
};

// A row as text per column; NULL is nullopt.
using RowText = std::vector<std::pair<std::string, std::optional<ValueText>>>;

struct RowLog {
  std::vector<std::size_t> ends;       // offset behind each row in the buffer
  std::vector<std::uint64_t> numbers;  // from 1 in the task
  std::vector<RowText> texts;
};

}  // namespace dbsync
