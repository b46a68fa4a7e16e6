#include "copy/copy_job.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <mutex>
#include <numeric>

#include <fmt/format.h>

#include "base/log.h"
#include "base/log_error.h"
#include "base/progress.h"
#include "base/text.h"
#include "base/worker_pool.h"
#include "copy/target_preparer.h"
#include "copy/work_queue.h"

namespace dbsync {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string rate(std::uint64_t rows, double seconds) {
  return format_count(static_cast<std::uint64_t>(static_cast<double>(rows) / std::max(seconds, 0.001)));
}

class Job {
 public:
  Job(SnapshotSource& source, const std::string& conninfo, std::vector<CopyTask> tasks, const JobOptions& options,
      const std::stop_token& drain, const std::stop_token& cancel)
      : source_(source), conninfo_(conninfo), options_(options), drain_(drain), cancel_(cancel),
        rejects_(options.reject_limit, options.reject_directory), progress_(tasks.size()) {
    result_.tasks = std::move(tasks);
    result_.results.resize(result_.tasks.size());
    for (std::size_t i = 0; i < result_.tasks.size(); ++i)
      if (result_.tasks[i].problem) report_failure("main", result_.tasks[i], *result_.tasks[i].problem, result_.results[i]);
  }

  JobResult run(const Dialect& dialect) {
    dialect_ = dialect;
    const auto start = Clock::now();
    {
      PgConnection control(conninfo_, "target", options_.application_name);
      prepare_target_session(control);
      prepared_ = prepare_targets(control, dialect, result_.tasks, options_, result_.results);
    }
    std::vector<bool> runnable;
    std::vector<bool> created;
    for (const TaskResult& result : result_.results) {
      runnable.push_back(result.status == TaskStatus::waiting);
      created.push_back(result.created);
    }
    queue_.emplace(result_.tasks, runnable, created, dialect);
    {
      const ProgressReporter reporter({[this] { return progress_line(); },
                                       [this](unsigned width) { return progress_display(width); }});
      start_ = Clock::now();
      if (queue_->loads() > 0) run_workers(options_.workers, "worker", [this](unsigned i) { work(i); });
    }
    for (TaskResult& result : result_.results)
      if (result.status == TaskStatus::waiting) interrupt(result);
    drop_empty_tables();
    result_.seconds = seconds_since(start);
    return std::move(result_);
  }

 private:
  // What a worker holds on to between tasks.
  struct Worker {
    std::string name;
    std::unique_ptr<SourceSession> source;
    std::unique_ptr<PgConnection> target;
  };

  void work(unsigned index) {
    Worker worker{fmt::format("worker-{}", index), nullptr, nullptr};
    while (const auto item = queue_->next(drain_)) {
      if (item->kind == WorkItem::Kind::load)
        work_load(worker, *item);
      else
        queue_->ddl_done(*item, work_ddl(worker, *item));
    }
  }

  void work_load(Worker& worker, const WorkItem& item) {
    {
      const std::lock_guard lock(mutex_);
      result_.results[item.task].status = TaskStatus::running;
    }
    TaskResult outcome = run_task(worker, item.task);
    if (outcome.status != TaskStatus::done) {
      // A session that failed may be in any state: the next task gets new ones.
      worker.source.reset();
      worker.target.reset();
    }
    std::vector<std::string> changed;
    for (const ChangedValues& values : outcome.outcome.changed) changed.push_back(values.column);
    const bool succeeded = outcome.status == TaskStatus::done;
    {
      const std::lock_guard lock(mutex_);
      outcome.created = result_.results[item.task].created;
      result_.results[item.task] = std::move(outcome);
    }
    queue_->load_done(item, succeeded, changed);
  }

  std::vector<bool> work_ddl(Worker& worker, const WorkItem& item) {
    std::vector<bool> succeeded;
    for (const DdlUnit& unit : item.units) {
      const std::size_t task = item.kind == WorkItem::Kind::add_foreign_keys ? unit.task : item.task;
      // Adding foreign keys and checking them are two items of one unit.
      const std::size_t statements =
          item.kind == WorkItem::Kind::add_foreign_keys ? 1 : unit.statements.size();
      succeeded.push_back(run_unit(worker, unit, statements, task));
    }
    return succeeded;
  }

