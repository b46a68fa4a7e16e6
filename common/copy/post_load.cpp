#include "copy/post_load.h"

#include <map>

#include <fmt/format.h>

#include "base/log.h"
#include "base/log_error.h"
#include "copy/target_sequences.h"
#include "schema/ddl_writer.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

void report(Error& error, const std::string& context, JobResult& result) {
  error.context(context);
  log::error("main", error);
  result.errors.push_back(error);
}

std::map<QualifiedName, SourcePosition> tables_with_positions(const JobResult& result) {
  std::map<QualifiedName, SourcePosition> out;
  for (std::size_t i = 0; i < result.tasks.size(); ++i)
    if (!result.results[i].created && result.results[i].chunks_done > 0) add_source_position(result.tasks[i], out);
  return out;
}

}  // namespace

void put_back_guards(ControlSession& control, LoadGuards& guards, JobResult& result) {
  if (!control.is_open() || !guards.any_off()) return;
  try {
    guards.put_back(control.durable(), result);
  } catch (Error& error) {
    report(error, "foreign keys and triggers that were taken off for the load", result);
    result.errors.back().hint("--resume or --cleanup puts them back");
  }
}

void prove_keys(const std::string& conninfo, LoadGuards& guards, JobResult& result, const std::stop_token& drain,
                const std::stop_token& cancel) {
  try {
    guards.prove(conninfo, result, drain, cancel);
  } catch (Error& error) {
    report(error, "the proof of the foreign keys", result);
  }
}

std::vector<PgQuery> questions_of_positions(const JobResult& result) {
  const auto tables = tables_with_positions(result);
  return tables.empty() ? std::vector<PgQuery>{} : std::vector<PgQuery>{question_of_sequences(tables)};
}

void move_positions(ControlSession& control, JobResult& result, const std::stop_token& drain) {
  const auto tables = tables_with_positions(result);
  if (tables.empty()) return;
  try {
    if (drain.stop_requested()) throw Error(ErrorKind::interrupted, "interrupted before they were set");
    for (std::string& note : move_sequences(control.get(), tables)) result.notes.push_back(std::move(note));
  } catch (Error& error) {
    report(error, "sequences of the target", result);
    result.errors.back().hint("--resume sets them again");
  }
}

void drop_empty_tables(const ControlSession& control, const std::vector<std::size_t>& empty,
                       const std::vector<PreparedTask>& prepared, const LoadJournal* journal, const JobResult& result) {
  if (empty.empty()) return;
  try {
    const auto connection = control.another();
    for (const std::size_t task : empty) {
      PgTransaction transaction(*connection);
      // Made by an earlier run perhaps, and filled since: rows are nobody's to drop.
      connection->exec(fmt::format("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", quote_name(result.tasks[task].target)));
      TargetTable whole = prepared[task].target;
      whole.only = false;
      if (has_rows(*connection, whole)) continue;
      for (const auto& statement : drop_table_sql(*result.tasks[task].definition)) connection->exec(statement);
      if (journal != nullptr) exec_together(*connection, journal->forgetting({prepared[task].journal}));
      transaction.commit();
      log::info("main", fmt::format("{}: created by this run and not loaded, so dropped again",
                                    result.tasks[task].target.display()));
    }
  } catch (const Error& error) {
    log::warning("main", fmt::format("created tables without rows are left on the target: {}", error.what()));
  }
}

}  // namespace dbsync
