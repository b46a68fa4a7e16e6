// One run at a time for a task: a lock on the target, held from before anything is read
// that a run decides by, to its end.
//
// It is an advisory lock of a session of its own, so that a run that was killed leaves
// none behind, no rights are needed for it, and tasks that share a target do not wait
// for each other. Who holds it, and since when, stands in the session's
// application_name, which every role may read in pg_stat_activity.
//
// A thread watches the session: when it was lost, the lock is taken again; when another
// run has it by then, lost() asks this one to stop. Meanwhile the journal's chunks and the
// task's position keep two runs from doing the same twice.
//
// Threads: one, but lost(). Errors: ErrorKind::target, with the name of the holder.
// Source: PostgreSQL manual, "Advisory Locks"; Greenplum has them on its coordinator.
#pragma once

#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "pg/connection.h"

namespace dbsync {

class TaskLock {
 public:
  // Takes the lock of `task`, whatever identifies it among the tasks of the target.
  // Waits a moment for a run of this machine that has ended, and for no other.
  TaskLock(const std::string& conninfo, const std::string& program, const std::string& task);
  ~TaskLock();
  TaskLock(const TaskLock&) = delete;
  TaskLock& operator=(const TaskLock&) = delete;

  // Another name of the same task.
  void add(const std::string& task);

  // Requested when another run has the lock.
  std::stop_token lost() const { return lost_.get_token(); }
  // To be asked when a run has ended: throws when the lock was lost.
  void check() const;

 private:
  void connect();
  void prove_and_add(const std::string& task);
  void take(const std::string& task);
  bool try_lock(const std::string& task);
  [[noreturn]] void refuse(const std::string& task);
  void watch(const std::stop_token& stop);
  void take_again();

  const std::string conninfo_;
  const std::string holder_;  // "mysql2pgsql 4711@host since 2026-11-26 20:15:00 UTC"
  std::mutex mutex_;          // the connection is used by one thread at a time
  std::unique_ptr<PgConnection> connection_;
  std::vector<std::string> tasks_;
  std::stop_source lost_;
  std::jthread watcher_;
};

}  // namespace dbsync
