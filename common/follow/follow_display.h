// What a terminal shows while changes are followed.
//
// Threads: set() by the follower, the rest by the progress reporter.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "status/run_status.h"

namespace dbsync {

// How far a task is: what the status tables keep, and for the log what was applied
// since this process connected last.
struct FollowFigures : FollowStatus {
  std::uint64_t transactions_here = 0;
};

class FollowDisplay {
 public:
  void set(const FollowFigures& figures);
  ProgressSource source();

 private:
  using Clock = std::chrono::steady_clock;

  std::vector<std::string> lines();

  std::mutex mutex_;
  std::optional<FollowFigures> figures_;
  double changes_per_second_ = 0;
  Clock::time_point time_ = Clock::now();
};

// "applied up to 0/16B3748: 3 transactions, …": also for the log.
std::string describe(const FollowFigures& figures);

}  // namespace dbsync
