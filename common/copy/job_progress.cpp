#include "copy/job_progress.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "schema/names.h"

namespace dbsync {

namespace {

constexpr auto kRecent = std::chrono::seconds(5);
constexpr auto kSilence = std::chrono::seconds(20);
constexpr double kLeastFraction = 0.001;  // before that, an estimate is a guess
constexpr double kAlmost = 0.99;          // of a task that runs: estimates may be too low

double between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::max(std::chrono::duration<double>(to - from).count(), 0.001);
}

std::uint64_t grown(std::uint64_t from, std::uint64_t to) { return to > from ? to - from : 0; }

std::string rate(std::uint64_t rows, std::uint64_t bytes, double seconds) {
  return fmt::format("{} rows/s, {}/s", rows_per_second(rows, seconds),
                     format_bytes(static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds)));
}

std::string counted(std::uint64_t number, std::string_view what) {
  return number > 0 ? fmt::format(", {} {}", format_count(number), what) : "";
}

// Without decimals: an estimate.
std::string short_time(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  if (whole >= 3600) return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
  return whole >= 60 ? fmt::format("{}m{:02}s", whole / 60, whole % 60) : fmt::format("{}s", whole);
}

}  // namespace

std::string rows_per_second(std::uint64_t rows, double seconds) {
  return format_count(static_cast<std::uint64_t>(static_cast<double>(rows) / std::max(seconds, 0.001)));
}

JobProgress::JobProgress(const std::vector<CopyTask>& tasks, unsigned workers)
    : tasks_(tasks),
      counters_(tasks.size()),
      workers_(workers),
      statuses_(tasks.size(), TaskStatus::waiting),
      start_{Clock::now()} {}

void JobProgress::set_status(std::size_t task, TaskStatus status) {
  const std::lock_guard lock(mutex_);
  statuses_[task] = status;
}

JobProgress::Sample JobProgress::sample(const TaskProgress& counters) {
  return {Clock::now(), counters.rows.load(std::memory_order_relaxed), counters.bytes.load(std::memory_order_relaxed)};
}

void JobProgress::set_worker(unsigned worker, std::string doing) {
  const std::lock_guard lock(mutex_);
  WorkerState& state = workers_[worker];
  state.doing = std::move(doing);
  state.begin = sample(state.counters);
}

WorkerSeconds JobProgress::spent() const {
  WorkerSeconds out;
  for (const WorkerState& worker : workers_) out += worker.clock.seconds();
  return out;
}

void JobProgress::start() {
  const Totals now = totals();
  start_ = {Clock::now(), now.rows, now.bytes};
  start_fraction_ = now.fraction.value_or(0);
}

ProgressSource JobProgress::source() {
  return {[this] { return line(); }, [this](unsigned rows) { return display(rows); }};
}

std::vector<TaskView> JobProgress::view() {
  std::vector<TaskView> out;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < statuses_.size(); ++i) {
    const TaskProgress& c = counters_[i];
    out.push_back({statuses_[i], c.rows, c.bytes, c.chunks, c.chunks_done, c.retries, c.rejected});
  }
  return out;
}

// How much of a task is done, by rows where the catalog has a number for them, else by
// chunks.
double JobProgress::fraction(std::size_t task, TaskStatus status) const {
  if (status == TaskStatus::done) return 1;
  const TaskProgress& counters = counters_[task];
  const CopyTask& of = tasks_[task];
  const double rows = of.query.empty() && of.estimated_rows > 0
                          ? static_cast<double>(counters.rows) / static_cast<double>(of.estimated_rows)
                          : 0;
  const double chunks =
      static_cast<double>(counters.chunks_done) / static_cast<double>(std::max<std::uint64_t>(counters.chunks, 1));
  return std::min(rows > 0 ? rows : chunks, kAlmost);
}

JobProgress::Totals JobProgress::totals() {
  Totals out;
  double weight = 0;
  double done = 0;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < statuses_.size(); ++i) {
    if (statuses_[i] == TaskStatus::failed) ++out.failed;
    if (statuses_[i] == TaskStatus::done) ++out.done;
    if (statuses_[i] == TaskStatus::running) out.running.push_back(i);
    out.rows += counters_[i].rows.load(std::memory_order_relaxed);
    out.bytes += counters_[i].bytes.load(std::memory_order_relaxed);
    out.retries += counters_[i].retries.load(std::memory_order_relaxed);
    out.rejected += counters_[i].rejected.load(std::memory_order_relaxed);
    out.at_source += counters_[i].at_source.load(std::memory_order_relaxed);
    out.at_target += counters_[i].at_target.load(std::memory_order_relaxed);
    if (statuses_[i] == TaskStatus::failed) continue;  // nothing more will come of it
    const auto size = static_cast<double>(tasks_[i].estimated_bytes);
    weight += size;
    done += size * fraction(i, statuses_[i]);
  }
  if (weight > 0) out.fraction = done / weight;
  return out;
}

