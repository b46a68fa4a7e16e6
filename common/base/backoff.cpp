#include "base/backoff.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <random>

namespace dbsync {

double backoff_seconds(unsigned number, double interval) {
  constexpr double kMost = 60;
  thread_local std::minstd_rand random{std::random_device{}()};
  const double doubled = interval * std::exp2(static_cast<double>(std::clamp(number, 1U, 30U) - 1));
  return std::min(doubled, kMost) * std::uniform_real_distribution<double>(0.5, 1.0)(random);
}

bool wait_for(double seconds, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, std::chrono::duration<double>(seconds), [] { return false; });
  return !stop.stop_requested();
}

}  // namespace dbsync
