// The course of --resync: the other tables of the task are followed while some are copied
// as of a snapshot, at position P of the log; these then get their own changes since, by a
// second reading of the log, and join the others.
//
//   copying      others: from where the task was, on and on     these: rows as of P
//   catching up  others: on and on                              these: from P towards the others
//   meeting      others: stand still, at Q                      these: to Q
//
// Both sides have their position in a row of their own, changed with the changes. So a run
// may end anywhere: an unfinished copy is begun anew at a later moment, and what is copied
// goes on catching up. The others stand still at the end only, while the rest is applied:
// what they got while the round before it ran, and rounds become shorter or are the last. A
// place that the other has passed could not be chosen for them.
//
// Threads: one, the caller's; the others are followed in another. Errors: of following; a
// run that must end is ErrorKind::interrupted.
#pragma once

#include <functional>
#include <memory>
#include <set>

#include "follow/follow_beside.h"
#include "run/followed_task.h"
#include "run/resync.h"

namespace dbsync {

class ResyncRun {
 public:
  // All must outlive it. `failed`: the others cannot be followed; called from another thread.
  ResyncRun(const RunRequest& request, FollowedTask& task, StatusWriter& status, const Resync& again,
            std::function<void()> failed);

  // Whether an earlier run has copied all of them, so that catching up goes on.
  bool copied();

  // The others are followed from now on.
  void follow_others();
  // The rows will be as of that place.
  void begin_copy(const Position& moment);
  // Rows are in. Returns when all tables of the task are at one place, and it is a task that
  // follows again; nothing is followed then.
  void meet();
  // From here on all are followed, until end().
  void follow_all();
  // Throws what following has failed with.
  void end() { beside_.stop(); }

 private:
  PgConnection& target();
  FollowRequest request_of(FollowSource& log) const;
  void follow_beside(const std::set<QualifiedName>* except);
  Position others_at();
  Position these_at();
  void bring_these(const Position& end);
  void bring_others(const Position& end);
  void catch_up();
  void join();
  [[noreturn]] void copy_anew(const Error& why);

  const RunRequest& request_;
  FollowedTask& task_;
  StatusWriter& status_;
  const Resync& again_;
  std::set<QualifiedName> passed_;  // over by the other thread: all that were to be copied at any time
  FollowBeside beside_;
  std::unique_ptr<PgConnection> target_;
  bool copied_before_ = false;
};

}  // namespace dbsync
