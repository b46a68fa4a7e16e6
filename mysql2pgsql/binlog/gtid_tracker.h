// Which GTIDs a task has applied at a position: told by the stream, asked by the thread
// that applies.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <utility>

#include "cdc/position.h"
#include "mysql2pgsql/binlog/gtid_set.h"

namespace dbsync {

class GtidTracker {
 public:
  // `applied`: where the stream begins.
  explicit GtidTracker(GtidSet applied) : set_(std::move(applied)), text_(set_.text()) {}

  // A transaction, in the order of the log.
  void add(const Position& end, std::string gtid) {
    const std::lock_guard lock(mutex_);
    passed_.push_back({end.high, end.low, std::move(gtid)});
  }

  // Of all that ends there or before; positions only rise.
  std::string at(const Position& position) {
    const std::lock_guard lock(mutex_);
    const std::pair here(position.high, position.low);
    bool more = false;
    for (; !passed_.empty() && std::pair(passed_.front().high, passed_.front().low) <= here; passed_.pop_front()) {
      set_.add(passed_.front().gtid);
      more = true;
    }
    if (more) text_ = set_.text();
    return text_;
  }

 private:
  struct Passed {
    std::uint64_t high, low;  // of the position where it ends
    std::string gtid;
  };

  std::mutex mutex_;
  std::deque<Passed> passed_;
  GtidSet set_;
  std::string text_;
};

}  // namespace dbsync
