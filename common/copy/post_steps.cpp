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

std::optional<std::int64_t> count_rows(const std::string& sql, WorkerSession& worker) {
  try {
    if (!sql.empty() && worker.has_target()) return worker.target().exec(sql).integer(0, 0);
  } catch (const Error& failed) {
    log::debug(worker.name(), failed.what());
  }
  return std::nullopt;
}

}  // namespace

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
    PgConnection& connection = worker.connect_target();
    const std::stop_callback cancel(cancel_, [&connection] { connection.cancel(); });
    connection.exec(statements);
  } catch (Error& error) {
    if (error.connection_lost() || drain_.stop_requested()) {  // what was done is not known, or no more is wanted
      fail(item.units.front(), item.task, std::move(error), worker);
      return false;
    }
    log::debug(worker.name(), fmt::format("{}: {}; again, step by step", ledger_.tasks()[item.task].name, error.what()));
    return std::nullopt;
  }
  if (journal_ != nullptr) note(item.task, std::move(steps));
  return true;
}

bool PostSteps::run_unit(const DdlUnit& unit, std::size_t statements, std::size_t task, WorkerSession& worker) {
  if (is_derived(unit, task, worker.name())) return false;
  try {
    PgConnection& connection = worker.connect_target();
    const std::stop_callback cancel(cancel_, [&connection] { connection.cancel(); });
    for (std::size_t i = 0; i < statements; ++i) run_step(unit, i, task, worker);
    return true;
  } catch (Error& error) {
    if (drain_.stop_requested()) error.context("interrupted");
    fail(unit, task, std::move(error), worker);
    return false;
  }
}

// True when the unit needs something that has failed: its own error would be a second
// one for the same cause.
bool PostSteps::is_derived(const DdlUnit& unit, std::size_t task, const std::string& component) {
  const std::lock_guard lock(mutex_);
  const std::string missing = missing_for(unit, task);
  if (missing.empty()) return false;
  if (failed_[task].contains(unit.what)) return true;  // the same key's second half
  failed_[task].insert(unit.what);
  log::debug(component, fmt::format("{}: {}: left out, since {}", ledger_.task(task).name, unit.what, missing));
  ledger_.add_left_out(task, fmt::format("{}, since {}", unit.what, missing));
  return true;
}

std::string PostSteps::missing_for(const DdlUnit& unit, std::size_t task) const {
  if (failed_[task].contains(unit.what)) return "its index could not be made";
  if (!unit.refers_to) return {};
  for (std::size_t i = 0; i < ledger_.tasks().size(); ++i) {
    if (ledger_.task(i).target != *unit.refers_to) continue;
    if (ledger_.status(i) != TaskStatus::done) return fmt::format("{} was not loaded", ledger_.task(i).name);
    const bool key = std::any_of(failed_[i].begin(), failed_[i].end(),
                                 [&](const std::string& what) { return is_unique_key(what, ledger_.task(i).definition); });
    if (key) return fmt::format("a key of {} could not be made", ledger_.task(i).name);
  }
  return {};
}

// A statement and its mark in one transaction, once over all runs. An error shows the
// statement alone: it is the one to run by hand.
void PostSteps::run_step(const DdlUnit& unit, std::size_t index, std::size_t task, WorkerSession& worker) {
  if (journal_ == nullptr) {
    worker.target().exec(unit.statements[index]);
    return;
  }
  const PreparedTask& prepared = prepared_[task];
  std::string step = step_of(unit, unit.statements[index]);
  if (prepared.steps.contains(step)) return;
  try {
    worker.target().exec(unit.statements[index] + ";\n" + journal_->mark_steps_sql(prepared.journal, {step}));
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

void PostSteps::fail(const DdlUnit& unit, std::size_t task, Error error, WorkerSession& worker) {
  if (worker.has_target() && !worker.target().usable()) worker.drop_target();
  if (error.sqlstate().starts_with("23")) explain_violation(unit, task, error, worker);
  add_hint(error, unit.refers_to ? PgStep::foreign_key : PgStep::build, quote_name(ledger_.task(task).target));
  error.context(fmt::format("{}: {}", ledger_.task(task).name, unit.what));
  log::error_once(worker.name(), error, cause_in(error, ledger_.task(task)));
  ledger_.add_post_error(task, std::move(error));
  const std::lock_guard lock(mutex_);
  failed_[task].insert(unit.what);
}

LoadedRows PostSteps::rows_of(std::size_t task) const {
  const CopyTask& own = ledger_.task(task);
  LoadedRows out;
  if (own.definition) out.table = &*own.definition;
  out.one_moment = one_moment_;
  std::size_t sources = 0;
  for (std::size_t i = 0; i < ledger_.tasks().size(); ++i) {
    if (ledger_.task(i).target != own.target) continue;
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
  if (std::string hint = violation_hint(unit, error, rows); !hint.empty()) error.hint(std::move(hint));
}

}  // namespace dbsync
