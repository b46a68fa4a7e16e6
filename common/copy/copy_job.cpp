#include "copy/copy_job.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <functional>
#include <numeric>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/backoff.h"
#include "base/error_cause.h"
#include "base/log.h"
#include "base/log_error.h"
#include "base/progress.h"
#include "base/progress_ticker.h"
#include "base/text.h"
#include "base/worker_pool.h"
#include "copy/journal_start.h"
#include "copy/loading_session.h"
#include "copy/post_steps.h"
#include "copy/target_preparer.h"
#include "copy/target_sequences.h"
#include "copy/work_queue.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr std::chrono::seconds kObserverInterval{2};
constexpr std::uint64_t kWorthFreezing = 1 << 20;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// With a low limit, small buffers: a second's worth at once would not be a rate.
// With rejects, large ones: each is a COPY in a savepoint of its own.
std::size_t buffer_bytes(const JobOptions& options) {
  constexpr std::size_t kLeast = 4096;
  constexpr std::size_t kWithRejects = 1 << 20;
  if (options.reject_limit > 0 && options.max_rate.bytes == 0) return std::max(options.buffer_bytes, kWithRejects);
  if (options.max_rate.bytes == 0) return options.buffer_bytes;
  return std::clamp<std::size_t>(options.max_rate.bytes / 10, std::min(kLeast, options.buffer_bytes), options.buffer_bytes);
}

void merge_changed(std::vector<ChangedValues>& all, const std::vector<ChangedValues>& more) {
  for (const ChangedValues& values : more) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& v) { return v.column == values.column; });
    if (found == all.end())
      all.push_back(values);
    else
      found->count += values.count;
  }
}

// "2 of its 7 chunks": what stands on the target of a task that did not end well.
std::string kept_part(const TaskResult& result) {
  return fmt::format("{} of its {} chunks are on the target", result.chunks_done, result.chunks);
}

class Job {
 public:
  Job(SnapshotSource& source, const std::string& conninfo, std::vector<CopyTask> tasks, const JobOptions& options,
      const std::stop_token& drain, const std::stop_token& cancel)
      : source_(source), conninfo_(conninfo), options_(options), drain_(drain), cancel_(cancel),
        rejects_(options.reject_limit, options.reject_directory), rate_(options.max_rate), guards_(dialect_, options_),
        states_(tasks.size()) {
    result_.tasks = std::move(tasks);
    result_.results.resize(result_.tasks.size());
    progress_.emplace(result_.tasks, options.workers);
    for (std::size_t i = 0; i < result_.tasks.size(); ++i)
      if (result_.tasks[i].problem) report_failure("main", result_.tasks[i], *result_.tasks[i].problem, result_.results[i]);
  }

  JobResult run(const Dialect& dialect) {
    dialect_ = dialect;
    const auto start = Clock::now();
    copy_freeze_ = dialect.copy_freeze && options_.reject_limit == 0;
    try {
      load(dialect);
    } catch (...) {
      put_back_guards();
      throw;
    }
    find_lost_commits();
    for (std::size_t i = 0; i < result_.results.size(); ++i) settle(result_.tasks[i], result_.results[i]);
    if (!source_.snapshot_held()) {
      result_.snapshot.consistent = false;
      result_.snapshot.method += "; lost in part, later rows are of a later moment";
    }
    drop_empty_tables();
    put_back_guards();
    prove_keys();
    move_positions();
    finish_journal();
    result_.seconds = seconds_since(start);
    return std::move(result_);
  }

 private:
  // What a worker holds on to between tasks.
  struct Worker {
    unsigned index = 0;
    std::string name;
    std::unique_ptr<SourceSession> source;
    LoadingSession target;
  };
  struct TaskState {
    Clock::time_point start;
    std::size_t left = 1;  // items of the queue that are to load or plan it
  };

  void load(const Dialect& dialect) {
    prepare(dialect);
    if (!queue_->has_work()) return;
    progress_->start();
    const ProgressReporter reporter(progress_->source());
    std::optional<ProgressTicker> ticker;
    if (options_.observer)
      ticker.emplace(kObserverInterval, [this] { options_.observer(result_.tasks, progress_->view()); });
    run_workers(options_.workers, "worker", [this](unsigned i) { work(i); });
  }

