#include "follow/follow_display.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace dbsync {

std::string describe(const FollowFigures& figures) {
  // A binlog is not kept for the task.
  const std::string kept = figures.retained_bytes > 0
                               ? fmt::format("; the source keeps {} of WAL", format_bytes(figures.retained_bytes))
                               : "";
  return fmt::format("applied up to {}: {} transactions, {} changes; {} behind ({:.1f} s){}", figures.applied,
                     format_count(figures.transactions_here), format_count(figures.changes),
                     format_bytes(figures.lag_bytes), figures.lag_seconds, kept);
}

void FollowDisplay::set(const FollowFigures& figures) {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  const double seconds = std::max(std::chrono::duration<double>(now - time_).count(), 0.001);
  const std::uint64_t before = figures_ ? figures_->changes : 0;
  changes_per_second_ = static_cast<double>(figures.changes > before ? figures.changes - before : 0) / seconds;
  figures_ = figures;
  time_ = now;
}

// The figures are some seconds old at most; their age tells.
std::vector<std::string> FollowDisplay::lines() {
  const std::lock_guard lock(mutex_);
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - time_).count();
  if (!figures_) return {fmt::format("following, {} s", age)};
  std::vector<std::string> out{fmt::format(
      "following: {} behind ({:.1f} s), {:.0f} changes/s{}, {} s ago", format_bytes(figures_->lag_bytes),
      figures_->lag_seconds, changes_per_second_,
      figures_->conflicts > 0 ? fmt::format(", {} conflicts", format_count(figures_->conflicts)) : "", age)};
  out.push_back("  " + describe(*figures_));
  return out;
}

ProgressSource FollowDisplay::source() {
  return {{}, [this](unsigned) { return lines(); }};
}

}  // namespace dbsync
