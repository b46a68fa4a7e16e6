// Follows a source: one thread receives, this one applies.
//
//   ChangeStream ──> receiver ──> BoundedQueue<Transaction> ──> Applier
//        ^───────── confirm(position), once it is durable ─────────┘
//
// The receiver owns the stream, and never waits for the target longer than until
// the stream's next heartbeat: the source hears from it however slow the target
// is. Many transactions that wait become one group; when none waits, the next is
// applied at once, unless FollowLimits::group_wait says otherwise, or it is old: then a
// few milliseconds are given to more.
//
// Ends at `end`, at `stop` (at the end of the transactions that are being
// applied), or with the first error of either side; what was received whole
// before a source's error is applied first.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>

#include "cdc/applier.h"
#include "cdc/change_stream.h"

namespace dbsync {

struct FollowLimits {
  std::size_t queue_transactions = 40000;
  std::size_t queue_bytes = std::size_t{32} << 20;
  std::size_t group_transactions = 5000;
  // Of one that begins far behind: fewer groups wait less often for the target's answers,
  // which takes long over a distance.
  std::size_t group_transactions_behind = 50000;
  std::uint64_t group_changes = 100000;
  std::uint64_t group_bytes = std::uint64_t{8} << 20;
  std::uint64_t group_bytes_behind = std::uint64_t{24} << 20;
  // How long a group that is not full waits for more; 0 = it is what waits already.
  std::chrono::seconds group_wait{0};
};

struct FollowOptions {
  Position end;  // stop when everything before it is applied; unknown = go on
  FollowLimits limits;
  // Called in the applying thread about once a second.
  std::function<void(const Applier& applier, const Position& seen)> report;
};

enum class FollowEnd { reached, stopped };

// Errors: those of stream and applier.
FollowEnd run_follow_job(ChangeStream& stream, Applier& applier, const FollowOptions& options,
                         const std::stop_token& stop);

}  // namespace dbsync
