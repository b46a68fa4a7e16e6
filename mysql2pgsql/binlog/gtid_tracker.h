// Which GTIDs a task has applied at a position: told by the stream, asked by the thread
// that applies.
//
// Threads: any.
#pragma once

#include <cstddef>
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
  explicit GtidTracker(GtidSet applied) : settled_(std::move(applied)), asked_(settled_), text_(asked_.text()) {}

  // A transaction, in the order of the log.
  void add(const Position& end, std::string gtid) {
    const std::lock_guard lock(mutex_);
    passed_.push_back({place_of(end), std::move(gtid)});
  }

  // Of all that ends there or before. A group of transactions that does not fit is applied
  // one by one: then the position asked for is before the last one.
  std::string at(const Position& position) {
    const std::lock_guard lock(mutex_);
    const Place here = place_of(position);
    bool changed = false;
    if (in_asked_ > 0 && passed_[in_asked_ - 1].end > here) {
      asked_ = settled_;
      in_asked_ = 0;
      changed = true;
    }
    for (; in_asked_ < passed_.size() && passed_[in_asked_].end <= here; ++in_asked_) {
      asked_.add(passed_[in_asked_].gtid);
      changed = true;
    }
    if (changed) text_ = asked_.text();
    return text_;
  }

  // What ends before `position` is not asked for any more.
  void settle(const Position& position) {
    const std::lock_guard lock(mutex_);
    const Place here = place_of(position);
    for (; in_asked_ > 0 && passed_.front().end <= here; --in_asked_) {
      settled_.add(passed_.front().gtid);
      passed_.pop_front();
    }
  }

 private:
  using Place = std::pair<std::uint64_t, std::uint64_t>;
  struct Passed {
    Place end;
    std::string gtid;
  };

  static Place place_of(const Position& position) { return {position.high, position.low}; }

  std::mutex mutex_;
  std::deque<Passed> passed_;  // behind what is settled
  GtidSet settled_;
  GtidSet asked_;             // where at() was asked for last: settled_ and the first ones of passed_
  std::size_t in_asked_ = 0;  // how many of them
  std::string text_;          // of asked_
};

}  // namespace dbsync
