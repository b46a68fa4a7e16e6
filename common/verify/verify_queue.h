// Hands out the work of one pass over the tables that are compared: first the
// parts of tables that are under way, then the next table to plan, so that few
// tables hold memory at the same time.
//
// Threads: any; workers block in next() while others may still produce work.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>

#include "verify/row_diff.h"

namespace dbsync {

struct VerifyItem {
  std::size_t table = 0;
  bool plan = false;  // find the parts of the table; else read one
  Side side = Side::source;
  std::size_t part = 0;
};

class VerifyQueue {
 public:
  void push(VerifyItem item) {
    const std::lock_guard lock(mutex_);
    (item.plan ? plans_ : parts_).push_back(item);
    changed_.notify_one();
  }

  // Nothing when all is done or `stop` was requested. done() must follow.
  std::optional<VerifyItem> next(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      std::deque<VerifyItem>& items = parts_.empty() ? plans_ : parts_;
      if (!items.empty()) {
        const VerifyItem item = items.front();
        items.pop_front();
        ++active_;
        return item;
      }
      if (active_ == 0) break;
      changed_.wait(lock, stop, [this] { return active_ == 0 || !parts_.empty() || !plans_.empty(); });
    }
    changed_.notify_all();
    return std::nullopt;
  }

  void done() {
    const std::lock_guard lock(mutex_);
    --active_;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<VerifyItem> parts_;
  std::deque<VerifyItem> plans_;
  std::size_t active_ = 0;
};

}  // namespace dbsync
