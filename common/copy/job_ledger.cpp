#include "copy/job_ledger.h"

#include <algorithm>
#include <utility>

namespace dbsync {

namespace {

void merge_changed(std::vector<ChangedValues>& all, const std::vector<ChangedValues>& more) {
  for (const ChangedValues& values : more) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& v) { return v.column == values.column; });
    if (found == all.end())
      all.push_back(values);
    else
      found->count += values.count;
  }
}

JobResult new_result(std::vector<CopyTask> tasks) {
  JobResult out;
  out.results.resize(tasks.size());
  out.tasks = std::move(tasks);
  return out;
}

}  // namespace

JobLedger::JobLedger(std::vector<CopyTask> tasks, unsigned workers)
    : result_(new_result(std::move(tasks))), progress_(result_.tasks, workers), states_(result_.tasks.size()) {
  for (std::size_t i = 0; i < result_.tasks.size(); ++i)
    if (result_.tasks[i].problem)
      report_failure("main", result_.tasks[i], *result_.tasks[i].problem, result_.results[i]);
}

void JobLedger::open_task(std::size_t task, std::size_t items) {
  TaskResult& result = result_.results[task];
  if (result.status == TaskStatus::waiting) {
    states_[task].left = items;
    TaskProgress& counters = progress_.counters(task);
    counters.rows = result.outcome.rows;
    counters.bytes = result.outcome.bytes;
    counters.chunks = result.chunks;
    counters.chunks_done = result.chunks_done;
    counters.rejected = result.outcome.rejected;
    if (items == 0) result.status = TaskStatus::done;
  }
  progress_.set_status(task, result.status);
}

void JobLedger::begin(std::size_t task) {
  const std::lock_guard lock(mutex_);
  if (result_.results[task].status != TaskStatus::waiting) return;
  result_.results[task].status = TaskStatus::running;
  states_[task].start = Clock::now();
  progress_.set_status(task, TaskStatus::running);
}

void JobLedger::add_item(std::size_t task) {
  const std::lock_guard lock(mutex_);
  TaskResult& result = result_.results[task];
  ++states_[task].left;
  result.chunks = result.chunks_done + states_[task].left - 1;
  progress_.counters(task).chunks = result.chunks;
}

void JobLedger::retry(std::size_t task) {
  const std::lock_guard lock(mutex_);
  ++result_.results[task].retries;
  ++progress_.counters(task).retries;
}

void JobLedger::add_outcome(std::size_t task, const LoadOutcome& outcome) {
  const std::lock_guard lock(mutex_);
  TaskResult& result = result_.results[task];
  ++result.chunks_done;
  result.outcome.rows += outcome.rows;
  result.outcome.bytes += outcome.bytes;
  result.outcome.rejected += outcome.rejected;
  result.outcome.format = outcome.format;
  result.outcome.spent += outcome.spent;
  merge_changed(result.outcome.changed, outcome.changed);
  ++progress_.counters(task).chunks_done;
  progress_.counters(task).rejected += outcome.rejected;
}

std::optional<TaskResult> JobLedger::end_item(std::size_t task) {
  const std::lock_guard lock(mutex_);
  TaskResult& result = result_.results[task];
  result.seconds = std::chrono::duration<double>(Clock::now() - states_[task].start).count();
  if (--states_[task].left > 0 || result.status != TaskStatus::running) return std::nullopt;
  result.status = TaskStatus::done;
  progress_.set_status(task, TaskStatus::done);
  return result;
}

bool JobLedger::interrupt(std::size_t task) {
  const std::lock_guard lock(mutex_);
  if (result_.results[task].status != TaskStatus::running) return false;
  result_.results[task].status = TaskStatus::interrupted;
  progress_.set_status(task, TaskStatus::interrupted);
  return true;
}

void JobLedger::fail(const std::string& component, std::size_t task, Error error) {
  const std::lock_guard lock(mutex_);
  if (result_.results[task].status != TaskStatus::running) return;
  report_failure(component, result_.tasks[task], std::move(error), result_.results[task]);
  progress_.set_status(task, TaskStatus::failed);
}

TaskStatus JobLedger::status(std::size_t task) const {
  const std::lock_guard lock(mutex_);
  return result_.results[task].status;
}

std::vector<std::string> JobLedger::changed_columns(std::size_t task) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const ChangedValues& changed : result_.results[task].outcome.changed) out.push_back(changed.column);
  return out;
}

void JobLedger::add_post_error(std::size_t task, Error error) {
  const std::lock_guard lock(mutex_);
  result_.results[task].post_errors.push_back(std::move(error));
}

void JobLedger::add_left_out(std::size_t task, std::string what) {
  const std::lock_guard lock(mutex_);
  result_.results[task].left_out.push_back(std::move(what));
}

}  // namespace dbsync