  // Whatever happened to the rows.
  void put_back_guards() {
    if (!control_) return;
    try {
      if (!control_->answers()) control_ = std::make_unique<PgConnection>(conninfo_, "target", options_.application_name);
      if (control_->in_transaction()) control_->exec("ROLLBACK");
      control_->exec("SET synchronous_commit = on");
      guards_.put_back(*control_, result_);
    } catch (Error& error) {
      error.context("foreign keys and triggers that were taken off for the load");
      log::error("main", error);
      result_.errors.push_back(error.hint("--resume or --cleanup puts them back"));
    }
  }

  void prove_keys() {
    if (!control_ || drain_.stop_requested()) return;
    try {
      guards_.prove(conninfo_, result_, drain_, cancel_);
    } catch (Error& error) {
      error.context("the proof of the foreign keys");
      log::error("main", error);
      result_.errors.push_back(error);
    }
  }

  // Tables of this job's own making have it among their steps.
  void move_positions() {
    if (!options_.move_sequences || !control_ || dialect_.distributed || drain_.stop_requested()) return;
    std::map<QualifiedName, SourcePosition> tables;
    for (std::size_t i = 0; i < result_.tasks.size(); ++i) {
      if (result_.results[i].created || result_.results[i].chunks_done == 0) continue;
      SourcePosition& position = tables[result_.tasks[i].target];
      const auto& definition = result_.tasks[i].definition;
      const Column* column = definition ? definition->identity_column() : nullptr;
      if (column != nullptr && definition->next_identity >= position.next) position = {column->name, definition->next_identity};
    }
    try {
      for (std::string& note : move_sequences(*control_, tables)) result_.notes.push_back(std::move(note));
    } catch (Error& error) {
      error.context("sequences of the target");
      log::error("main", error);
      result_.errors.push_back(error.hint("--resume sets them again"));
    }
  }

  // The snapshot comes first: without it nothing may be touched.
  void prepare(const Dialect& dialect) {
    const bool any = std::any_of(result_.results.begin(), result_.results.end(),
                                 [](const TaskResult& r) { return r.status == TaskStatus::waiting; });
    prepared_.resize(result_.tasks.size());
    if (any) {
      control_ = std::make_unique<PgConnection>(conninfo_, "target", options_.application_name);
      JournalState state = open_journal(*control_, options_, drain_, journal_);
      result_.snapshot = source_.open_snapshot(options_.workers, result_.tasks);
      log::info("main", "snapshot: " + result_.snapshot.describe());
      if (journal_) journal_->begin(result_.snapshot.describe());
      state.journal = journal_ ? &*journal_ : nullptr;
      prepared_ = prepare_targets(*control_, dialect, result_.tasks, options_, state, result_.results, guards_);
    }
    std::vector<TaskStart> starts;
    for (std::size_t i = 0; i < result_.results.size(); ++i) starts.push_back(start_of(i));
    queue_.emplace(result_.tasks, starts, dialect);
    steps_.emplace(journal_ ? &*journal_ : nullptr, prepared_, result_, mutex_, drain_, cancel_);
  }

  // What there is to do for a task; a resumed one may have all its rows.
  TaskStart start_of(std::size_t index) {
    TaskResult& result = result_.results[index];
    const PreparedTask& prepared = prepared_[index];
    TaskStart start;
    start.runnable = result.status == TaskStatus::waiting;
    start.complete = result.created || result_.tasks[index].post_load;
    if (start.runnable) {
      start.plan = !prepared.planned;
      take_up(prepared, result, start);
      start.after = prepared.after;
      states_[index].left = start.chunks.size() + (start.plan ? 1 : 0);
      progress_->counters(index).rows = result.outcome.rows;
      progress_->counters(index).bytes = result.outcome.bytes;
      progress_->counters(index).chunks = result.chunks;
      progress_->counters(index).chunks_done = result.chunks_done;
      progress_->counters(index).rejected = result.outcome.rejected;
      if (states_[index].left == 0) result.status = TaskStatus::done;
    }
    progress_->set_status(index, result.status);
    return start;
  }

