// Holds all workers together to a number of rows or bytes a second, so that a
// source in production keeps its breath (--max-rate).
//
// A schedule, not a bucket: each take() moves the moment at which the next one
// may go on. After an idle time nothing is caught up.
//
// Threads: any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace dbsync {

// 0 = no limit.
struct MaxRate {
  std::uint64_t rows = 0;   // a second
  std::uint64_t bytes = 0;  // a second, as encoded for COPY

  bool limited() const { return rows > 0 || bytes > 0; }
};

class RateLimiter {
 public:
  explicit RateLimiter(MaxRate rate) : rate_(rate) {}

  // Called with what was just read; returns when more may be read, or at once
  // when `stop` is requested.
  void take(std::uint64_t rows, std::uint64_t bytes, const std::stop_token& stop);

 private:
  using Clock = std::chrono::steady_clock;

  const MaxRate rate_;
  std::mutex mutex_;
  std::condition_variable_any never_;
  Clock::time_point next_{};
};

}  // namespace dbsync
