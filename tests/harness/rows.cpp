#include "tests/harness/rows.h"

#include <algorithm>

#include <fmt/format.h>

namespace dbsync::test {

namespace {

constexpr std::size_t kLongestValue = 200;
constexpr std::size_t kMostRows = 20;
constexpr std::size_t kMostDifferences = 5;

std::string show(const Row& row) {
  std::string out;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out += " | ";
    const std::string& value = row[i] ? *row[i] : "\\N";
    out += value.substr(0, kLongestValue);
    if (value.size() > kLongestValue) out += fmt::format("… ({} bytes)", value.size());
  }
  return out;
}

}  // namespace

std::string show(const Rows& rows) {
  std::string out;
  for (std::size_t i = 0; i < std::min(rows.size(), kMostRows); ++i) out += show(rows[i]) + "\n";
  if (rows.size() > kMostRows) out += fmt::format("… {} rows in all\n", rows.size());
  return out;
}

std::string difference(const Rows& expected, const Rows& actual) {
  std::string out;
  if (expected.size() != actual.size())
    out += fmt::format("expected {} rows, got {}\n", expected.size(), actual.size());
  std::size_t shown = 0;
  for (std::size_t i = 0; i < std::max(expected.size(), actual.size()) && shown < kMostDifferences; ++i) {
    if (i < expected.size() && i < actual.size() && expected[i] == actual[i]) continue;
    ++shown;
    out += fmt::format("row {}\n  expected: {}\n  actual:   {}\n", i + 1,
                       i < expected.size() ? show(expected[i]) : "(no row)",
                       i < actual.size() ? show(actual[i]) : "(no row)");
  }
  return out;
}

}  // namespace dbsync::test
