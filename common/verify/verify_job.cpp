#include "verify/verify_job.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/log_error.h"
#include "base/progress.h"
#include "base/worker_pool.h"
#include "copy/worker_session.h"
#include "verify/verify_plan.h"
#include "verify/verify_queue.h"
#include "verify/verify_reader.h"
#include "verify/verify_table.h"
#include "verify/verify_target.h"
#include "verify/verify_verdict.h"

namespace dbsync {

namespace {

constexpr std::uint64_t kMostUnreadable = 1000;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// One for each target table.
std::vector<VerifyTable> tables_of(const std::vector<CopyTask>& tasks) {
  std::vector<VerifyTable> out;
  std::map<QualifiedName, std::size_t> known;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const QualifiedName& target = tasks[i].compared_with();
    const auto [found, added] = known.emplace(target, out.size());
    if (added) out.emplace_back().verdict.target = target;
    VerifyTable& table = out[found->second];
    table.verdict.name = table.tasks.empty() && !tasks[i].target_tree ? tasks[i].name : target.display();
    if (tasks[i].problem && !table.verdict.error) table.verdict.error = *tasks[i].problem;
    table.tasks.push_back(i);
    table.estimated_bytes += tasks[i].estimated_bytes;
  }
  return out;
}

// For the progress display: each table is read twice.
std::vector<CopyTask> shown_tables(const std::vector<CopyTask>& tasks, const std::vector<VerifyTable>& tables) {
  std::vector<CopyTask> out;
  for (const VerifyTable& table : tables) {
    CopyTask& shown = out.emplace_back();
    shown.name = table.verdict.name;
    for (const std::size_t task : table.tasks) shown.estimated_rows += 2 * tasks[task].estimated_rows;
  }
  return out;
}

class VerifyJob {
 public:
  VerifyJob(const VerifyRequest& request, const std::stop_token& drain, const std::stop_token& cancel)
      : tasks_(request.tasks),
        options_(request.options),
        conninfo_(request.conninfo),
        again_(request.again),
        drain_(drain),
        cancel_(cancel),
        source_(&request.source),
        rejects_(kMostUnreadable, options_.reject_directory),
        rate_(options_.max_rate),
        tables_(tables_of(request.tasks)),
        shown_(shown_tables(tasks_, tables_)),
        progress_(shown_),
        reader_({tasks_, rejects_, rate_, progress_, mutex_, drain}) {}

  VerifyResult run();

 private:
  // On the source's and the target's snapshot of now.
  void make_workers();

  // ---------------------------------------------------------------- passes

  void pass(VerifyPass pass);
  bool wanted(const VerifyTable& table) const;
  std::vector<std::size_t> by_size() const;

  // Both sides in turn, so that both servers are at work.
  void push_parts(std::size_t index);
  void work(WorkerSession& worker);
  bool over(const VerifyTable& table, const VerifyItem& item);

  // Again after errors that a new try can cure; any other fails the table.
  void work(WorkerSession& worker, const VerifyItem& item);
  void run(WorkerSession& worker, const VerifyItem& item);
  static bool stages(const VerifyTable& table, const VerifyItem& item);
  void fail(const WorkerSession& worker, VerifyTable& table, Error error);
  void end_item(VerifyTable& table, std::size_t index);
  void compare_digests(VerifyTable& table, std::size_t index);

  // -------------------------------------------------------------- planning

  void plan(WorkerSession& worker, std::size_t index);

  // ---------------------------------------------------------- looking again

  // Rows of a target that follows differ for as long as a change is under way; what
  // differs at several moments in the same way differs.
  void look_again();
  void note_exchanges();
  bool anything_differs() const;

