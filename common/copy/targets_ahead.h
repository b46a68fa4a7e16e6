// Connections of the target for workers, opened side by side while the run still prepares:
// over a distance each costs several round trips.
//
// One that cannot be opened is left out: who needs it opens it by itself and learns why. So
// does who comes late, since what was idle for long may be dead without knowing.
//
// Threads: take() any. Errors: none.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "pg/connection.h"

namespace dbsync {

class TargetsAhead {
 public:
  using Open = std::function<std::unique_ptr<PgConnection>()>;

  // Begins to open `count`; `open` is called by several threads, and must outlive this.
  TargetsAhead(unsigned count, Open open);

  // One of them, when they are there; null when none is left.
  std::unique_ptr<PgConnection> take();

 private:
  std::mutex joining_;
  std::mutex mutex_;  // guards opened_
  std::vector<std::unique_ptr<PgConnection>> opened_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::jthread opener_;  // the last one: it is joined first
};

}  // namespace dbsync
