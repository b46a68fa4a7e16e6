// The books of a running copy: the state and the result of each task and what its
// progress display shows, kept together under one mutex.
//
// A task waits, runs from its first item on, and is done when its last item has ended
// well; the first failure of an item is its result. What follows the rows (post_steps.h)
// adds its errors.
//
// Threads: any, but for result(), which is for one thread: before the workers start and
// after they have ended.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "copy/chunk_sink.h"
#include "copy/job_progress.h"
#include "copy/job_result.h"

namespace dbsync {

class JobLedger {
 public:
  // Tasks with a problem have failed, and the log says so.
  JobLedger(std::vector<CopyTask> tasks, unsigned workers);

  const std::vector<CopyTask>& tasks() const { return result_.tasks; }
  const CopyTask& task(std::size_t task) const { return result_.tasks[task]; }
  JobResult& result() { return result_; }
  JobProgress& progress() { return progress_; }

  // Before the workers start: the task's items of the queue, and what `result` has of an
  // earlier run. A task without items is done.
  void open_task(std::size_t task, std::size_t items);

  void begin(std::size_t task);
  void add_item(std::size_t task);
  void retry(std::size_t task);
  void add_outcome(std::size_t task, const LoadOutcome& outcome);
  // An item has ended. The result, when the task is done now.
  std::optional<TaskResult> end_item(std::size_t task);
  // False when the task had ended before, by another chunk.
  bool interrupt(std::size_t task);
  // Says it in the log, as report_failure does. Nothing when the task had ended before.
  void fail(const std::string& component, std::size_t task, Error error);

  TaskStatus status(std::size_t task) const;
  std::vector<std::string> changed_columns(std::size_t task) const;
  void add_post_error(std::size_t task, Error error);
  void add_left_out(std::size_t task, std::string what);

 private:
  using Clock = std::chrono::steady_clock;

  struct TaskState {
    Clock::time_point start;
    std::size_t left = 1;  // items of the queue that are to load or plan it
  };

  JobResult result_;
  JobProgress progress_;
  mutable std::mutex mutex_;  // guards states_ and result_.results
  std::vector<TaskState> states_;
};

}  // namespace dbsync