  const std::vector<CopyTask>& tasks_;
  const JobOptions& options_;
  const std::string& conninfo_;
  const VerifyAgain& again_;
  std::stop_token drain_;
  std::stop_token cancel_;
  SnapshotSource* source_;
  std::unique_ptr<SnapshotSource> later_;
  RejectBudget rejects_;
  RateLimiter rate_;
  std::optional<TargetSnapshot> target_;
  std::mutex mutex_;  // guards tables_
  std::vector<VerifyTable> tables_;
  std::vector<CopyTask> shown_;  // a table each, for the progress display
  JobProgress progress_;
  VerifyReader reader_;
  VerifyPass pass_ = VerifyPass::sums;
  std::optional<VerifyQueue> queue_;
  std::vector<WorkerSession> workers_;
};

VerifyResult VerifyJob::run() {
  const auto start = Clock::now();
  target_.emplace(conninfo_, options_.application_name);
  make_workers();
  progress_.start();
  const ProgressReporter reporter(progress_.source());
  // A limit of the rate is kept by reading.
  if (!options_.max_rate.limited() && source_->computes(target_->control())) pass(VerifyPass::digests);
  pass(VerifyPass::sums);
  pass(VerifyPass::rows);
  look_again();
  for (VerifyTable& table : tables_)
    if (!table.failed()) table.pair_rows();
  pass(VerifyPass::values);
  note_exchanges();
  VerifyResult result;
  std::unique_ptr<PgConnection> namer;
  for (VerifyTable& table : tables_) {
    name_rows(*target_, namer, table);
    log_verdict(table);
    result.tables.push_back(std::move(table.verdict));
  }
  result.seconds = seconds_since(start);
  return result;
}

void VerifyJob::make_workers() {
  for (unsigned i = 0; i < options_.workers; ++i)
    workers_.emplace_back(fmt::format("verify-{}", i),
                          SessionMakers{[this] { return source_->session(); }, [this] { return target_->session(); },
                                        [this] { return target_->writer(); }});
}

void VerifyJob::pass(VerifyPass pass) {
  pass_ = pass;
  queue_.emplace();
  bool any = false;
  for (const std::size_t i : by_size()) {
    VerifyTable& table = tables_[i];
    if (!wanted(table)) continue;
    any = true;
    // The memory of pass 1 is taken when it is the table's turn.
    if (pass == VerifyPass::sums || !table.planned) {
      table.left = 1;
      queue_->push({i, true, Side::source, 0});
    } else {
      push_parts(i);
    }
  }
  if (!any) return;
  run_workers(options_.workers, "verify", [this](unsigned i) { work(workers_[i]); });
  for (VerifyTable& table : tables_)
    if (wanted(table) && table.left > 0 && !table.failed()) table.verdict.interrupted = true;
}

bool VerifyJob::wanted(const VerifyTable& table) const {
  if (table.failed()) return false;
  switch (pass_) {
    case VerifyPass::digests: return true;
    case VerifyPass::sums: return !table.same;
    case VerifyPass::rows: return !table.selected.empty();
    case VerifyPass::values: return !table.wanted.empty();
  }
  return false;
}

std::vector<std::size_t> VerifyJob::by_size() const {
  std::vector<std::size_t> out(tables_.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = i;
  std::stable_sort(out.begin(), out.end(), [this](std::size_t a, std::size_t b) {
    return tables_[a].estimated_bytes > tables_[b].estimated_bytes;
  });
  return out;
}

void VerifyJob::push_parts(std::size_t index) {
  VerifyTable& table = tables_[index];
  table.left = table.source_parts.size() + table.target_parts.size();
  table.start = Clock::now();
  for (std::size_t i = 0; i < std::max(table.source_parts.size(), table.target_parts.size()); ++i) {
    if (i < table.source_parts.size()) queue_->push({index, false, Side::source, i});
    if (i < table.target_parts.size()) queue_->push({index, false, Side::target, i});
  }
}

void VerifyJob::work(WorkerSession& worker) {
  while (const auto item = queue_->next(drain_)) {
    if (!over(tables_[item->table], *item)) work(worker, *item);
    end_item(tables_[item->table], item->table);
    queue_->done();
  }
}

bool VerifyJob::over(const VerifyTable& table, const VerifyItem& item) {
  const std::lock_guard lock(mutex_);
  return table.failed() || (pass_ == VerifyPass::digests && !item.plan && table.digest.empty()) ||
         (pass_ == VerifyPass::values && table.kept.size() == table.wanted.size());
}

void VerifyJob::work(WorkerSession& worker, const VerifyItem& item) {
  VerifyTable& table = tables_[item.table];
  NewTries tries(options_.retry, drain_);
  for (;;) {
    const auto error = worker.attempt(
        cancel_, [&] { run(worker, item); }, stages(table, item));
    if (!error) return;
    if (!tries.allow(*error) || !tries.wait(worker.name(), table.verdict.name, *error))
      return fail(worker, table, *error);
  }
}

void VerifyJob::run(WorkerSession& worker, const VerifyItem& item) {
  if (item.plan)
    plan(worker, item.table);
  else
    reader_.read(pass_, worker, tables_[item.table], item);
}

bool VerifyJob::stages(const VerifyTable& table, const VerifyItem& item) {
  return !item.plan && item.side == Side::source && !table.source_parts[item.part].exact;
}

void VerifyJob::fail(const WorkerSession& worker, VerifyTable& table, Error error) {
  const std::lock_guard lock(mutex_);
  if (table.failed()) return;
  if (drain_.stop_requested()) {
    table.verdict.interrupted = true;
    return;
  }
  if (pass_ == VerifyPass::digests && table.planned && !error.connection_lost()) {  // it is only the faster way
    log::info(worker.name(), fmt::format("{}: the servers cannot add it up, so its rows are read: {}",
                                         table.verdict.name, error.what()));
    table.digest.clear();
    return;
  }
  error.context(table.verdict.name + ": it could not be compared");
  log::error(worker.name(), error);
  table.verdict.error = std::move(error);
}

void VerifyJob::end_item(VerifyTable& table, std::size_t index) {
  const std::lock_guard lock(mutex_);
  if (--table.left > 0) return;
  table.verdict.seconds += seconds_since(table.start);
  if (table.failed()) {
    table.source_sums = table.target_sums = BucketSums();
    progress_.set_status(index, TaskStatus::failed);
  } else if (pass_ == VerifyPass::digests) {
    compare_digests(table, index);
  } else if (pass_ == VerifyPass::sums) {
    table.compare_sums();
    progress_.set_status(index, TaskStatus::done);
  }
}

void VerifyJob::compare_digests(VerifyTable& table, std::size_t index) {
  table.compare_digests();
  if (table.same) return progress_.set_status(index, TaskStatus::done);
  progress_.counters(index).rows -= table.source_digest.rows + table.target_digest.rows;
  if (!table.digest.empty()) log::info("verify", table.verdict.name + ": the servers' sums differ; reading its rows");
}

void VerifyJob::plan(WorkerSession& worker, std::size_t index) {
  VerifyTable& table = tables_[index];
  table.start = Clock::now();
  if (!table.planned) plan_table({tasks_, options_, pass_ == VerifyPass::digests}, worker, table);
  const std::lock_guard lock(mutex_);
  if (pass_ == VerifyPass::sums) table.source_sums = table.target_sums = BucketSums(table.buckets);
  progress_.set_status(index, TaskStatus::running);
  table.planned = true;
  if (pass_ == VerifyPass::digests && table.digest.empty()) return;
  push_parts(index);
  ++table.left;  // this item
}

void VerifyJob::look_again() {
  for (unsigned i = 0; i < again_.times && anything_differs() && !drain_.stop_requested(); ++i) {
    log::info("main", fmt::format("rows that differ are looked at again, {} of {}", i + 1, again_.times));
    // They hold locks on what they have read: a TRUNCATE of the application, or of the follower,
    // would wait for them, and the later sessions would wait behind it.
    workers_.clear();
    std::unique_ptr<SnapshotSource> later;
    try {
      later = again_.later(drain_);
    } catch (const Error& error) {
      log::warning("verify", fmt::format("they are not looked at again: {}", error.what()));
    }
    const bool goes_on = later != nullptr;
    if (goes_on) {
      later_ = std::move(later);
      source_ = later_.get();
      target_.emplace(conninfo_, options_.application_name);
    }
    make_workers();
    if (!goes_on) break;
    for (VerifyTable& table : tables_) table.again.emplace();
    pass(VerifyPass::rows);
    for (VerifyTable& table : tables_) {
      if (wanted(table)) table.diff.keep_only(*table.again);
      table.again.reset();
    }
  }
}

// Two tables of which each holds the rows of the other: they, or their copies, were renamed.
void VerifyJob::note_exchanges() {
  std::vector<VerifyTable*> different;
  for (VerifyTable& table : tables_)
    if (!table.failed() && table.verdict.differs()) different.push_back(&table);
  for (VerifyTable* table : different)
    for (const VerifyTable* other : different)
      if (table->exchanged_with(*other))
        table->verdict.notes.push_back(
            fmt::format("the target has the rows of {} here, and those of this table there: their names were exchanged "
                        "on one of the sides",
                        other->verdict.name));
}

bool VerifyJob::anything_differs() const {
  return std::any_of(tables_.begin(), tables_.end(),
                     [](const VerifyTable& t) { return !t.failed() && !t.selected.empty(); });
}

}  // namespace

VerifyResult run_verify_job(const VerifyRequest& request, const std::stop_token& drain, const std::stop_token& cancel) {
  return VerifyJob(request, drain, cancel).run();
}

}  // namespace dbsync
