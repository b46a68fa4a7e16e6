// What happens to the target tables before the first row is sent: missing ones
// are created when that was asked for, and filled ones are accepted, emptied or
// refused. Runs on one connection, before the workers start.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "copy/copy_job.h"

namespace dbsync {

struct PreparedTask {
  TargetTable target;
  bool truncate_first = false;  // before its first row, by the worker
  bool fresh = false;           // created by this run for this task alone: nothing is in it
};

// Fills in `results` (failed, created) for tasks that cannot run. One entry per
// task; those of failed tasks are not to be used.
std::vector<PreparedTask> prepare_targets(PgConnection& target, const Dialect& dialect,
                                          const std::vector<CopyTask>& tasks, const JobOptions& options,
                                          std::vector<TaskResult>& results);

}  // namespace dbsync
