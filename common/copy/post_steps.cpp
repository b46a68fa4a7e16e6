#include "copy/post_steps.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error_cause.h"
#include "base/log.h"
#include "pg/hints.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

std::string step_of(const DdlUnit& unit, const std::string& statement) { return unit.what + "\n" + statement; }

// True when the unit makes a key that others may refer to.
bool is_unique_key(const std::string& what, const std::optional<Table>& definition) {
  if (what.starts_with("primary key ")) return true;
  return definition && std::any_of(definition->indexes.begin(), definition->indexes.end(),
                                   [&](const Index& index) { return index.unique && what == "index " + index.name; });
}

std::optional<std::int64_t> count_rows(const std::string& sql, LoadingSession& target, const std::string& worker) {
  try {
    if (!sql.empty() && target) return target->exec(sql).integer(0, 0);
  } catch (const Error& failed) {
    log::debug(worker, failed.what());
  }
  return std::nullopt;
}

}  // namespace

std::vector<bool> PostSteps::run(const WorkItem& item, LoadingSession& target, const std::string& worker) {
  if (item.at_once)
    if (const auto done = run_at_once(item, target, worker)) return std::vector<bool>(item.units.size(), *done);
  std::vector<bool> succeeded;
  for (const DdlUnit& unit : item.units) {
    const std::size_t task = item.kind == WorkItem::Kind::add_foreign_keys ? unit.task : item.task;
    // Adding foreign keys and checking them are two items of one unit.
    const std::size_t statements = item.kind == WorkItem::Kind::add_foreign_keys ? 1 : unit.statements.size();
    succeeded.push_back(run_unit(unit, statements, task, target, worker));
  }
  return succeeded;
}

// Most of the time nothing is in the way. When something is, nothing was done: one
// by one then, which also tells whose fault it is, is for the caller.
std::optional<bool> PostSteps::run_at_once(const WorkItem& item, LoadingSession& target, const std::string& worker) {
  std::string statements;
  std::vector<std::string> steps;
  for (const DdlUnit& unit : item.units)
    for (const std::string& statement : unit.statements) {
      std::string step = step_of(unit, statement);
      if (journal_ != nullptr && prepared_[item.task].steps.contains(step)) continue;
      statements += statement + ";\n";
      steps.push_back(std::move(step));
    }
  if (steps.empty()) return true;
  if (journal_ != nullptr) statements += journal_->mark_steps_sql(prepared_[item.task].journal, steps);
  try {
    PgConnection& connection = target.connect();
    const std::stop_callback cancel(cancel_, [&connection] { connection.cancel(); });
    connection.exec(statements);
  } catch (Error& error) {
    if (error.connection_lost() || drain_.stop_requested()) {  // what was done is not known, or no more is wanted
      fail(item.units.front(), item.task, std::move(error), target, worker);
      return false;
    }
    log::debug(worker, fmt::format("{}: {}; again, step by step", result_.tasks[item.task].name, error.what()));
    return std::nullopt;
  }
  if (journal_ != nullptr) note(item.task, std::move(steps));
  return true;
}

bool PostSteps::run_unit(const DdlUnit& unit, std::size_t statements, std::size_t task, LoadingSession& target,
                         const std::string& worker) {
  if (is_derived(unit, task, worker)) return false;
  try {
    PgConnection& connection = target.connect();
    const std::stop_callback cancel(cancel_, [&connection] { connection.cancel(); });
    for (std::size_t i = 0; i < statements; ++i) run_step(unit, i, task, target);
    return true;
  } catch (Error& error) {
    if (drain_.stop_requested()) error.context("interrupted");
    fail(unit, task, std::move(error), target, worker);
    return false;
  }
}

// True when the unit needs something that has failed: its own error would be a second
// one for the same cause.
bool PostSteps::is_derived(const DdlUnit& unit, std::size_t task, const std::string& worker) {
  const std::lock_guard lock(mutex_);
  const std::string missing = missing_for(unit, task);
  if (missing.empty()) return false;
  if (failed_[task].contains(unit.what)) return true;  // the same key's second half
  failed_[task].insert(unit.what);
  log::debug(worker, fmt::format("{}: {}: left out, since {}", result_.tasks[task].name, unit.what, missing));
  result_.results[task].left_out.push_back(fmt::format("{}, since {}", unit.what, missing));
  return true;
}

