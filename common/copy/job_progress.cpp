#include "copy/job_progress.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace dbsync {

std::string rows_per_second(std::uint64_t rows, double seconds) {
  return format_count(static_cast<std::uint64_t>(static_cast<double>(rows) / std::max(seconds, 0.001)));
}

JobProgress::JobProgress(const std::vector<CopyTask>& tasks)
    : tasks_(tasks), counters_(tasks.size()), statuses_(tasks.size(), TaskStatus::waiting), start_(Clock::now()) {}

void JobProgress::set_status(std::size_t task, TaskStatus status) {
  const std::lock_guard lock(mutex_);
  statuses_[task] = status;
}

ProgressSource JobProgress::source() {
  return {[this] { return overall(totals()); }, [this](unsigned width) { return display(width); }};
}

std::vector<TaskView> JobProgress::view() {
  std::vector<TaskView> out;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < statuses_.size(); ++i)
    out.push_back({statuses_[i], counters_[i].rows.load(std::memory_order_relaxed),
                   counters_[i].bytes.load(std::memory_order_relaxed)});
  return out;
}

JobProgress::Totals JobProgress::totals() {
  Totals out;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < statuses_.size(); ++i) {
    if (statuses_[i] == TaskStatus::failed) ++out.failed;
    if (statuses_[i] == TaskStatus::done) ++out.done;
    if (statuses_[i] == TaskStatus::running) out.running.push_back(i);
    out.rows += counters_[i].rows.load(std::memory_order_relaxed);
    out.bytes += counters_[i].bytes.load(std::memory_order_relaxed);
  }
  return out;
}

std::string JobProgress::overall(const Totals& t) const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  const double bytes_per_second = static_cast<double>(t.bytes) / std::max(seconds, 0.001);
  return fmt::format("{}/{} tables, {} rows, {}, {} rows/s, {}/s{}", t.done, tasks_.size(), format_count(t.rows),
                     format_bytes(t.bytes), rows_per_second(t.rows, seconds),
                     format_bytes(static_cast<std::uint64_t>(bytes_per_second)),
                     t.failed > 0 ? fmt::format(", {} failed", t.failed) : "");
}

std::string JobProgress::task_line(std::size_t index) const {
  const CopyTask& task = tasks_[index];
  const std::uint64_t rows = counters_[index].rows.load(std::memory_order_relaxed);
  std::string line = fmt::format("  {}: {} rows", task.name, format_count(rows));
  // The engine's row count is a guess; above it, no percentage is better than a wrong one.
  if (task.query.empty() && task.estimated_rows >= rows && task.estimated_rows > 0)
    line += fmt::format(" ({}%)", rows * 100 / task.estimated_rows);
  return line;
}

std::string JobProgress::display(unsigned width) {
  const Totals t = totals();
  std::string out = overall(t).substr(0, width) + "\n";
  for (const std::size_t index : t.running) out += task_line(index).substr(0, width) + "\n";
  return out;
}

}  // namespace dbsync