  static void take_up(const PreparedTask& prepared, TaskResult& result, TaskStart& start) {
    result.chunks = start.all_chunks = std::max<std::size_t>(prepared.chunks.size(), 1);
    for (const JournalChunk& chunk : prepared.chunks) {
      if (!chunk.done) {
        start.chunks.emplace_back(chunk.number, chunk.chunk);
        continue;
      }
      start.loaded = true;
      ++result.chunks_done;
      ++result.resumed;
      result.outcome.rows += chunk.rows;
      result.outcome.bytes += chunk.bytes;
      result.outcome.rejected += chunk.rejected;
      start.zero_dates.insert(start.zero_dates.end(), chunk.zero_dates.begin(), chunk.zero_dates.end());
    }
  }

  void work(unsigned index) {
    Worker worker{index, fmt::format("worker-{}", index), nullptr,
                  LoadingSession(conninfo_, options_.application_name, journal_.has_value())};
    while (const auto item = queue_->next(drain_)) {
      progress_->set_worker(index, what_to_do(*item));
      switch (item->kind) {
        case WorkItem::Kind::plan: work_plan(worker, *item); break;
        case WorkItem::Kind::load: work_load(worker, *item); break;
        default: queue_->ddl_done(*item, steps_->run(*item, worker.target, worker.name)); break;
      }
      progress_->set_worker(index, {});
    }
  }

  // For the display.
  std::string what_to_do(const WorkItem& item) {
    const CopyTask& task = result_.tasks[item.task];
    switch (item.kind) {
      case WorkItem::Kind::plan: return task.name + ", cutting it into chunks";
      case WorkItem::Kind::load:
        return item.only_chunk ? task.name
                               : fmt::format("{} chunk {} of {}", task.name, item.number + 1, progress_->counters(item.task).chunks.load());
      case WorkItem::Kind::add_foreign_keys: return "adding foreign keys";
      default: return fmt::format("{}, {}", task.name, item.units.empty() ? "its end" : item.units.front().what);
    }
  }

  void begin_task(std::size_t task) {
    const std::lock_guard lock(mutex_);
    if (result_.results[task].status != TaskStatus::waiting) return;
    result_.results[task].status = TaskStatus::running;
    states_[task].start = Clock::now();
    progress_->set_status(task, TaskStatus::running);
  }

  // Runs `body` for a plan or a load, again after errors that a new try can cure;
  // any other fails the task.
  template <class Body>
  bool attempt(Worker& worker, const WorkItem& item, const Body& body) {
    begin_task(item.task);
    for (unsigned tries = 0;; ++tries) {
      try {
        connect(worker);
        const std::stop_callback cancel_both(cancel_, [&worker] {
          worker.source->cancel();
          worker.target->cancel();
        });
        body();
        return true;
      } catch (Error& error) {
        drop_connections(worker);
        if (error.retryable() && tries < options_.retry.times && !drain_.stop_requested()) {
          if (wait_before_retry(worker, item, error, tries + 1)) continue;
        }
        fail(worker, item, error);
      } catch (const std::exception& e) {
        drop_connections(worker);
        Error error(ErrorKind::internal, e.what());
        fail(worker, item, error);
      }
      return false;
    }
  }

  // A session that failed may be in any state; the source's is kept if it can
  // be, for its snapshot.
  static void drop_connections(Worker& worker) {
    if (worker.source && !worker.source->usable()) worker.source.reset();
    worker.target.reset();
  }

  bool wait_before_retry(const Worker& worker, const WorkItem& item, const Error& error, unsigned number) {
    {
      const std::lock_guard lock(mutex_);
      ++result_.results[item.task].retries;
      ++progress_->counters(item.task).retries;
    }
    return wait_before({number, options_.retry.times, options_.retry.interval}, worker.name, result_.tasks[item.task].name, error,
                       drain_);
  }

