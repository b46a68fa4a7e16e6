// Follows the source of a task until told to end: reconnects, goes on where the
// target is, tells how far it is.
//
// Errors that another attempt can mend (lost connections, restarting servers) are
// waited out for some minutes; all others end it. Threads: called from main; the
// threads are those of run_follow_job.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "cdc/position.h"
#include "config/config.h"
#include "config/options.h"
#include "pgsql2pgsql/follow_task.h"

namespace dbsync {

// How far a task is, for status tables and the log.
struct FollowFigures {
  Position applied;                 // on the target
  Position source;                  // end of the source's WAL
  std::uint64_t transactions = 0;   // applied since this process started
  std::uint64_t changes = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t lag_bytes = 0;      // of WAL between the two
  double lag_seconds = 0;           // age of the last applied transaction, 0 when nothing waits
  std::int64_t source_time = 0;     // its commit, µs since 1970; 0 = none yet
  std::uint64_t retained_bytes = 0;  // of WAL that the source keeps for the slot
  std::string wal_status;
};

struct FollowHooks {
  // Called about every ten seconds, and at the end.
  std::function<void(const FollowFigures&)> figures;
};

// A task in state `following`. Returns the exit status: 0 at --end-at, 130 when
// stopped.
int run_follow(const Config& config, const Options& options, const FollowTask& task, const FollowHooks& hooks,
               const std::stop_token& drain, const std::stop_token& cancel);

// --follow-only: begins the task when there is none, then run_follow.
int follow_only(const Config& config, const Options& options, const std::stop_token& drain,
                const std::stop_token& cancel);

// --cleanup.
int cleanup(const Config& config);

}  // namespace dbsync
