// What a running copy says about itself: counters that its workers add to, and
// the lines that the progress reporter shows.
//
// Threads: any.
#pragma once

#include <chrono>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "base/progress.h"
#include "copy/snapshot_source.h"
#include "copy/table_loader.h"

namespace dbsync {

enum class TaskStatus { waiting, running, done, failed, interrupted };

// How far one task is.
struct TaskView {
  TaskStatus status = TaskStatus::waiting;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
};

class JobProgress {
 public:
  // Keeps a reference to the tasks.
  explicit JobProgress(const std::vector<CopyTask>& tasks);

  TaskProgress& counters(std::size_t task) { return counters_[task]; }
  void set_status(std::size_t task, TaskStatus status);
  // Times count from here.
  void start() { start_ = Clock::now(); }
  ProgressSource source();
  std::vector<TaskView> view();  // one per task

 private:
  using Clock = std::chrono::steady_clock;

  struct Totals {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::size_t done = 0;
    std::size_t failed = 0;
    std::vector<std::size_t> running;
  };

  Totals totals();
  std::string overall(const Totals& totals) const;
  std::string task_line(std::size_t task) const;
  std::string display(unsigned width);

  const std::vector<CopyTask>& tasks_;
  std::deque<TaskProgress> counters_;  // a deque: atomics cannot move
  std::mutex mutex_;                   // guards statuses_
  std::vector<TaskStatus> statuses_;
  Clock::time_point start_;
};

// "12,345", for rows in `seconds`.
std::string rows_per_second(std::uint64_t rows, double seconds);

}  // namespace dbsync