std::optional<double> JobProgress::seconds_left(const Totals& now) const {
  if (!now.fraction || *now.fraction < start_fraction_ + kLeastFraction) return std::nullopt;
  return between(start_.time, Clock::now()) * (1 - *now.fraction) / (*now.fraction - start_fraction_);
}

// Whom the workers wait for, when nothing has moved for long.
std::string JobProgress::silence(const Totals& t) {
  const auto now = Clock::now();
  if (t.rows != moved_.rows || t.bytes != moved_.bytes || moved_.time == Clock::time_point{})
    moved_ = {now, t.rows, t.bytes};
  if (now - moved_.time < kSilence || t.at_source + t.at_target == 0) return {};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - moved_.time).count();
  const std::string_view whom = t.at_target == 0 ? "the source" : t.at_source == 0 ? "the target" : "source and target";
  return fmt::format("; no rows for {} s: waiting for {}", seconds, whom);
}

// `since`: what the rates count from.
std::string JobProgress::overall(const Totals& t, const Sample& since) const {
  const auto left = seconds_left(t);
  return fmt::format("{}/{} tables{}, {} rows, {}, {}{}{}{}{}", t.done, tasks_.size(),
                     left ? fmt::format(", {}%", static_cast<int>(*t.fraction * 100)) : "", format_count(t.rows),
                     format_bytes(t.bytes),
                     rate(grown(since.rows, t.rows), grown(since.bytes, t.bytes), between(since.time, Clock::now())),
                     left ? fmt::format(", {} left", short_time(*left)) : "", counted(t.retries, "retries"),
                     counted(t.rejected, "rejected"), counted(t.failed, "failed"));
}

ProgressLine JobProgress::line() {
  const Totals t = totals();
  const double seconds = between(start_.time, Clock::now());
  const auto number = [](auto value) { return static_cast<double>(value); };
  ProgressLine out{overall(t, start_) + silence(t),
                   {{"tables", number(tasks_.size())},
                    {"tables_done", number(t.done)},
                    {"tables_failed", number(t.failed)},
                    {"rows", number(t.rows)},
                    {"bytes", number(t.bytes)},
                    {"rows_per_second", number(grown(start_.rows, t.rows)) / seconds},
                    {"bytes_per_second", number(grown(start_.bytes, t.bytes)) / seconds},
                    {"retries", number(t.retries)},
                    {"rejected", number(t.rejected)}}};
  if (const auto left = seconds_left(t)) out.numbers.emplace_back("seconds_left", *left);
  return out;
}

std::string JobProgress::task_line(std::size_t index) const {
  const CopyTask& task = tasks_[index];
  const std::uint64_t rows = counters_[index].rows.load(std::memory_order_relaxed);
  std::string line =
      fmt::format("  {}: {} rows", one_line(source_and_target(task.name, task.target)), format_count(rows));
  // The engine's row count is a guess; above it, no percentage is better than a wrong one.
  if (task.query.empty() && task.estimated_rows >= rows && task.estimated_rows > 0)
    line += fmt::format(" ({}%)", rows * 100 / task.estimated_rows);
  return line;
}

std::vector<std::string> JobProgress::worker_lines() {
  std::vector<std::string> out;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const WorkerState& worker = workers_[i];
    if (worker.doing.empty()) continue;
    const Sample now = sample(worker.counters);
    const double seconds = between(worker.begin.time, now.time);
    const std::uint64_t rows = grown(worker.begin.rows, now.rows);
    out.push_back(fmt::format("  worker-{}  {}: {}", i, one_line(worker.doing),
                              rows > 0 ? fmt::format("{} rows, {}", format_count(rows),
                                                     rate(rows, grown(worker.begin.bytes, now.bytes), seconds))
                                       : short_time(seconds)));
  }
  return out;
}

std::vector<std::string> JobProgress::display(unsigned rows) {
  const Totals t = totals();
  recent_.push_back({Clock::now(), t.rows, t.bytes});
  while (recent_.size() > 2 && recent_.front().time + kRecent < recent_.back().time) recent_.pop_front();
  std::vector<std::string> out{overall(t, recent_.size() > 1 ? recent_.front() : start_) + silence(t)};
  std::vector<std::string> more = worker_lines();
  if (workers_.empty())
    for (const std::size_t index : t.running) more.push_back(task_line(index));
  if (more.size() + 1 > rows) {
    const std::size_t shown = rows > 2 ? rows - 2 : 0;
    const std::string rest = fmt::format("  and {} more", more.size() - shown);
    more.resize(shown);
    more.push_back(rest);
  }
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace dbsync