  // A first chunk is held back until a second one shows that the task is cut.
  // Chunks of a table that can be emptied again go out at once; else all must be
  // in the journal before one is loaded, or what is missing could not be told
  // after a crash.
  void work_plan(Worker& worker, const WorkItem& item) {
    const bool stream = !journal_ || prepared_[item.task].owned;
    std::vector<Chunk> held;
    int count = 0;
    const bool succeeded = attempt(worker, item, [&] {
      held.clear();
      restart_plan(worker, item.task, count);
      const ChunkSizes sizes{options_.chunk_bytes, options_.workers};
      worker.source->plan_chunks(result_.tasks[item.task], sizes, [&](Chunk chunk) {
        if (drain_.stop_requested()) throw Error(ErrorKind::interrupted, "stopped while it was cut into chunks");
        held.push_back(std::move(chunk));
        if (held.size() < 2 && count == 0) return;
        if (count == 0) empty_before_chunks(worker, item.task);
        if (stream) add_loads(worker, item.task, held, count, false);
      });
      end_plan(worker, item.task, held, count);
    });
    queue_->plan_done(item, succeeded);
    end_item(worker, item.task);
  }

  // A second try must not cut differently what is being loaded already.
  void restart_plan(Worker& worker, std::size_t task, int count) {
    if (count > 0) throw Error(ErrorKind::source, "the connection was lost while the table was cut into chunks");
    if (journal_) journal_->forget_chunks(*worker.target, prepared_[task].journal);
  }

  void end_plan(Worker& worker, std::size_t task, std::vector<Chunk>& held, int& count) {
    if (!journal_) {
      add_loads(worker, task, held, count, count == 0 && held.size() == 1);
      return;
    }
    const int first = count;
    PgTransaction transaction(*worker.target);
    for (std::size_t i = 0; i < held.size(); ++i)
      journal_->add_chunk(*worker.target, prepared_[task].journal, first + static_cast<int>(i), held[i]);
    journal_->set_planned(*worker.target, prepared_[task].journal);
    transaction.commit();
    const bool only = count == 0 && held.size() == 1;
    for (Chunk& chunk : held) push_load(task, count++, std::move(chunk), only);
    held.clear();
  }

  void add_loads(Worker& worker, std::size_t task, std::vector<Chunk>& held, int& count, bool only) {
    for (Chunk& chunk : held) {
      if (journal_) journal_->add_chunk(*worker.target, prepared_[task].journal, count, chunk);
      push_load(task, count++, std::move(chunk), only);
    }
    held.clear();
  }

  void empty_before_chunks(Worker& worker, std::size_t task) {
    const PreparedTask& prepared = prepared_[task];
    if (prepared.truncate_first) empty_for(*worker.target, prepared);
  }

  void push_load(std::size_t task, int number, Chunk chunk, bool only_chunk) {
    {
      const std::lock_guard lock(mutex_);
      TaskState& state = states_[task];
      ++state.left;
      result_.results[task].chunks = result_.results[task].chunks_done + state.left - 1;
      progress_->counters(task).chunks = result_.results[task].chunks;
    }
    if (!queue_->add_load(task, number, std::move(chunk), only_chunk))
      throw Error(ErrorKind::internal, "its other chunks failed");  // the first error stands
  }

  void work_load(Worker& worker, const WorkItem& item) {
    LoadOutcome outcome;
    const bool succeeded = attempt(worker, item, [&] { outcome = load(worker, item); });
    std::vector<std::string> changed;
    for (const ChangedValues& values : outcome.changed) changed.push_back(values.column);
    if (succeeded) {
      log::debug(worker.name, fmt::format("{}: {} rows{}", result_.tasks[item.task].name, format_count(outcome.rows),
                                          item.chunk.whole() ? "" : " where " + item.chunk.predicate));
      const std::lock_guard lock(mutex_);
      TaskResult& result = result_.results[item.task];
      ++result.chunks_done;
      result.outcome.rows += outcome.rows;
      result.outcome.bytes += outcome.bytes;
      result.outcome.rejected += outcome.rejected;
      ++progress_->counters(item.task).chunks_done;
      progress_->counters(item.task).rejected += outcome.rejected;
      result.outcome.format = outcome.format;
      merge_changed(result.outcome.changed, outcome.changed);
    }
    // The table's result first: the queue may hand out its next steps at once.
    end_item(worker, item.task);
    queue_->load_done(item, succeeded, outcome.bytes, changed);
  }

