// Watches over the snapshot of a long copy: how old it is, and what the source keeps for it
// and cannot clean up meanwhile. Says so now and then, and warns when its users may feel it.
//
// Threads: look() belongs to one; the others to any.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "copy/snapshot_source.h"

namespace dbsync {

class SnapshotWatch {
 public:
  using Clock = std::chrono::steady_clock;

  // Short copies are not looked at: they are none of the source's troubles.
  static constexpr std::chrono::seconds kFirstLook{3};
  static constexpr std::chrono::minutes kInterval{10};
  static constexpr std::chrono::hours kWarning{4};  // of age, and again after each

  // The source must outlive it.
  SnapshotWatch(SnapshotSource& source, Clock::time_point opened) : source_(source), opened_(opened) {}

  // To be called every few seconds; asks the source once in a while. Errors: none leave it.
  void look(Clock::time_point now);

  // "3h12m05s old; the source keeps 5,012,345 transactions whose undo … for it"; "" = not
  // looked at yet.
  std::string text() const;
  double seconds(Clock::time_point now) const;

 private:
  void ask(Clock::time_point now);
  // Why to warn now; "" = no reason.
  std::string reason(Clock::time_point now);

  SnapshotSource& source_;
  Clock::time_point opened_;
  Clock::time_point next_look_ = opened_ + kFirstLook;
  Clock::time_point next_warning_ = opened_ + kWarning;
  std::uint64_t warned_at_ = 0;  // what was kept then
  mutable std::mutex mutex_;     // guards what follows
  std::optional<SnapshotHistory> history_;
  std::string text_;
};

}  // namespace dbsync
