#include "copy/job_result.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "base/error_cause.h"
#include "base/log_error.h"
#include "base/text.h"

namespace dbsync {

std::string cause_in(const Error& error, const CopyTask& task) {
  return cause_of(error, {task.name, task.target.display(), task.target.name});
}

void report_failure(const std::string& component, const CopyTask& task, Error error, TaskResult& result) {
  error.context(task.name);
  log::error_once(component, error, cause_in(error, task));
  result.status = TaskStatus::failed;
  result.error = std::move(error);
}

std::uint64_t JobResult::rows() const {
  return std::accumulate(results.begin(), results.end(), std::uint64_t{0}, [](std::uint64_t sum, const TaskResult& r) {
    return sum + (r.status == TaskStatus::done ? r.outcome.rows : 0);
  });
}

std::uint64_t JobResult::bytes() const {
  return std::accumulate(results.begin(), results.end(), std::uint64_t{0}, [](std::uint64_t sum, const TaskResult& r) {
    return sum + (r.status == TaskStatus::done ? r.outcome.bytes : 0);
  });
}

std::uint64_t JobResult::rejected() const {
  return std::accumulate(results.begin(), results.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const TaskResult& r) { return sum + r.outcome.rejected; });
}

std::size_t JobResult::count(TaskStatus status) const {
  return static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(), [status](const TaskResult& r) { return r.status == status; }));
}

StepSummary JobResult::steps() const {
  StepSummary out;
  for (const TaskResult& result : results) out += result.steps;
  return out;
}

int JobResult::exit_status() const {
  const auto interrupted = [](const Error& error) { return error.kind() == ErrorKind::interrupted; };
  const auto any_interrupted = [&](const TaskResult& result) {
    return result.status == TaskStatus::interrupted || (result.error && interrupted(*result.error)) ||
           std::any_of(result.post_errors.begin(), result.post_errors.end(), interrupted);
  };
  if (std::any_of(results.begin(), results.end(), any_interrupted) ||
      std::any_of(errors.begin(), errors.end(), interrupted))
    return exit_code(ErrorKind::interrupted);
  for (const TaskResult& result : results)
    if (result.error) return exit_code(result.error->kind());
  for (const TaskResult& result : results)
    if (!result.post_errors.empty()) return exit_code(result.post_errors.front().kind());
  return errors.empty() ? 0 : exit_code(errors.front().kind());
}

}  // namespace dbsync