  LoadOutcome load(Worker& worker, const WorkItem& item) {
    const PreparedTask& prepared = prepared_[item.task];
    const bool freeze = item.only_chunk && copy_freeze_ && prepared.target.plain;
    // A table that this run made is emptied only for FREEZE's sake, which a small
    // one does not repay.
    const bool worth = result_.tasks[item.task].estimated_bytes >= kWorthFreezing;
    const bool truncate = item.only_chunk && (prepared.truncate_first || (prepared.fresh && freeze && worth));
    std::function<bool(PgConnection&, const LoadOutcome&)> mark;
    if (journal_)
      mark = [this, &prepared, &item](PgConnection& target, const LoadOutcome& outcome) {
        return journal_->mark_done(target, prepared.journal, item.number, outcome);
      };
    const LoadRequest request{result_.tasks[item.task], item.chunk, prepared.target, truncate, freeze, prepared.replica, options_.format,
                              buffer_bytes(options_), rejects_, rate_, dialect_, std::move(mark)};
    const LoadProgress progress{progress_->counters(item.task), progress_->worker_counters(worker.index)};
    return load_chunk(request, *worker.source, *worker.target, progress, drain_);
  }

  // The last item of a task that went well makes it done.
  void end_item(const Worker& worker, std::size_t task) {
    const std::lock_guard lock(mutex_);
    TaskResult& result = result_.results[task];
    result.seconds = seconds_since(states_[task].start);
    if (--states_[task].left > 0 || result.status != TaskStatus::running) return;
    result.status = TaskStatus::done;
    progress_->set_status(task, TaskStatus::done);
    log_done(worker, result_.tasks[task], result);
  }

  void log_done(const Worker& worker, const CopyTask& task, const TaskResult& result) const {
    const LoadOutcome& outcome = result.outcome;
    log::info(worker.name, fmt::format("{}: {} rows, {} in {} ({} rows/s{}{})", task.name, format_count(outcome.rows),
                                       format_bytes(outcome.bytes), format_seconds(result.seconds),
                                       rows_per_second(outcome.rows, result.seconds),
                                       result.chunks > 1 ? fmt::format(", {} chunks", result.chunks) : "",
                                       outcome.format == CopyFormat::text ? ", text COPY" : ""));
    if (outcome.rejected > 0)
      log::warning(worker.name, fmt::format("{}: {} rows set aside in {}", task.name, format_count(outcome.rejected),
                                            rejects_.path_of(task.target)));
    for (const ChangedValues& changed : outcome.changed)
      log::warning(worker.name, fmt::format("{}: column {}: {} values changed by policy", task.name, changed.column,
                                            format_count(changed.count)));
  }

  // The target does not write each commit to its disk at once, so one that crashes may
  // lose the last of them although it confirmed them. A crash ends all sessions: while
  // the control session lives, there was none. Else the journal, which was written by
  // the same commits, tells what is there.
  void find_lost_commits() {
    if (!journal_ || control_->answers()) return;
    try {
      control_ = std::make_unique<PgConnection>(conninfo_, "target", options_.application_name);
      const auto there = journal_->read(*control_);
      for (std::size_t i = 0; i < result_.results.size(); ++i) {
        const auto found = there.find(prepared_[i].journal);
        if (prepared_[i].journal >= 0) compare_with_journal(i, found == there.end() ? JournalTable{} : found->second);
      }
    } catch (Error& error) {
      error.context("what the target holds after its sessions were lost");
      log::error("main", error);
      result_.errors.push_back(error.hint("--resume looks at it again"));
    }
  }

  void compare_with_journal(std::size_t task, const JournalTable& there) {
    TaskResult& result = result_.results[task];
    const auto lost = [&](const std::string& what) {
      Error error(ErrorKind::target, fmt::format("the target crashed and lost {} that it had confirmed", what));
      return error.hint("--resume does that again").mark_retryable();
    };
    if (there.chunks_done() < result.chunks_done) {
      const std::string what = fmt::format("{} of {} chunks", result.chunks_done - there.chunks_done(), result.chunks_done);
      result.chunks_done = there.chunks_done();
      result.outcome.rows = result.outcome.bytes = 0;
      for (const JournalChunk& chunk : there.chunks) {
        result.outcome.rows += chunk.rows;
        result.outcome.bytes += chunk.bytes;
      }
      return report_failure("main", result_.tasks[task], lost(what), result);
    }
    for (const std::string& step : steps_->done(task))
      if (!there.steps.contains(step)) {
        result.post_errors.push_back(lost(one_line(step)));
        log::error("main", result.post_errors.back());
      }
  }

