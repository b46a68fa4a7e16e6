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
#include "copy/load_journal.h"

namespace dbsync {

struct PreparedTask {
  TargetTable target;
  bool truncate_first = false;  // before its first row, by the worker
  bool fresh = false;           // created by this run for this task alone: nothing is in it
  bool owned = false;           // holds no rows but ours, so it may be emptied
  int journal = -1;             // its number in the journal; -1 = there is no journal
  bool planned = false;         // `chunks` are all there are
  std::vector<JournalChunk> chunks;
  std::set<std::string> steps;  // after the load, done by an earlier run

  bool loaded() const;
};

// The journal of this run, if there is one, and what it held at the start.
struct JournalState {
  LoadJournal* journal = nullptr;
  EarlierRun earlier;
};

// Fills in `results` (failed, created) for tasks that cannot run. One entry per
// task; those of failed tasks are not to be used.
std::vector<PreparedTask> prepare_targets(PgConnection& target, const Dialect& dialect,
                                          const std::vector<CopyTask>& tasks, const JobOptions& options,
                                          const JournalState& state, std::vector<TaskResult>& results);

// True when the task is to be cut into chunks.
bool is_large(const CopyTask& task, const JobOptions& options);

}  // namespace dbsync