  bool run_unit(Worker& worker, const DdlUnit& unit, std::size_t statements, std::size_t task) {
    try {
      connect_target(worker);
      const std::stop_callback cancel(cancel_, [&worker] { worker.target->cancel(); });
      for (std::size_t i = 0; i < statements; ++i) worker.target->exec(unit.statements[i]);
      return true;
    } catch (Error& error) {
      if (drain_.stop_requested()) error.context("interrupted");
      post_failure(worker, unit, task, std::move(error));
      return false;
    }
  }

  void post_failure(Worker& worker, const DdlUnit& unit, std::size_t task, Error error) {
    if (worker.target && !worker.target->usable()) worker.target.reset();
    error.context(fmt::format("{}: {}", result_.tasks[task].name, unit.what));
    if (error.sqlstate().starts_with("23")) error = count_violations(worker, unit, error);
    if (error.sqlstate() == "42830" || error.sqlstate() == "42P01")
      error.hint("the table that it refers to was not completed; see its own error");
    log::error(worker.name, error);
    const std::lock_guard lock(mutex_);
    result_.results[task].post_errors.push_back(std::move(error));
  }

  // Rows of the source that break a rule of their own table: how many, and one
  // of them in the server's message. They stay as they are.
  static Error count_violations(Worker& worker, const DdlUnit& unit, const Error& error) {
    std::string count;
    try {
      if (!unit.violations_sql.empty() && worker.target)
        count = worker.target->exec(unit.violations_sql).text(0, 0) + " rows; ";
    } catch (const Error& failed) {
      log::debug(worker.name, failed.what());
    }
    Error out(ErrorKind::data, count + error.what());
    return out.hint("the rows were loaded as they are on the source; mend them there or here, then run the statement again");
  }

  // A table that this run made and that got no rows would be in the way of the
  // next run.
  void drop_empty_tables() {
    const auto empty = queue_->empty_tables();
    if (empty.empty()) return;
    try {
      PgConnection control(conninfo_, "target", options_.application_name);
      for (const std::size_t task : empty) {
        PgTransaction transaction(control);
        for (const auto& statement : drop_table_sql(*result_.tasks[task].definition)) control.exec(statement);
        transaction.commit();
        log::info("main", fmt::format("{}: created by this run and not loaded, so dropped again",
                                      result_.tasks[task].target.display()));
      }
    } catch (const Error& error) {
      log::warning("main", fmt::format("created tables without rows are left on the target: {}", error.what()));
    }
  }

  TaskResult run_task(Worker& worker, std::size_t index) {
    const CopyTask& task = result_.tasks[index];
    TaskResult result;
    const auto start = Clock::now();
    try {
      connect(worker);
      result.outcome = load(worker, index);
      result.status = TaskStatus::done;
    } catch (Error& error) {
      fail(result, error, task, worker);
    } catch (const std::exception& e) {
      Error error(ErrorKind::internal, e.what());
      fail(result, error, task, worker);
    }
    result.seconds = seconds_since(start);
    if (result.status == TaskStatus::done)
      log::info(worker.name, fmt::format("{}: {} rows, {} in {} ({} rows/s{})", task.name,
                                         format_count(result.outcome.rows), format_bytes(result.outcome.bytes),
                                         format_seconds(result.seconds), rate(result.outcome.rows, result.seconds),
                                         result.outcome.format == CopyFormat::text ? ", text COPY" : ""));
    if (result.outcome.rejected > 0)
      log::warning(worker.name, fmt::format("{}: {} rows set aside in {}", task.name, format_count(result.outcome.rejected),
                                            rejects_.path_of(task.target)));
    for (const ChangedValues& changed : result.outcome.changed)
      log::warning(worker.name, fmt::format("{}: column {}: {} values changed by policy", task.name, changed.column,
                                            format_count(changed.count)));
    return result;
  }

  void connect_target(Worker& worker) {
    if (worker.target) return;
    worker.target = std::make_unique<PgConnection>(conninfo_, "target", options_.application_name);
    prepare_target_session(*worker.target);
  }

  void connect(Worker& worker) {
    connect_target(worker);
    if (!worker.source) worker.source = source_.new_session();
  }

