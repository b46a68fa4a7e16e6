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

// A row as text per column; NULL is nullopt.
using RowText = std::vector<std::pair<std::string, std::optional<std::string>>>;

struct RowLog {
  std::vector<std::size_t> ends;       // offset behind each row in the buffer
  std::vector<std::uint64_t> numbers;  // from 1 in the task
  std::vector<RowText> texts;
};

}  // namespace dbsync