std::string PostSteps::missing_for(const DdlUnit& unit, std::size_t task) const {
  if (failed_[task].contains(unit.what)) return "its index could not be made";
  if (!unit.refers_to) return {};
  for (std::size_t i = 0; i < result_.tasks.size(); ++i) {
    if (result_.tasks[i].target != *unit.refers_to) continue;
    if (result_.results[i].status != TaskStatus::done) return fmt::format("{} was not loaded", result_.tasks[i].name);
    const bool key = std::any_of(failed_[i].begin(), failed_[i].end(),
                                 [&](const std::string& what) { return is_unique_key(what, result_.tasks[i].definition); });
    if (key) return fmt::format("a key of {} could not be made", result_.tasks[i].name);
  }
  return {};
}

// A statement and its mark in one transaction, once over all runs. An error shows the
// statement alone: it is the one to run by hand.
void PostSteps::run_step(const DdlUnit& unit, std::size_t index, std::size_t task, LoadingSession& target) {
  if (journal_ == nullptr) {
    target->exec(unit.statements[index]);
    return;
  }
  const PreparedTask& prepared = prepared_[task];
  std::string step = step_of(unit, unit.statements[index]);
  if (prepared.steps.contains(step)) return;
  try {
    target->exec(unit.statements[index] + ";\n" + journal_->mark_steps_sql(prepared.journal, {step}));
  } catch (Error& error) {
    error.statement(unit.statements[index]);
    throw;
  }
  note(task, {std::move(step)});
}

void PostSteps::note(std::size_t task, std::vector<std::string> steps) {
  const std::lock_guard lock(mutex_);
  for (std::string& step : steps) done_[task].insert(std::move(step));
}

void PostSteps::fail(const DdlUnit& unit, std::size_t task, Error error, LoadingSession& target, const std::string& worker) {
  if (target && !target->usable()) target.reset();
  if (error.sqlstate().starts_with("23")) explain_violation(unit, task, error, target, worker);
  add_hint(error, unit.refers_to ? PgStep::foreign_key : PgStep::build, quote_name(result_.tasks[task].target));
  error.context(fmt::format("{}: {}", result_.tasks[task].name, unit.what));
  log::error_once(worker, error, cause_in(error, result_.tasks[task]));
  const std::lock_guard lock(mutex_);
  failed_[task].insert(unit.what);
  result_.results[task].post_errors.push_back(std::move(error));
}

LoadedRows PostSteps::rows_of(std::size_t task) {
  const CopyTask& own = result_.tasks[task];
  LoadedRows out;
  if (own.definition) out.table = &*own.definition;
  out.one_moment = result_.snapshot.consistent;
  std::size_t sources = 0;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < result_.tasks.size(); ++i) {
    if (result_.tasks[i].target != own.target) continue;
    ++sources;
    out.query = out.query || !result_.tasks[i].query.empty();
    for (const ChangedValues& changed : result_.results[i].outcome.changed) out.changed.push_back(changed.column);
    for (const JournalChunk& chunk : prepared_[i].chunks)
      out.changed.insert(out.changed.end(), chunk.zero_dates.begin(), chunk.zero_dates.end());
  }
  out.several_sources = sources > 1;
  return out;
}

// Rows that break a rule of their table: how many, one of them in the server's message,
// and why. They stay as they are.
void PostSteps::explain_violation(const DdlUnit& unit, std::size_t task, Error& error, LoadingSession& target,
                                  const std::string& worker) {
  LoadedRows rows = rows_of(task);
  rows.violations = count_rows(unit.violations_sql, target, worker);
  rows.true_violations = count_rows(unit.true_violations_sql, target, worker);
  error.recast(ErrorKind::data, (rows.violations ? fmt::format("{} rows; ", *rows.violations) : "") + error.message());
  if (std::string hint = violation_hint(unit, error, rows); !hint.empty()) error.hint(std::move(hint));
}

}  // namespace dbsync
