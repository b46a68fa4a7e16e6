// Keeps the status of one run up to date and never lets it disturb the run: what
// cannot be written is a warning, once. The beginning and the progress of a copy are written in
// a thread beside it; whatever else is told waits for that, and so does the destructor.
//
// Threads: any; calls are made one after the other.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "status/status_store.h"

namespace dbsync {

class StatusWriter {
 public:
  // `run`: task, program, source and destination.
  StatusWriter(std::unique_ptr<StatusStore> store, RunStatus run);
  ~StatusWriter();
  StatusWriter(const StatusWriter&) = delete;
  StatusWriter& operator=(const StatusWriter&) = delete;

  // Records the run: its copy begins now. The first update() does so, too.
  void begin_copy();

  // The tables as they are now, and what has become of the steps behind their rows; the first
  // call says which ones there are. `facts`: of the copy as a whole.
  struct CopyFacts {
    StepSummary steps = {};
    WorkerSeconds spent = {};
    std::string snapshot = {};
    double snapshot_seconds = 0;
  };
  void update(std::vector<TableStatus> tables, const CopyFacts& facts);
  // `state`: done, failed, interrupted, or following when changes are to come.
  void end_copy(const std::vector<TableStatus>& tables, const std::string& state, int exit_status,
                const std::string& message, const CopyFacts& facts);
  // What the source keeps for a task that is still being copied; the next update
  // writes it.
  void retained(std::uint64_t bytes, const std::string& wal_status);
  void follow(const FollowStatus& status);
  void note_follow(const FollowStatus& status);  // the next write has it
  // The same while some tables are being copied.
  void follow_beside(const FollowStatus& status);
  // `state`: done, failed, interrupted.
  void end_following(const std::string& state, int exit_status, const std::string& message);

 private:
  void begin();  // with mutex_ held, as all of these
  void write_following();
  template <class Body>
  void quietly(const Body& body);
  void take(const std::vector<TableStatus>& tables, const CopyFacts& facts);
  void take(const FollowStatus& status);
  void add_up(const std::vector<TableStatus>& tables);
  void write(std::vector<TableStatus> tables, bool ended);
  // When what is being written is.
  std::unique_lock<std::mutex> settled();

  std::mutex posting_;           // of the two below
  std::future<void> beginning_;  // at most one at a time is on its way, of each
  std::future<void> update_;
  std::mutex mutex_;
  std::unique_ptr<StatusStore> store_;
  RunStatus run_;
  std::vector<TableStatus> written_;
  bool tables_added_ = false;
  bool begun_ = false;
  bool following_ = false;
  bool warned_ = false;
};

}  // namespace dbsync
