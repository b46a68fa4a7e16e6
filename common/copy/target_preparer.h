// What happens to the target tables before the first row is sent: missing ones
// are created when that was asked for, filled ones are accepted, emptied or
// refused, and what an earlier run left is taken up or emptied. Runs on one
// connection, before the workers start.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "copy/copy_job.h"
#include "copy/load_guards.h"
#include "copy/load_journal.h"

namespace dbsync {

struct PreparedTask {
  TargetTable target;
  bool truncate_first = false;     // before its first row, by the worker
  bool replica = false;            // its rows go in with session_replication_role = replica
  std::vector<std::size_t> after;  // tasks whose rows must be in before its own
  bool fresh = false;              // created by this run for this task alone: nothing is in it
  bool owned = false;              // holds no rows but ours, so it may be emptied
  int journal = -1;                // its number in the journal; -1 = there is no journal
  bool planned = false;            // `chunks` are all there are
  std::vector<JournalChunk> chunks;
  std::set<std::string> steps;  // after the load, done by an earlier run

  bool loaded() const;
};

// The journal of this run, if there is one, and what it held at the start.
struct JournalState {
  LoadJournal* journal = nullptr;
  EarlierRun earlier = {};
  std::string snapshot = {};  // of this run
};

// Notes in the journal that the run begins. Fills in `results` (failed, created) for tasks that cannot run, and takes
// off what `guards` say. One entry per task; those of failed tasks are not to be used.
std::vector<PreparedTask> prepare_targets(PgConnection& target, const Dialect& dialect,
                                          const std::vector<CopyTask>& tasks, const JobOptions& options,
                                          const JournalState& state, std::vector<TaskResult>& results,
                                          LoadGuards& guards);

// Empties the table that the task goes into, in a transaction of its own when there is none.
void empty_for(PgConnection& target, const PreparedTask& task);

// True when the task is to be cut into chunks.
bool is_large(const CopyTask& task, const JobOptions& options);

}  // namespace dbsync
