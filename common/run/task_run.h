// A run of a task from its beginning to its end: a copy and the changes since, whatever
// of it earlier runs have done already.
//
// An unfinished copy goes on at a later moment: later_moment() gives one, the complete
// tables are brought to it by following, and the others are copied from it. So at any
// time every complete table is at the position of the progress row, whatever the copy
// went through. Tables that are copied again (--resync) have a row of their own until they
// are where the others are: resync_run.h.
//
// Threads: called from main. Errors: those of its parts.
#pragma once

#include "run/followed_task.h"
#include "run/source_program.h"

namespace dbsync {

struct TaskMakers {
  ProgramFactory program;
  TaskFactory task;  // null: the program cannot follow
  // Without an option the program follows where the source allows it; else following is
  // always asked for, and what is in its way is an error.
  bool follows_by_default = true;
  // Opens what a copy asks of the source first, ahead of its use; for as long as what is
  // returned lives. Null: nothing.
  std::function<std::shared_ptr<void>(const Config&)> open_source_ahead = {};
};

// Whose journal and lock a run has. Connects to nothing.
JournalKey journal_key_of(const RunRequest& request, const TaskMakers& makers);

// The exit status. Unless following was asked for: copies and follows when the source
// can send its changes, else says why it cannot, and copies.
int run_task(const RunRequest& request, const TaskMakers& makers);

// --cleanup: what following left to do, then all that belongs to the task, and the
// journal of the copy.
int run_cleanup(const RunRequest& request, const TaskMakers& makers);

}  // namespace dbsync
