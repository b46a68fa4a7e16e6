#include "copy/post_steps.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/error_cause.h"
#include "base/log.h"
#include "base/stable_hash.h"
#include "pg/hints.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::optional<std::int64_t> count_rows(const std::string& sql, WorkerSession& worker) {
  try {
    if (!sql.empty() && worker.has_target()) return worker.target().exec(sql).integer(0, 0);
  } catch (const Error& failed) {
    log::debug(worker.name(), failed.what());
  }
  return std::nullopt;
}

}  // namespace

// The journal's key holds a third of a page at most.
std::string step_of(const DdlUnit& unit, const std::string& statement) {
  constexpr std::size_t kMost = 2000;
  if (unit.what.size() + statement.size() < kMost) return unit.what + "\n" + statement;
  return fmt::format("{}\n{:016x}{:016x}", unit.what, stable_hash64(statement), stable_hash64(statement, 1));
}

PostSteps::PostSteps(const LoadJournal* journal, const std::vector<PreparedTask>& prepared, JobLedger& ledger,
                     bool one_moment, const RetryOptions& retry, const std::stop_token& drain,
                     const std::stop_token& cancel)
    : journal_(journal),
      prepared_(prepared),
      ledger_(ledger),
      one_moment_(one_moment),
      retry_(retry),
      drain_(drain),
      cancel_(cancel),
      done_(prepared.size()),
      failed_(prepared.size()),
      seconds_(prepared.size()) {
  for (std::size_t i = 0; i < ledger.tasks().size(); ++i) tasks_of_[ledger.task(i).target].push_back(i);
}

std::vector<bool> PostSteps::run(const WorkItem& item, WorkerSession& worker) {
  if (item.at_once)
    if (const auto done = run_at_once(item, worker)) return std::vector<bool>(item.units.size(), *done);
  std::vector<bool> succeeded;
  for (const DdlUnit& unit : item.units) {
    const std::size_t task = item.kind == WorkItem::Kind::add_foreign_keys ? unit.task : item.task;
    // Adding foreign keys and checking them are two items of one unit.
    const std::size_t statements = item.kind == WorkItem::Kind::add_foreign_keys ? 1 : unit.statements.size();
    succeeded.push_back(run_unit(unit, statements, task, worker));
  }
  return succeeded;
}

// Most of the time nothing is in the way. When something is, nothing was done: one
// by one then, which also tells whose fault it is, is for the caller.
std::optional<bool> PostSteps::run_at_once(const WorkItem& item, WorkerSession& worker) {
  auto error = attempt(item.task, worker, [&] { run_together(item, worker); });
  if (!error) return true;
  if (error->connection_lost() || drain_.stop_requested()) {  // what was done is not known, or no more is wanted
    if (!drain_.stop_requested()) fail(item.units.front(), item.task, std::move(*error), worker);
    return false;
  }
  log::debug(worker.name(), fmt::format("{}: {}; again, step by step", ledger_.task(item.task).name, error->what()));
  return std::nullopt;
}

void PostSteps::run_together(const WorkItem& item, WorkerSession& worker) {
  const auto start = std::chrono::steady_clock::now();
  std::string statements;
  std::vector<std::string> steps;
  std::vector<const DdlUnit*> units;
  for (const DdlUnit& unit : item.units)
    for (const std::string& statement : unit.statements) {
      std::string step = step_of(unit, statement);
      if (is_done(item.task, step)) continue;
      statements += statement + ";\n";
      steps.push_back(std::move(step));
      if (units.empty() || units.back() != &unit) units.push_back(&unit);
    }
  if (steps.empty()) return;
  if (journal_ != nullptr) statements += journal_->mark_steps_sql(prepared_[item.task].journal, steps);
  worker.target().exec(statements);
  note(item.task, std::move(steps));
  add_seconds(item.task, units, seconds_since(start));
}

