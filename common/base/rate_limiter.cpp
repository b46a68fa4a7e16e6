#include "base/rate_limiter.h"

#include <algorithm>

namespace dbsync {

void RateLimiter::take(std::uint64_t rows, std::uint64_t bytes, const std::stop_token& stop) {
  if (!rate_.limited()) return;
  double seconds = 0;
  if (rate_.rows > 0) seconds = static_cast<double>(rows) / static_cast<double>(rate_.rows);
  if (rate_.bytes > 0) seconds = std::max(seconds, static_cast<double>(bytes) / static_cast<double>(rate_.bytes));
  std::unique_lock lock(mutex_);
  next_ = std::max(next_, Clock::now()) +
          std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  const Clock::time_point until = next_;
  never_.wait_until(lock, stop, until, [] { return false; });
}

}  // namespace dbsync
