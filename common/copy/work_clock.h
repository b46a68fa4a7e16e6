// Tells where a worker's time goes (status/worker_seconds.h). The time between two calls of
// enter() goes to what the first one names, but for what this thread has spent on a
// processor meanwhile, which is work of its own: so nobody has to say when a client library
// waits and when it works. Two readings of clocks a call: for buffers, not for rows.
//
// Threads: enter() belongs to one, the worker's; seconds() to any.
// Source: clock_gettime(2), CLOCK_THREAD_CPUTIME_ID.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "status/worker_seconds.h"

namespace dbsync {

class WorkClock {
 public:
  // The first call starts the clock.
  void enter(Spent what) noexcept;
  // Up to now. Of what is under way all counts as waiting, until its end.
  WorkerSeconds seconds() const noexcept;

 private:
  std::array<std::atomic<std::int64_t>, kSpentKinds> nanoseconds_{};
  std::atomic<Spent> now_{Spent::idle};
  std::atomic<std::int64_t> since_{0};  // of the steady clock; 0 = not started
  std::int64_t cpu_ = 0;
};

// From construction to destruction, after which it is idle.
class Spends {
 public:
  Spends(WorkClock& clock, Spent what) : clock_(clock) { clock_.enter(what); }
  ~Spends() { clock_.enter(Spent::idle); }
  Spends(const Spends&) = delete;
  Spends& operator=(const Spends&) = delete;

 private:
  WorkClock& clock_;
};

}  // namespace dbsync