bool PostSteps::run_unit(const DdlUnit& unit, std::size_t statements, std::size_t task, WorkerSession& worker) {
  if (is_derived(unit, task, worker.name())) return false;
  const auto start = std::chrono::steady_clock::now();
  auto error = attempt(task, worker, [&] {
    for (std::size_t i = 0; i < statements; ++i) run_step(unit, i, task, worker);
  });
  add_seconds(task, {&unit}, seconds_since(start));
  if (!error) return true;
  // What a stop has ended is open, and has not failed.
  if (drain_.stop_requested()) return false;
  if (unit.kind == StepKind::statistics && !error->connection_lost()) return warn(unit, task, *error, worker);
  fail(unit, task, std::move(*error), worker);
  return false;
}

// Without statistics plans are worse, and nothing is missing: whoever loads decides what
// to do about it.
bool PostSteps::warn(const DdlUnit& unit, std::size_t task, const Error& error, const WorkerSession& worker) {
  const std::string what = fmt::format("{}: {}", unit.statements.front(), error.message());
  log::warning(worker.name(), fmt::format("{}: {}", ledger_.task(task).name, what));
  ledger_.add_left_out(task, what);
  const std::lock_guard lock(mutex_);
  failed_[task].insert(unit.what);
  return true;
}

// Again after errors that a new try can cure.
std::optional<Error> PostSteps::attempt(std::size_t task, WorkerSession& worker, const std::function<void()>& work) {
  NewTries tries(retry_, drain_);
  for (;;) {
    auto error = attempt_once(worker, work);
    // Without a journal nobody knows whether the step was done.
    if (!error) server_gone_ = false;
    if (!error || journal_ == nullptr || server_gone_ || !tries.allow(*error)) {
      if (error && error->connection_lost()) server_gone_ = true;
      return error;
    }
    ledger_.retry(task);
    if (!tries.wait(worker.name(), ledger_.task(task).name, *error)) return error;
    // What cannot be read now, the next try will tell.
    if (const auto unknown = attempt_once(worker, [&] { read_done(task, worker); }))
      log::debug(worker.name(), unknown->what());
  }
}

std::optional<Error> PostSteps::attempt_once(WorkerSession& worker, const std::function<void()>& work) {
  try {
    PgConnection& connection = worker.connect_target();
    const std::stop_callback cancel(cancel_, [&connection] { connection.cancel(); });
    work();
    return std::nullopt;
  } catch (Error& error) {
    if (worker.has_target() && !worker.target().usable()) worker.drop_target();
    return std::move(error);
  }
}

// What the lost connection has committed nevertheless.
void PostSteps::read_done(std::size_t task, WorkerSession& worker) {
  const auto there = journal_->read_steps(worker.target(), prepared_[task].journal);
  note(task, {there.begin(), there.end()});
}

// True when the unit needs something that has failed: its own error would be a second
// one for the same cause.
bool PostSteps::is_derived(const DdlUnit& unit, std::size_t task, const std::string& component) {
  const std::lock_guard lock(mutex_);
  const std::string missing = missing_for(unit, task);
  if (missing.empty()) return false;
  if (failed_[task].contains(unit.what)) return true;  // the same key's second half
  failed_[task].insert(unit.what);
  if (unit.makes_key) failed_keys_.insert(task);
  log::debug(component, fmt::format("{}: {}: left out, since {}", ledger_.task(task).name, unit.what, missing));
  ledger_.add_left_out(task, fmt::format("{}, since {}", unit.what, missing));
  return true;
}

std::string PostSteps::missing_for(const DdlUnit& unit, std::size_t task) const {
  if (failed_[task].contains(unit.what)) return "its index could not be made";
  if (!unit.refers_to) return {};
  const auto referred = tasks_of_.find(*unit.refers_to);
  if (referred == tasks_of_.end()) return {};
  for (const std::size_t i : referred->second) {
    if (ledger_.status(i) != TaskStatus::done) return fmt::format("{} was not loaded", ledger_.task(i).name);
    if (failed_keys_.contains(i)) return fmt::format("a key of {} could not be made", ledger_.task(i).name);
  }
  return {};
}

// A statement and its mark in one transaction, once over all runs. An error shows the
// statement alone: it is the one to run by hand.
void PostSteps::run_step(const DdlUnit& unit, std::size_t index, std::size_t task, WorkerSession& worker) {
  std::string step = step_of(unit, unit.statements[index]);
  if (is_done(task, step)) return;
  std::string sql = unit.statements[index];
  if (journal_ != nullptr) sql += ";\n" + journal_->mark_steps_sql(prepared_[task].journal, {step});
  try {
    worker.target().exec(sql);
  } catch (Error& error) {
    error.statement(unit.statements[index]);
    throw;
  }
  note(task, {std::move(step)});
}

