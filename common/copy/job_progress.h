// What a running job says about itself: counters that its workers add to, and
// the lines that the progress reporter shows.
//
// Threads: any; the functions of source() belong to the reporter's.
#pragma once

#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
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
  std::uint64_t chunks = 1;  // as far as planned
  std::uint64_t chunks_done = 0;
  std::uint64_t retries = 0;
  std::uint64_t rejected = 0;
};

class JobProgress {
 public:
  // Keeps a reference to the tasks. Without workers, the display shows the tasks
  // under way instead.
  explicit JobProgress(const std::vector<CopyTask>& tasks, unsigned workers = 0);

  TaskProgress& counters(std::size_t task) { return counters_[task]; }
  // What the worker itself has copied.
  TaskProgress& worker_counters(unsigned worker) { return workers_[worker].counters; }
  WorkClock& clock(unsigned worker) { return workers_[worker].clock; }
  WorkerSeconds spent() const;  // by all workers, so far
  void set_status(std::size_t task, TaskStatus status);
  // What a worker is at from now on; "" = nothing.
  void set_worker(unsigned worker, std::string doing);
  // Times and rates count from here, not what earlier runs loaded.
  void start();
  ProgressSource source();
  std::vector<TaskView> view();  // one per task

 private:
  using Clock = std::chrono::steady_clock;

  struct Totals {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::uint64_t retries = 0;
    std::uint64_t rejected = 0;
    std::size_t done = 0;
    std::size_t failed = 0;
    std::optional<double> fraction;  // of the work, by the catalog's estimates
    unsigned at_source = 0;          // workers that wait for this server
    unsigned at_target = 0;
    std::vector<std::size_t> running;
  };
  struct Sample {
    Clock::time_point time;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
  };
  struct WorkerState {
    TaskProgress counters;
    WorkClock clock;
    std::string doing;
    Sample begin;
  };

  static Sample sample(const TaskProgress& counters);
  double fraction(std::size_t task, TaskStatus status) const;
  Totals totals();
  std::optional<double> seconds_left(const Totals& totals) const;
  std::string silence(const Totals& totals);
  std::string overall(const Totals& totals, const Sample& since) const;
  ProgressLine line();
  std::string task_line(std::size_t task) const;
  std::vector<std::string> worker_lines();
  std::vector<std::string> display(unsigned rows);

  const std::vector<CopyTask>& tasks_;
  std::deque<TaskProgress> counters_;  // deques: atomics cannot move
  std::deque<WorkerState> workers_;
  std::mutex mutex_;  // guards statuses_ and what the workers do
  std::vector<TaskStatus> statuses_;
  Sample start_;
  double start_fraction_ = 0;
  Sample moved_;               // the last time that there were other rows
  std::deque<Sample> recent_;  // for the display: the last seconds
};

// "12,345", for rows in `seconds`.
std::string rows_per_second(std::uint64_t rows, double seconds);

}  // namespace dbsync
