// What a full copy tells of its tasks, while it runs and at its end.
//
// Threads: plain values; while workers run, they are the ledger's (job_ledger.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/optional_box.h"
#include "copy/chunk_sink.h"
#include "copy/job_progress.h"
#include "copy/snapshot_source.h"
#include "status/steps.h"

namespace dbsync {

struct TaskResult {
  TaskStatus status = TaskStatus::waiting;
  LoadOutcome outcome;          // of all its chunks
  std::size_t chunks = 1;       // as far as planned
  std::size_t chunks_done = 0;  // committed on the target
  std::size_t resumed = 0;      // of these, by an earlier run
  unsigned retries = 0;
  double seconds = 0;    // from its first chunk's start to its last one's end
  bool created = false;  // its target table was created by this run
  OptionalBox<Error> error;
  // What went wrong with its table after the rows were in: an index, a key.
  std::vector<Error> post_errors;
  StepSummary steps;  // when its table is ours to complete
  // What was not tried, since it needs something that failed and has its own error.
  std::vector<std::string> left_out;
};

struct JobResult {
  SnapshotFacts snapshot;
  std::vector<CopyTask> tasks;      // in the order they were given
  std::vector<TaskResult> results;  // one per task
  std::vector<std::string> notes;   // what is not migrated at all
  std::vector<Error> errors;        // that concern no single task
  double seconds = 0;
  WorkerSeconds spent = {};  // by the workers, while they were at work
  std::string history = {};  // what the source kept for the snapshot (snapshot_watch.h), when it took longer

  std::uint64_t rows() const;  // of finished tasks
  std::uint64_t bytes() const;
  std::uint64_t rejected() const;
  std::size_t count(TaskStatus status) const;
  StepSummary steps() const;  // of all tasks
  // 0 when every task is done, else the code of the first failure in task order,
  // then of `errors`.
  int exit_status() const;
};

// What an error of the task has in common with others (cause_of).
std::string cause_in(const Error& error, const CopyTask& task);

// Marks a task as failed and says so in the log; once for all that share a cause.
void report_failure(const std::string& component, const CopyTask& task, Error error, TaskResult& result);

}  // namespace dbsync
