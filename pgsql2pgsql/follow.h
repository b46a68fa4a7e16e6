// Follows the source of a task until told to end: reconnects, goes on where the
// target is, tells how far it is.
//
// Errors that another attempt can mend (lost connections, restarting servers) are
// waited out for some minutes; all others end it. Threads: called from main; the
// threads are those of run_follow_job.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <stop_token>
#include <string>

#include "cdc/position.h"
#include "config/config.h"
#include "pgsql2pgsql/follow_task.h"
#include "pgsql2pgsql/schema_names.h"
#include "status/run_status.h"

namespace dbsync {

// How far a task is: what the status tables keep, and for the log what was applied
// since this process connected last.
struct FollowFigures : FollowStatus {
  std::uint64_t transactions_here = 0;
};

struct FollowRequest {
  const Config& config;
  const FollowTask& task;
  const SchemaMap& map;     // of the source's schemas to the target's
  std::string end_at;       // --end-at: "" = go on, "now", or a position
  // Only changes of these tables are applied, by their names in the stream; null: all.
  const std::set<QualifiedName>* only = nullptr;
  // Called about every ten seconds, and at the end.
  std::function<void(const FollowFigures&)> figures;
};

// A task whose progress row is there. True at the end, false when stopped.
bool run_follow(const FollowRequest& request, const std::stop_token& drain, const std::stop_token& cancel);

// Makes the target's tables, without those that are `complete`, fit what the source has
// now: before they are copied anew.
void fit_tables(const FollowRequest& request, const std::set<QualifiedName>& complete);

// Throws when the slot keeps more WAL than the task may have kept and was told to
// stop then; warns, once a minute, when it may not or when the WAL is in danger.
class RetainedWalGuard {
 public:
  RetainedWalGuard(const FollowConfig& config, std::string slot) : config_(config), slot_(std::move(slot)) {}

  // What the slot keeps now.
  void check(std::uint64_t retained_bytes, const std::string& wal_status);
  // The slot was found to keep too much: drops it, throws.
  [[noreturn]] void give_up(PgConnection& source, const Error& error) const;

 private:
  const FollowConfig& config_;
  std::string slot_;
  std::chrono::steady_clock::time_point last_warning_{};
};

// The slot keeps more WAL than it may, and the task was told to stop then.
class OverLimit : public Error {
 public:
  using Error::Error;
};

}  // namespace dbsync