  void finish_journal() {
    if (!journal_ || result_.exit_status() != 0) return;
    try {
      // It waited all the time: the server may have restarted since.
      if (!control_->answers()) control_ = std::make_unique<PgConnection>(conninfo_, "target", options_.application_name);
      control_->exec("SET synchronous_commit = on");  // with this commit, all are on the disk
      journal_->finish(*control_);
    } catch (const Error& error) {
      log::warning("main", fmt::format("the journal could not be closed: {}", error.what()));
    }
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
        if (journal_) journal_->forget_table(control, prepared_[task].journal);
        transaction.commit();
        log::info("main", fmt::format("{}: created by this run and not loaded, so dropped again",
                                      result_.tasks[task].target.display()));
      }
    } catch (const Error& error) {
      log::warning("main", fmt::format("created tables without rows are left on the target: {}", error.what()));
    }
  }

  void connect(Worker& worker) {
    worker.target.connect();
    if (!worker.source) worker.source = source_.session();
  }

  void fail(const Worker& worker, const WorkItem& item, Error& error) {
    const CopyTask& task = result_.tasks[item.task];
    const std::lock_guard lock(mutex_);
    TaskResult& result = result_.results[item.task];
    if (result.status != TaskStatus::running) return;  // by another chunk
    if (drain_.stop_requested()) {
      result.status = TaskStatus::interrupted;
      log::warning(worker.name, fmt::format("{}: interrupted, rolled back{}", task.name,
                                            item.chunk.whole() ? "" : " where " + item.chunk.predicate));
    } else {
      if (!item.chunk.whole()) error.context("where " + item.chunk.predicate);
      report_failure(worker.name, task, error, result);
    }
    progress_->set_status(item.task, result.status);
  }

  // What is known only when all workers have ended: how much of a task that did
  // not end well is on the target.
  void settle(const CopyTask& task, TaskResult& result) const {
    if (result.status == TaskStatus::waiting || result.status == TaskStatus::running)
      result.status = TaskStatus::interrupted;
    if (result.status == TaskStatus::interrupted) {
      result.error = Error(ErrorKind::interrupted, result.chunks_done > 0 ? "interrupted; " + kept_part(result)
                                                                          : "interrupted; nothing of it was kept");
      if (result.chunks_done > 0) log::warning("main", fmt::format("{}: {}", task.name, result.error->what()));
    } else if (result.status == TaskStatus::failed && result.error && result.chunks_done > 0) {
      const std::string hint = result.error->hint();
      result.error->hint(fmt::format("{}{}; {}--truncate loads the table again from its start", kept_part(result),
                                     hint.empty() ? "" : "; " + hint, journal_ ? "--resume loads the others, " : ""));
    }
  }

  SnapshotSource& source_;
  const std::string& conninfo_;
  const JobOptions& options_;
  std::stop_token drain_;
  std::stop_token cancel_;
  RejectBudget rejects_;
  RateLimiter rate_;
  Dialect dialect_;
  bool copy_freeze_ = false;
  LoadGuards guards_;
  std::vector<PreparedTask> prepared_;
  std::optional<JobProgress> progress_;
  std::mutex mutex_;  // guards states_ and result_.results
  std::vector<TaskState> states_;
  std::unique_ptr<PgConnection> control_;  // holds the journal's lock
  std::optional<LoadJournal> journal_;
  std::optional<WorkQueue> queue_;
  std::optional<PostSteps> steps_;
  JobResult result_;
};

}  // namespace

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

int JobResult::exit_status() const {
  if (count(TaskStatus::interrupted) > 0) return exit_code(ErrorKind::interrupted);
  for (const TaskResult& result : results)
    if (result.error) return exit_code(result.error->kind());
  for (const TaskResult& result : results)
    if (!result.post_errors.empty()) return exit_code(result.post_errors.front().kind());
  return errors.empty() ? 0 : exit_code(errors.front().kind());
}

JobResult run_copy_job(SnapshotSource& source, const std::string& conninfo, const Dialect& dialect,
                       std::vector<CopyTask> tasks, const JobOptions& options, const std::stop_token& drain,
                       const std::stop_token& cancel) {
  return Job(source, conninfo, std::move(tasks), options, drain, cancel).run(dialect);
}

}  // namespace dbsync