bool PostSteps::is_done(std::size_t task, const std::string& step) {
  if (prepared_[task].steps.contains(step)) return true;
  const std::lock_guard lock(mutex_);
  return done_[task].contains(step);
}

void PostSteps::note(std::size_t task, std::vector<std::string> steps) {
  const std::lock_guard lock(mutex_);
  for (std::string& step : steps) done_[task].insert(std::move(step));
}

void PostSteps::add_seconds(std::size_t task, const std::vector<const DdlUnit*>& units, double seconds) {
  const std::lock_guard lock(mutex_);
  for (const DdlUnit* unit : units) seconds_[task][unit->what] += seconds / static_cast<double>(units.size());
}

void PostSteps::fail(const DdlUnit& unit, std::size_t task, Error error, WorkerSession& worker) {
  if (error.sqlstate().starts_with("23")) explain_violation(unit, task, error, worker);
  add_hint(error, unit.refers_to ? PgStep::foreign_key : PgStep::build, quote_name(ledger_.task(task).target));
  error.context(fmt::format("{}: {}", ledger_.task(task).name, unit.what));
  log::error_once(worker.name(), error, cause_in(error, ledger_.task(task)));
  ledger_.add_post_error(task, std::move(error));
  const std::lock_guard lock(mutex_);
  failed_[task].insert(unit.what);
  if (unit.makes_key) failed_keys_.insert(task);
}

// A key that takes two units, its index and the constraint, is one step.
StepSummary PostSteps::summary(std::size_t task, const std::vector<DdlUnit>& planned) const {
  std::map<std::string, std::pair<StepKind, bool>> steps;  // by name: the kind, and whether all of it is done
  const std::lock_guard lock(mutex_);
  for (const DdlUnit& unit : planned) {
    const bool done = std::all_of(unit.statements.begin(), unit.statements.end(), [&](const std::string& statement) {
      const std::string step = step_of(unit, statement);
      return done_[task].contains(step) || prepared_[task].steps.contains(step);
    });
    const auto [entry, added] = steps.try_emplace(unit.what, unit.kind, done);
    entry->second.second = entry->second.second && done;
  }
  StepSummary out;
  for (const auto& [what, step] : steps) {
    StepCounts& counts = out[step.first];
    ++(step.second ? counts.done : failed_[task].contains(what) ? counts.failed : counts.open);
    const auto seconds = seconds_[task].find(what);
    if (seconds != seconds_[task].end()) counts.seconds += seconds->second;
  }
  return out;
}

LoadedRows PostSteps::rows_of(std::size_t task) const {
  const CopyTask& own = ledger_.task(task);
  LoadedRows out;
  if (own.definition) out.table = &*own.definition;
  out.one_moment = one_moment_;
  std::size_t sources = 0;
  for (const std::size_t i : tasks_of_.at(own.target)) {
    ++sources;
    out.query = out.query || !ledger_.task(i).query.empty();
    for (std::string& column : ledger_.changed_columns(i)) out.changed.push_back(std::move(column));
    for (const JournalChunk& chunk : prepared_[i].chunks)
      out.changed.insert(out.changed.end(), chunk.zero_dates.begin(), chunk.zero_dates.end());
  }
  out.several_sources = sources > 1;
  return out;
}

// Rows that break a rule of their table: how many, one of them in the server's message,
// and why. They stay as they are.
void PostSteps::explain_violation(const DdlUnit& unit, std::size_t task, Error& error, WorkerSession& worker) {
  LoadedRows rows = rows_of(task);
  rows.violations = count_rows(unit.violations_sql, worker);
  rows.true_violations = count_rows(unit.true_violations_sql, worker);
  error.recast(ErrorKind::data, (rows.violations ? fmt::format("{} rows; ", *rows.violations) : "") + error.message());
  std::string hint = unit.violation_hint.empty() ? violation_hint(unit, error, rows) : unit.violation_hint;
  if (!hint.empty()) error.hint(std::move(hint));
}

}  // namespace dbsync
