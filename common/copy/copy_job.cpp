#include "copy/copy_job.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/freed_memory.h"
#include "base/log.h"
#include "base/log_error.h"
#include "base/progress.h"
#include "base/progress_ticker.h"
#include "base/text.h"
#include "base/worker_pool.h"
#include "copy/chunk_planning.h"
#include "copy/control_session.h"
#include "copy/job_ledger.h"
#include "copy/journal_end.h"
#include "copy/journal_start.h"
#include "copy/pg_chunk_sink.h"
#include "copy/post_load.h"
#include "copy/post_steps.h"
#include "copy/snapshot_watch.h"
#include "copy/step_proof.h"
#include "copy/table_loader.h"
#include "copy/target_preparer.h"
#include "copy/targets_ahead.h"
#include "copy/work_queue.h"
#include "pg/routing.h"

namespace dbsync {

namespace {

constexpr std::chrono::seconds kObserverInterval{2};
constexpr std::uint64_t kWorthFreezing = 1 << 20;

using Clock = std::chrono::steady_clock;

// With a low limit, small buffers: a second's worth at once would not be a rate.
// With rejects, large ones: each is a COPY in a savepoint of its own.
std::size_t buffer_bytes(const JobOptions& options) {
  constexpr std::size_t kLeast = 4096;
  constexpr std::size_t kWithRejects = 1 << 20;
  if (options.reject_limit > 0 && options.max_rate.bytes == 0) return std::max(options.buffer_bytes, kWithRejects);
  if (options.max_rate.bytes == 0) return options.buffer_bytes;
  return std::clamp<std::size_t>(options.max_rate.bytes / 10, std::min(kLeast, options.buffer_bytes),
                                 options.buffer_bytes);
}

// Adds the chunks that an earlier run loaded to the result; the others are to load.
void take_up(const PreparedTask& prepared, TaskResult& result, TaskStart& start) {
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

std::vector<std::string> key_of(const CopyTask& task) {
  return task.definition ? task.definition->primary_key.columns : std::vector<std::string>{};
}

class Job {
 public:
  Job(SnapshotSource& source, const std::string& conninfo, const Dialect& dialect, std::vector<CopyTask> tasks,
      const JobOptions& options, const std::stop_token& drain, const std::stop_token& cancel)
      : source_(source),
        conninfo_(conninfo),
        dialect_(dialect),
        options_(options),
        drain_(drain),
        cancel_(cancel),
        copy_freeze_(dialect.copy_freeze && options.reject_limit == 0),
        rejects_(options.reject_limit, options.reject_directory),
        rate_(options.max_rate),
        guards_(dialect_, options_),
        ledger_(std::move(tasks), options.workers),
        control_(conninfo, options.application_name) {}

  JobResult run();

 private:
  const LoadJournal* journal() const { return journal_ ? &*journal_ : nullptr; }

  // The snapshot comes first: without it nothing may be touched.
  void prepare();
  JournalState begin();

  void read_places();
  CopyFormatChoice format() const;

  // What there is to do for a task; a resumed one may have all its rows.
  TaskStart start_of(std::size_t task);
  void load();
  // Tells the observer; on its thread.
  void observe();
  void tell_observer();

  // When the workers have ended.
  void end();
  std::vector<PgQuery> questions_of_end();
  bool meet();

  // ---------------------------------------------------------------- workers

  void work(unsigned index);
  std::unique_ptr<PgConnection> target_connection();
  std::unique_ptr<PgConnection> new_target_connection() const;

  // For the display.
  std::string what_to_do(const WorkItem& item);

  // Again after errors that a new try can cure; any other fails the task.
  bool attempt(WorkerSession& session, const WorkItem& item, const std::function<void()>& work);
  void fail(const WorkerSession& session, const WorkItem& item, Error error);
  void work_plan(WorkerSession& session, const WorkItem& item);
  void work_load(WorkerSession& session, const WorkItem& item, unsigned index);
  LoadOutcome load_item(WorkerSession& session, const WorkItem& item, unsigned index);

  // The last item of a task that went well makes it done.
  void end_item(const WorkerSession& session, std::size_t task);
  void log_done(const WorkerSession& session, const CopyTask& task, const TaskResult& result) const;

  SnapshotSource& source_;
  const std::string& conninfo_;
  const Dialect dialect_;
  const JobOptions& options_;
  std::stop_token drain_;
  std::stop_token cancel_;
  bool copy_freeze_;
  RejectBudget rejects_;
  RateLimiter rate_;
  LoadGuards guards_;
  JobLedger ledger_;
  ControlSession control_;
  std::optional<LoadJournal> journal_;
  std::vector<PreparedTask> prepared_;
  std::optional<WorkQueue> queue_;
  std::optional<PostSteps> steps_;
  std::optional<SnapshotWatch> snapshot_;
  WorkClock observing_;  // of the observer's thread
  Clock::time_point next_observation_{};
  std::optional<TargetsAhead> ahead_;  // its threads use what stands above
};

JobResult Job::run() {
  const auto start = Clock::now();
  try {
    prepare();
    if (options_.prepared) options_.prepared();
    load();
  } catch (...) {
    put_back_guards(control_, guards_, ledger_.result());
    throw;
  }
  end();
  ledger_.result().seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return std::move(ledger_.result());
}

void Job::prepare() {
  JobResult& result = ledger_.result();
  prepared_.resize(result.tasks.size());
  if (result.count(TaskStatus::waiting) > 0) {
    JournalState state = begin();
    result.snapshot = source_.open_snapshot(options_.workers, result.tasks);
    snapshot_.emplace(source_, std::chrono::steady_clock::now());
    log::info("main", "snapshot: " + result.snapshot.describe());
    state.journal = journal_ ? &*journal_ : nullptr;
    state.snapshot = result.snapshot.describe();
    prepared_ = prepare_targets(control_.get(), dialect_, result.tasks, options_, state, result.results, guards_);
    if (state.earlier.begun_anew) journal_->forget_anew(control_.get());
    if (journal_) forget_lost_steps(control_.get(), *journal_, dialect_, result, prepared_);
    read_places();
    if (journal_ && options_.start == StartMode::resume) journal_->note_files(control_.get());
  }
  give_back_freed_memory();
  std::vector<TaskStart> starts;
  for (std::size_t i = 0; i < result.results.size(); ++i) starts.push_back(start_of(i));
  queue_.emplace(result.tasks, starts, dialect_);
  steps_.emplace(journal(), prepared_, ledger_, result.snapshot.consistent, options_.retry, drain_, cancel_);
}

// The journal, and sessions on the source meanwhile; then those of the workers on the target
// while the snapshot is opened and the tables are prepared.
JournalState Job::begin() {
  JournalState state;
  run_workers(2, "begin", [&](unsigned side) {
    if (side == 0)
      state = open_journal(control_.open(), options_, drain_, journal_);
    else
      source_.connect_ahead(options_.workers);
  });
  const auto& tasks = ledger_.tasks();
  const bool large = std::any_of(tasks.begin(), tasks.end(), [&](const CopyTask& t) { return is_large(t, options_); });
  const std::size_t items = large ? options_.workers : ledger_.result().count(TaskStatus::waiting);
  ahead_.emplace(static_cast<unsigned>(std::min<std::size_t>(options_.workers, items)),
                 [this] { return new_target_connection(); });
  return state;
}

// By which columns the target finds a row's segment.
void Job::read_places() {
  if (!dialect_.distributed) return;
  std::set<QualifiedName> tables;
  for (const PreparedTask& task : prepared_) tables.insert(task.target.name);
  auto routing = read_routing(control_.get(), dialect_, tables);
  for (PreparedTask& task : prepared_) task.target.routing = routing[task.target.name];
}

// Rows that the target may set aside go as text to one that can do it by itself.
CopyFormatChoice Job::format() const {
  const bool sets_aside = options_.reject_limit > 0 && dialect_.segment_rejects;
  return sets_aside && options_.format == CopyFormatChoice::automatic ? CopyFormatChoice::text : options_.format;
}

TaskStart Job::start_of(std::size_t task) {
  TaskResult& result = ledger_.result().results[task];
  const PreparedTask& prepared = prepared_[task];
  TaskStart start;
  start.runnable = result.status == TaskStatus::waiting;
  start.complete = result.created || ledger_.task(task).post_load;
  if (start.runnable) {
    start.plan = !prepared.planned;
    start.after = prepared.after;
    take_up(prepared, result, start);
  }
  ledger_.open_task(task, start.chunks.size() + (start.plan ? 1 : 0));
  return start;
}

void Job::load() {
  if (!queue_->has_work()) return;
  ledger_.progress().start();
  const ProgressReporter reporter(ledger_.progress().source());
  ProgressTicker ticker(kObserverInterval, [this] { observe(); });
  run_workers(options_.workers, "worker", [this](unsigned i) { work(i); });
  ahead_.reset();
  ledger_.result().spent = ledger_.progress().spent();
}

// Of thousands of tables that takes a while: more seldom then, so that it costs a hundredth
// of a processor.
void Job::observe() {
  constexpr int kSeldom = 100;
  const auto now = Clock::now();
  snapshot_->look(now);
  if (!options_.observer || now < next_observation_) return;
  const double before = observing_.seconds()[Spent::own];
  observing_.enter(Spent::target);
  tell_observer();
  observing_.enter(Spent::idle);
  const std::chrono::duration<double> cost(observing_.seconds()[Spent::own] - before);
  next_observation_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(kSeldom * cost);
}

void Job::tell_observer() {
  StepSummary steps;
  for (std::size_t i = 0; i < ledger_.tasks().size(); ++i) steps += steps_->summary(i, queue_->planned_steps(i));
  const auto views = ledger_.progress().view();
  options_.observer({.tasks = ledger_.tasks(),
                     .views = views,
                     .steps = std::move(steps),
                     .spent = ledger_.progress().spent(),
                     .snapshot = snapshot_->text(),
                     .snapshot_seconds = snapshot_->seconds(Clock::now())});
}

// What the end asks if nothing is in its way.
std::vector<PgQuery> Job::questions_of_end() {
  std::vector<PgQuery> out{journal_->ask_rewritten()};
  if (!options_.more_follows) out.push_back(journal_->ask_open_schema());
  if (!options_.move_sequences || dialect_.distributed || options_.meet || guards_.to_prove()) return out;
  for (PgQuery& question : questions_of_positions(ledger_.result())) out.push_back(std::move(question));
  return out;
}

void Job::end() {
  JobResult& result = ledger_.result();
  if (journal_) find_lost_commits(control_, *journal_, prepared_, *steps_, result, questions_of_end());
  if (journal_) find_rewritten(control_, *journal_, prepared_, result);
  for (std::size_t i = 0; i < result.results.size(); ++i)
    result.results[i].steps = steps_->summary(i, queue_->planned_steps(i));
  if (snapshot_) result.history = snapshot_->text();
  settle_results(result, journal_.has_value(), drain_.stop_requested());
  if (!source_.snapshot_held()) {
    result.snapshot.consistent = false;
    result.snapshot.method += "; lost in part, later rows are of a later moment";
  }
  drop_empty_tables(control_, queue_->empty_tables(), prepared_, journal(), result);
  const auto open_schema = journal_ ? control_.found(journal_->ask_open_schema()) : std::nullopt;
  const bool met = meet();
  put_back_guards(control_, guards_, result);
  if (!control_.is_open() || !met) return;
  if (options_.met) options_.met();
  prove_keys(conninfo_, guards_, result, drain_, cancel_);
  if (options_.move_sequences && !dialect_.distributed) move_positions(control_, result, drain_);
  if (!journal_) return;
  note_rows_to_mend(control_, *journal_, options_.start != StartMode::fresh, result);
  close_journal(control_, *journal_, options_, result, open_schema);
}

// False: the tables are not of one moment with those beside.
bool Job::meet() {
  JobResult& result = ledger_.result();
  if (!options_.meet) return true;
  if (result.count(TaskStatus::done) < result.tasks.size() || !result.errors.empty()) return false;
  try {
    options_.meet(result);
    return true;
  } catch (const Error& error) {
    log::error("main", error);
    result.errors.push_back(error);
    return false;
  }
}

void Job::work(unsigned index) {
  WorkClock& clock = ledger_.progress().clock(index);
  clock.enter(Spent::idle);
  WorkerSession session(fmt::format("worker-{}", index),
                        {[this] { return source_.session(); }, [this] { return target_connection(); }});
  while (const auto item = queue_->next(drain_)) {
    ledger_.progress().set_worker(index, what_to_do(*item));
    switch (item->kind) {
      case WorkItem::Kind::plan: {
        const Spends source(clock, Spent::source);
        work_plan(session, *item);
        break;
      }
      case WorkItem::Kind::load: work_load(session, *item, index); break;
      default: {
        const Spends steps(clock, Spent::steps);
        queue_->ddl_done(*item, steps_->run(*item, session));
        break;
      }
    }
    clock.enter(Spent::idle);  // also behind a load that has failed
    ledger_.progress().set_worker(index, {});
  }
}

std::unique_ptr<PgConnection> Job::target_connection() {
  auto connection = ahead_ ? ahead_->take() : nullptr;
  return connection ? std::move(connection) : new_target_connection();
}

std::unique_ptr<PgConnection> Job::new_target_connection() const {
  auto connection = loading_connection(conninfo_, options_.application_name, journal_.has_value());
  if (journal_) journal_->claim(*connection);
  return connection;
}

std::string Job::what_to_do(const WorkItem& item) {
  const CopyTask& task = ledger_.task(item.task);
  switch (item.kind) {
    case WorkItem::Kind::plan: return task.name + ", cutting it into chunks";
    case WorkItem::Kind::load:
      return item.only_chunk ? task.name
                             : fmt::format("{} chunk {} of {}", task.name, item.number + 1,
                                           ledger_.progress().counters(item.task).chunks.load());
    case WorkItem::Kind::add_foreign_keys: return "adding foreign keys";
    default: return fmt::format("{}, {}", task.name, item.units.empty() ? "its end" : item.units.front().what);
  }
}

bool Job::attempt(WorkerSession& session, const WorkItem& item, const std::function<void()>& work) {
  ledger_.begin(item.task);
  NewTries tries(options_.retry, drain_);
  for (;;) {
    const auto error = session.attempt(cancel_, work);
    if (!error) return true;
    if (tries.allow(*error)) {
      ledger_.retry(item.task);
      if (tries.wait(session.name(), ledger_.task(item.task).name, *error)) continue;
    }
    fail(session, item, *error);
    return false;
  }
}

void Job::fail(const WorkerSession& session, const WorkItem& item, Error error) {
  const std::string where = item.chunk.whole() ? "" : "where " + item.chunk.predicate;
  if (drain_.stop_requested()) {
    if (ledger_.interrupt(item.task))
      log::warning(session.name(), fmt::format("{}: interrupted, rolled back{}{}", ledger_.task(item.task).name,
                                               where.empty() ? "" : " ", where));
    return;
  }
  if (!where.empty()) error.context(where);
  ledger_.fail(session.name(), item.task, std::move(error));
}

void Job::work_plan(WorkerSession& session, const WorkItem& item) {
  ChunkPlan plan({.task = item.task,
                  .prepared = prepared_[item.task],
                  .options = options_,
                  .journal = journal(),
                  .ledger = ledger_,
                  .queue = *queue_,
                  .drain = drain_});
  const bool succeeded = attempt(session, item, [&] { plan.run(session); });
  queue_->plan_done(item, succeeded);
  end_item(session, item.task);
}

void Job::work_load(WorkerSession& session, const WorkItem& item, unsigned index) {
  LoadOutcome outcome;
  const bool succeeded = attempt(session, item, [&] { outcome = load_item(session, item, index); });
  std::vector<std::string> changed;
  for (const ChangedValues& values : outcome.changed) changed.push_back(values.column);
  if (succeeded) {
    log::debug(session.name(), fmt::format("{}: {} rows{}", ledger_.task(item.task).name, format_count(outcome.rows),
                                           item.chunk.whole() ? "" : " where " + item.chunk.predicate));
    ledger_.add_outcome(item.task, outcome);
  }
  // The table's result first: the queue may hand out its next steps at once.
  end_item(session, item.task);
  queue_->load_done(item, succeeded, outcome.bytes, changed);
}

LoadOutcome Job::load_item(WorkerSession& session, const WorkItem& item, unsigned index) {
  const CopyTask& task = ledger_.task(item.task);
  const PreparedTask& prepared = prepared_[item.task];
  TaskRejects rejects(rejects_, prepared.target.name, task.name, key_of(task));
  PgSinkRequest into{.target = prepared.target, .dialect = dialect_, .budget = rejects_, .rejects = rejects};
  into.freeze = item.only_chunk && copy_freeze_ && prepared.target.plain;
  // A table that this run made is emptied only for FREEZE's sake, which a small
  // one does not repay.
  const bool worth = task.estimated_bytes >= kWorthFreezing;
  into.truncate_first = item.only_chunk && (prepared.truncate_first || (prepared.fresh && into.freeze && worth));
  into.replica = prepared.replica;
  into.journal = journal();
  into.journal_task = prepared.journal;
  into.chunk = item.number;
  PgChunkSink sink(into, session.target());
  const LoadRequest request{.task = task,
                            .chunk = item.chunk,
                            .target = prepared.target,
                            .format = format(),
                            .buffer_bytes = buffer_bytes(options_),
                            .rejects = options_.reject_limit > 0 ? &rejects : nullptr,
                            .rate = rate_,
                            .limited = options_.max_rate.limited()};
  const LoadProgress progress{ledger_.progress().counters(item.task), ledger_.progress().worker_counters(index),
                              ledger_.progress().clock(index)};
  return load_chunk(request, session.source(), sink, progress, drain_);
}

void Job::end_item(const WorkerSession& session, std::size_t task) {
  if (const auto result = ledger_.end_item(task)) log_done(session, ledger_.task(task), *result);
}

void Job::log_done(const WorkerSession& session, const CopyTask& task, const TaskResult& result) const {
  const LoadOutcome& outcome = result.outcome;
  log::info(session.name(), fmt::format("{}: {} rows, {} in {} ({} rows/s{}{})", task.name, format_count(outcome.rows),
                                        format_bytes(outcome.bytes), format_seconds(result.seconds),
                                        rows_per_second(outcome.rows, result.seconds),
                                        result.chunks > 1 ? fmt::format(", {} chunks", result.chunks) : "",
                                        outcome.format == CopyFormat::text ? ", text COPY" : ""));
  if (outcome.rejected > 0)
    log::warning(session.name(), fmt::format("{}: {} rows set aside in {}", task.name, format_count(outcome.rejected),
                                             rejects_.path_of(task.target)));
  for (const ChangedValues& changed : outcome.changed)
    log::warning(session.name(), fmt::format("{}: column {}: {} values changed by policy", task.name, changed.column,
                                             format_count(changed.count)));
}

}  // namespace

JobResult run_copy_job(SnapshotSource& source, const std::string& conninfo, const Dialect& dialect,
                       std::vector<CopyTask> tasks, const JobOptions& options, const std::stop_token& drain,
                       const std::stop_token& cancel) {
  return Job(source, conninfo, dialect, std::move(tasks), options, drain, cancel).run();
}

}  // namespace dbsync
