#include "mysql2pgsql/source/key_range.h"

#include <algorithm>

namespace dbsync {

namespace {

constexpr std::uint64_t kFineParts = 4;      // the last quarter's chunks are this much smaller
constexpr std::size_t kMostBounds = 100000;  // estimates may be absurd; bounds must stay few

// Halves [from, to], left before right, and appends each part's first key.
class Bisection {
 public:
  Bisection(std::uint64_t rows, const KeyProbes& probes) : rows_(std::max<std::uint64_t>(rows, 1)), probes_(probes) {}

  void cut(WideInt from, WideInt to) {
    const bool small = from >= to || probes_.rows(from, to) <= rows_ + rows_ / 2;
    if (small || bounds_.size() >= kMostBounds) {
      bounds_.push_back(from);
      return;
    }
    const WideInt middle = from + (to - from) / 2;
    const auto left_end = probes_.previous(middle);
    const auto right_begin = probes_.next(middle + 1);
    const bool left = left_end && *left_end >= from;
    const bool right = right_begin && *right_begin <= to;
    if (left) cut(from, *left_end);
    if (right) cut(*right_begin, to);
    if (!left && !right) bounds_.push_back(from);  // rows went away meanwhile
  }

  std::vector<WideInt> bounds() { return std::move(bounds_); }

 private:
  const std::uint64_t rows_;
  const KeyProbes& probes_;
  std::vector<WideInt> bounds_;
};

// Everything after the bound (or from it on), or everything before it: one
// alternative per column, so that the server can read each as an index range.
std::string beyond(const std::vector<std::string>& columns, const KeyBound& bound, bool from) {
  std::string out;
  std::string equal;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const bool last = i + 1 == columns.size();
    const std::string compare = columns[i] + (from ? (last ? " >= " : " > ") : " < ") + bound[i];
    out += (out.empty() ? "" : " OR ") + (equal.empty() ? compare : "(" + equal + compare + ")");
    equal += columns[i] + " = " + bound[i] + " AND ";
  }
  return columns.size() == 1 ? out : "(" + out + ")";
}

}  // namespace

std::string wide_text(WideInt value) {
  if (value == 0) return "0";
  const bool negative = value < 0;
  std::string out;
  // Digit by digit from the value itself: the least one has no positive twin.
  for (; value != 0; value /= 10) {
    const int digit = static_cast<int>(value % 10);
    out += static_cast<char>('0' + (digit < 0 ? -digit : digit));
  }
  if (negative) out += '-';
  std::reverse(out.begin(), out.end());
  return out;
}

std::optional<WideInt> parse_wide(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 38) return std::nullopt;
  WideInt value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (negative ? '0' - c : c - '0');
  }
  return value;
}

std::vector<WideInt> even_bounds(WideInt least, WideInt most, std::uint64_t chunks) {
  std::vector<WideInt> bounds;
  chunks = std::clamp<std::uint64_t>(chunks, 1, kMostBounds / kFineParts);
  const WideInt parts = static_cast<WideInt>(chunks) * static_cast<WideInt>(kFineParts);
  const WideInt span = most - least;
  const auto at = [&](std::uint64_t part) { return least + span / parts * part + span % parts * part / parts; };
  const std::uint64_t fine_from = (chunks - chunks / 4) * kFineParts;
  for (std::uint64_t part = kFineParts; part < chunks * kFineParts; part += part < fine_from ? kFineParts : 1) {
    const WideInt bound = at(part);
    if (bound > (bounds.empty() ? least : bounds.back())) bounds.push_back(bound);
  }
  return bounds;
}

std::vector<WideInt> bisected_bounds(WideInt least, WideInt most, std::uint64_t rows, const KeyProbes& probes) {
  Bisection bisection(rows, probes);
  bisection.cut(least, most);
  auto bounds = bisection.bounds();
  bounds.erase(bounds.begin());  // the first part is open below
  return bounds;
}

std::string range_predicate(const std::vector<std::string>& columns, const KeyBound& from, const KeyBound& to) {
  std::string out;
  if (!from.empty()) out = beyond(columns, from, true);
  if (!to.empty()) out += (out.empty() ? "" : " AND ") + beyond(columns, to, false);
  return out;
}

}  // namespace dbsync
