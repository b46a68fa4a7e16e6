#include "cdc/progress_store.h"

#include <array>

#include <fmt/format.h>

#include "embedded_sql.h"
#include "pg/bookkeeping.h"
#include "pg/catalog.h"

namespace dbsync {

namespace {

constexpr double kMicros = 1e6;

constexpr char kTable[] = "apply_progress";

// Of an earlier version's table.
void complete_columns(PgConnection& connection, const BookkeepingTables& there) {
  if (there.has(kTable, "gtids") || there.has(kTable, "tolerant_until")) return;
  connection.exec(
      "ALTER TABLE dbsync.apply_progress ADD COLUMN gtids text NOT NULL DEFAULT '', ADD COLUMN tolerant_until text NOT "
      "NULL DEFAULT ''");
  forget_bookkeeping(connection);
}

}  // namespace

std::string resync_row(const std::string& task) { return task + kResyncRowSuffix; }

void ensure_progress_table(PgConnection& connection) {
  make_bookkeeping(connection, kBookkeepingSchema, [](const BookkeepingTables& there) {
    return there.has(kTable) ? "" : std::string(sql::apply_progress);
  });
}

PgQuery question_of_progress(const std::string& task) {
  return {
      "SELECT position, state, transactions, changes, conflicts, gtids, tolerant_until FROM dbsync.apply_progress "
      "WHERE "
      "task = $1",
      {task}};
}

std::optional<Progress> read_progress(PgConnection& connection, const std::string& task) {
  const BookkeepingTables there = bookkeeping_tables(connection);
  if (!there.has(kTable)) return std::nullopt;
  complete_columns(connection, there);
  const PgResult result = ask(connection, question_of_progress(task));
  if (result.rows() == 0) return std::nullopt;
  Progress progress;
  progress.position = parse_position(result.value(0, 0));
  progress.state = result.text(0, 1);
  progress.transactions = static_cast<std::uint64_t>(result.integer(0, 2));
  progress.changes = static_cast<std::uint64_t>(result.integer(0, 3));
  progress.conflicts = static_cast<std::uint64_t>(result.integer(0, 4));
  progress.gtids = result.text(0, 5);
  progress.tolerant_until = parse_position(result.value(0, 6));
  return progress;
}

void write_progress(PgConnection& connection, const std::string& task, const Position& position,
                    const std::string& state) {
  PgTransaction transaction(connection);
  connection.exec("SET LOCAL synchronous_commit = on");
  delete_progress(connection, task);
  connection.exec("INSERT INTO dbsync.apply_progress (task, position, state) VALUES ($1, $2, $3)",
                  {task, position.text(), state});
  transaction.commit();
}

void write_following(PgConnection& connection, const std::string& task, const Position& position,
                     const Position& tolerant_until) {
  PgTransaction transaction(connection);
  connection.exec("SET LOCAL synchronous_commit = on");
  delete_progress(connection, task);
  connection.exec(
      "INSERT INTO dbsync.apply_progress (task, position, state, tolerant_until) VALUES ($1, $2, 'following', $3)",
      {task, position.text(), tolerant_until.text()});
  transaction.commit();
}

void go_over(PgConnection& connection, const std::string& task, const Position& from, const Position& to,
             const Position& tolerant_until) {
  const PgResult moved = connection.exec(
      "UPDATE dbsync.apply_progress SET position = $3, tolerant_until = $4 WHERE task = $1 AND position = $2",
      {task, from.text(), to.text(), tolerant_until.text()});
  if (moved.affected_rows() != 1) throw moved_by_another(task);
  forget_resync_row(connection, task);
}

void note_mixed(PgConnection& connection, const std::string& task, const Position& tolerant_until) {
  connection.exec("UPDATE dbsync.apply_progress SET tolerant_until = $2 WHERE task = $1",
                  {task, tolerant_until.text()});
}

void note_gtids(PgConnection& connection, const std::string& task, const Position& at, const std::string& gtids) {
  connection.exec("UPDATE dbsync.apply_progress SET gtids = $3 WHERE task = $1 AND position = $2",
                  {task, at.text(), gtids});
}

Error moved_by_another(const std::string& task) {
  return Error(ErrorKind::target, fmt::format("another process has moved the position of the task {}", task));
}

void move_progress(PgConnection& connection, const std::string& task, const Position& position,
                   const std::string& state) {
  PgTransaction transaction(connection);
  connection.exec("SET LOCAL synchronous_commit = on");
  connection.exec("UPDATE dbsync.apply_progress SET position = $2, state = $3, gtids = '' WHERE task = $1",
                  {task, position.text(), state});
  transaction.commit();
}

void delete_progress(PgConnection& connection, const std::string& task) {
  connection.exec("DELETE FROM dbsync.apply_progress WHERE task IN ($1, $2)", {task, resync_row(task)});
}

void forget_resync_row(PgConnection& connection, const std::string& task) {
  connection.exec("DELETE FROM dbsync.apply_progress WHERE task = $1", {resync_row(task)});
}

ProgressWriter::ProgressWriter(std::string task) : task_(std::move(task)) {
  statement_.name = "progress";
  statement_.sql =
      "UPDATE dbsync.apply_progress SET position = $3, applied_at = clock_timestamp(), "
      "source_time = to_timestamp($4::float8), transactions = transactions + $5::bigint, "
      "changes = changes + $6::bigint, gtids = $7 WHERE task = $1 AND position = $2";
  lock_.name = "progress_lock";
  lock_.sql = "SELECT 1 FROM dbsync.apply_progress WHERE task = $1 AND position = $2 FOR UPDATE";
}

void ProgressWriter::lock(TargetSession& session, const Position& from) {
  const std::string position = from.text();
  PgParameters parameters;
  parameters.add(task_.c_str(), task_.size(), PgParameters::Format::text);
  parameters.add(position.c_str(), position.size(), PgParameters::Format::text);
  session.pipeline().send(lock_, parameters, 1);
}

void ProgressWriter::send(TargetSession& session, const ProgressStep& step) {
  const std::array<std::string, 7> values{task_,
                                          step.from.text(),
                                          step.to.text(),
                                          fmt::format("{:.6f}", static_cast<double>(step.source_time) / kMicros),
                                          std::to_string(step.transactions),
                                          std::to_string(step.changes),
                                          step.gtids};
  PgParameters parameters;
  for (const auto& value : values) parameters.add(value.c_str(), value.size(), PgParameters::Format::text);
  session.pipeline().send(statement_, parameters, 1);
}

void ProgressWriter::add_conflicts(PgConnection& connection, std::uint64_t conflicts) const {
  connection.exec("UPDATE dbsync.apply_progress SET conflicts = conflicts + $2::bigint WHERE task = $1",
                  {task_, std::to_string(conflicts)});
}

}  // namespace dbsync
