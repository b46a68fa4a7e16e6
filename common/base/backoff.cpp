#include "base/backoff.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <random>

#include <fmt/format.h>

#include "base/log.h"

namespace dbsync {

double backoff_seconds(unsigned number, double interval) {
  constexpr double kMost = 60;
  thread_local std::minstd_rand random{std::random_device{}()};
  const double doubled = interval * std::exp2(static_cast<double>(std::clamp(number, 1U, 30U) - 1));
  return std::min(doubled, kMost) * std::uniform_real_distribution<double>(0.5, 1.0)(random);
}

bool wait_before(const NewTry& next, const std::string& component, std::string_view what, const Error& failure,
                 const std::stop_token& stop) {
  const double seconds = backoff_seconds(next.number, next.interval);
  log::warning(component, fmt::format("{}: try {} of {} in {:.1f} s after: {}", what, next.number, next.most, seconds,
                                      failure.what()));
  return wait_for(seconds, stop);
}

bool wait_for(double seconds, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, std::chrono::duration<double>(seconds), [] { return false; });
  return !stop.stop_requested();
}

}  // namespace dbsync