  LoadOutcome load(Worker& worker, std::size_t index) {
    const std::stop_callback cancel_both(cancel_, [&worker] {
      worker.source->cancel();
      worker.target->cancel();
    });
    const PreparedTask& prepared = prepared_[index];
    const LoadRequest request{result_.tasks[index], prepared.target, prepared.truncate_first, options_.format,
                              options_.buffer_bytes, rejects_, dialect_};
    return load_table(request, *worker.source, *worker.target, progress_[index], drain_);
  }

  void fail(TaskResult& result, Error& error, const CopyTask& task, const Worker& worker) {
    if (drain_.stop_requested()) {
      interrupt(result);
      log::warning(worker.name, fmt::format("{}: interrupted, rolled back", task.name));
      return;
    }
    report_failure(worker.name, task, error, result);
  }

  static void interrupt(TaskResult& result) {
    result.status = TaskStatus::interrupted;
    result.error = Error(ErrorKind::interrupted, "interrupted; nothing of it was kept");
  }

  // ------------------------------------------------------------- progress

  struct Snapshot {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::size_t done = 0;
    std::size_t failed = 0;
    std::vector<std::size_t> running;
  };

  Snapshot snapshot() {
    Snapshot s;
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < result_.tasks.size(); ++i) {
      const TaskStatus status = result_.results[i].status;
      if (status == TaskStatus::failed) ++s.failed;
      if (status == TaskStatus::done) ++s.done;
      if (status == TaskStatus::running) s.running.push_back(i);
      if (status != TaskStatus::done && status != TaskStatus::running) continue;
      s.rows += progress_[i].rows.load(std::memory_order_relaxed);
      s.bytes += progress_[i].bytes.load(std::memory_order_relaxed);
    }
    return s;
  }

  std::string overall(const Snapshot& s) const {
    const double seconds = seconds_since(start_);
    return fmt::format("{}/{} tables, {} rows, {}, {} rows/s, {}/s{}", s.done, result_.tasks.size(),
                       format_count(s.rows), format_bytes(s.bytes), rate(s.rows, seconds),
                       format_bytes(static_cast<std::uint64_t>(static_cast<double>(s.bytes) / std::max(seconds, 0.001))),
                       s.failed > 0 ? fmt::format(", {} failed", s.failed) : "");
  }

  std::string task_line(std::size_t index) const {
    const CopyTask& task = result_.tasks[index];
    const std::uint64_t rows = progress_[index].rows.load(std::memory_order_relaxed);
    std::string line = fmt::format("  {}: {} rows", task.name, format_count(rows));
    // The engine's row count is a guess; above it, no percentage is better than a wrong one.
    if (task.query.empty() && task.estimated_rows >= rows && task.estimated_rows > 0)
      line += fmt::format(" ({}%)", rows * 100 / task.estimated_rows);
    return line;
  }

  std::string progress_line() { return overall(snapshot()); }

  std::string progress_display(unsigned width) {
    const Snapshot s = snapshot();
    std::string out = overall(s).substr(0, width) + "\n";
    for (const std::size_t index : s.running) out += task_line(index).substr(0, width) + "\n";
    return out;
  }

  SnapshotSource& source_;
  const std::string& conninfo_;
  const JobOptions& options_;
  std::stop_token drain_;
  std::stop_token cancel_;
  RejectBudget rejects_;
  Dialect dialect_;
  Clock::time_point start_;
  std::vector<PreparedTask> prepared_;
  std::deque<TaskProgress> progress_;  // a deque: atomics cannot move
  std::mutex mutex_;                   // guards result_.results
  std::optional<WorkQueue> queue_;
  JobResult result_;
};

}  // namespace

void report_failure(const std::string& component, const CopyTask& task, Error error, TaskResult& result) {
  error.context(task.name);
  log::error(component, error);
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

int JobResult::exit_status() const {
  if (count(TaskStatus::interrupted) > 0) return exit_code(ErrorKind::interrupted);
  for (const TaskResult& result : results)
    if (result.error) return exit_code(result.error->kind());
  for (const TaskResult& result : results)
    if (!result.post_errors.empty()) return exit_code(result.post_errors.front().kind());
  return 0;
}

JobResult run_copy_job(SnapshotSource& source, const std::string& conninfo, const Dialect& dialect,
                       std::vector<CopyTask> tasks, const JobOptions& options, const std::stop_token& drain,
                       const std::stop_token& cancel) {
  return Job(source, conninfo, std::move(tasks), options, drain, cancel).run(dialect);
}

}  // namespace dbsync
