#include "copy/work_clock.h"

#include <time.h>

#include <algorithm>

namespace dbsync {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t read_clock(clockid_t which) noexcept {
  timespec time{};
  ::clock_gettime(which, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

}  // namespace

void WorkClock::enter(Spent what) noexcept {
  const std::int64_t now = read_clock(CLOCK_MONOTONIC);
  const std::int64_t cpu = read_clock(CLOCK_THREAD_CPUTIME_ID);
  if (const std::int64_t since = since_.load(std::memory_order_relaxed); since > 0) {
    const std::int64_t own = std::clamp<std::int64_t>(cpu - cpu_, 0, now - since);
    const auto at = [this](Spent kind) -> auto& { return nanoseconds_[static_cast<std::size_t>(kind)]; };
    at(Spent::own).fetch_add(own, std::memory_order_relaxed);
    at(now_.load(std::memory_order_relaxed)).fetch_add(now - since - own, std::memory_order_relaxed);
  }
  cpu_ = cpu;
  now_.store(what, std::memory_order_relaxed);
  since_.store(now, std::memory_order_relaxed);
}

WorkerSeconds WorkClock::seconds() const noexcept {
  WorkerSeconds out;
  for (std::size_t i = 0; i < out.of.size(); ++i)
    out.of[i] = static_cast<double>(nanoseconds_[i].load(std::memory_order_relaxed)) / kSecond;
  if (const std::int64_t since = since_.load(std::memory_order_relaxed); since > 0)
    out[now_.load(std::memory_order_relaxed)] +=
        static_cast<double>(std::max<std::int64_t>(0, read_clock(CLOCK_MONOTONIC) - since)) / kSecond;
  return out;
}

}  // namespace dbsync
