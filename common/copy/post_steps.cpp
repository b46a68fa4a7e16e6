#include "copy/post_steps.h"

#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/log_error.h"

namespace dbsync {

namespace {

std::string step_of(const DdlUnit& unit, const std::string& statement) { return unit.what + "\n" + statement; }

// Rows of the source that break a rule of their own table: how many, and one
// of them in the server's message. They stay as they are.
Error count_violations(const DdlUnit& unit, const Error& error, LoadingSession& target, const std::string& worker) {
  std::string count;
  try {
    if (!unit.violations_sql.empty() && target) count = target->exec(unit.violations_sql).text(0, 0) + " rows; ";
  } catch (const Error& failed) {
    log::debug(worker, failed.what());
  }
  Error out(ErrorKind::data, count + error.what());
  return out.hint("the rows were loaded as they are on the source; mend them there or here, then run the statement again");
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

// A statement and its mark in one transaction, once over all runs.
void PostSteps::run_step(const DdlUnit& unit, std::size_t index, std::size_t task, LoadingSession& target) {
  if (journal_ == nullptr) {
    target->exec(unit.statements[index]);
    return;
  }
  const PreparedTask& prepared = prepared_[task];
  std::string step = step_of(unit, unit.statements[index]);
  if (prepared.steps.contains(step)) return;
  target->exec(unit.statements[index] + ";\n" + journal_->mark_steps_sql(prepared.journal, {step}));
  note(task, {std::move(step)});
}

void PostSteps::note(std::size_t task, std::vector<std::string> steps) {
  const std::lock_guard lock(mutex_);
  for (std::string& step : steps) done_[task].insert(std::move(step));
}

void PostSteps::fail(const DdlUnit& unit, std::size_t task, Error error, LoadingSession& target, const std::string& worker) {
  if (target && !target->usable()) target.reset();
  error.context(fmt::format("{}: {}", result_.tasks[task].name, unit.what));
  if (error.sqlstate().starts_with("23")) error = count_violations(unit, error, target, worker);
  if (error.sqlstate() == "42830" || error.sqlstate() == "42P01")
    error.hint("the table that it refers to was not completed; see its own error");
  log::error(worker, error);
  const std::lock_guard lock(mutex_);
  result_.results[task].post_errors.push_back(std::move(error));
}

}  // namespace dbsync
