#include "copy/load_journal.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "copy/chunk_text.h"
#include "embedded_sql.h"
#include "pg/bookkeeping.h"
#include "pg/prefetch.h"
#include "pg/sqlstate.h"
#include "pg/together.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

// The sessions of a run, each with a shared lock on its number; any constant does for
// the first half.
constexpr int kSessionClass = 0x6462737a;
constexpr char kMarkChunk[] =
    "UPDATE dbsync.copy_chunk SET done = now(), row_count = $4, byte_count = $5, rejected = $6, zero_dates = $7, "
    "file = (SELECT nullif(c.relfilenode::bigint, 0) FROM dbsync.copy_table t JOIN pg_catalog.pg_namespace n ON "
    "n.nspname = t.target_schema JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = t.target_table "
    "WHERE t.run = $1 AND t.task = $2) WHERE run = $1 AND task = $2 AND chunk = $3 AND done IS NULL";
// Where a step stands that is of no table.
constexpr int kWholeRun = -1;
constexpr char kRowsToMend[] = "rows to mend";
constexpr char kAnew[] = "begun anew";
constexpr char kOpenSchema[] = "the schema is being made";
constexpr std::size_t kTablesTogether = 5000;
constexpr char kForgetStep[] = "DELETE FROM dbsync.copy_step WHERE run = $1 AND task = $2 AND step = $3";

void note_of_run(PgConnection& connection, std::int64_t run, const char* step) {
  const std::vector<std::optional<std::string>> key{std::to_string(run), std::to_string(kWholeRun), step};
  exec_together(connection, {{kForgetStep, key},
                             {"INSERT INTO dbsync.copy_step (run, task, step, done) VALUES ($1, $2, $3, now())", key}});
}

std::string numbers_text(const std::vector<int>& numbers) {
  std::vector<std::string> out;
  for (const int number : numbers) out.push_back(std::to_string(number));
  return array_text(out);
}

std::string flag(bool value) { return value ? "t" : "f"; }

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    out.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return out;
}

PgQuery ask_note(std::int64_t run, const char* step) {
  return {"SELECT 1 FROM dbsync.copy_step WHERE run = $1 AND task = $2 AND step = $3",
          {std::to_string(run), std::to_string(kWholeRun), step}};
}

bool has_note(PgConnection& connection, std::int64_t run, const char* step) {
  const PgQuery question = ask_note(run, step);
  return connection.exec(question.sql, question.parameters).rows() > 0;
}

PgQuery question_of_run(const JournalKey& key) {
  return {"SELECT run FROM dbsync.copy_run WHERE program = $1 AND source = $2 AND target_schema = $3",
          {key.program, key.source, key.target_schema}};
}

PgQuery question_of_open_schema(const JournalKey& key) {
  return {
      "SELECT 1 FROM dbsync.copy_step s JOIN dbsync.copy_run r ON r.run = s.run WHERE r.program = $1 AND "
      "r.source = $2 AND r.target_schema = $3 AND s.task = $4 AND s.step = $5",
      {key.program, key.source, key.target_schema, std::to_string(kWholeRun), kOpenSchema}};
}

std::string claim_sql(std::int64_t run) {
  return fmt::format("SELECT pg_catalog.pg_advisory_lock_shared({}, {})", kSessionClass, run);
}

// Whether the journal knows no other tables of the run than these.
bool are_all(PgConnection& connection, const std::string& run, const std::vector<CopyTask>& tasks) {
  std::set<std::string> ended;
  for (const CopyTask& task : tasks) ended.insert(task_key(task.name, task.query, task.target));
  const PgResult known =
      connection.exec("SELECT name, query, target_schema, target_table FROM dbsync.copy_table WHERE run = $1", {run});
  for (int row = 0; row < known.rows(); ++row)
    if (!ended.contains(task_key(known.text(row, 0), known.text(row, 1), {known.text(row, 2), known.text(row, 3)})))
      return false;
  return true;
}

// Whoever may write into the target's tables is not to run statements on the source.
[[noreturn]] void refuse_chunk(int task, const JournalChunk& chunk) {
  throw Error(
      ErrorKind::target,
      fmt::format("dbsync.copy_chunk holds for task {}, chunk {}, what this program does not write: \"{}\", \"{}\"",
                  task, chunk.number, chunk.chunk.from, chunk.chunk.predicate))
      .hint(
          "it is not run on the source; find out who has changed the table, then --cleanup and load again with "
          "--truncate");
}

constexpr char kRuns[] = "copy_run";
// In a database that was restored from a dump all oids are others: relations that were noted
// beside another journal's mean nothing.
constexpr char kBooks[] = "'dbsync.copy_table'::pg_catalog.regclass::pg_catalog.oid::bigint";

// Journals of older versions do not note relations and their files.
std::string lacking(const BookkeepingTables& there) {
  if (!there.has(kRuns)) return std::string(sql::journal_tables);
  std::string out;
  if (!there.has("copy_table", "relation")) out += "ALTER TABLE dbsync.copy_table ADD COLUMN relation bigint;\n";
  if (!there.has("copy_table", "books")) out += "ALTER TABLE dbsync.copy_table ADD COLUMN books bigint;\n";
  if (!there.has("copy_chunk", "file")) out += "ALTER TABLE dbsync.copy_chunk ADD COLUMN file bigint;\n";
  return out;
}

std::vector<PgQuery> questions_of_tables(std::int64_t run) {
  const std::string number = std::to_string(run);
  return {
      {"SELECT to_char(started AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), finished IS NOT NULL, snapshot "
       "FROM dbsync.copy_run WHERE run = $1",
       {number}},
      {fmt::format("SELECT task, name, query, target_schema, target_table, created, owned, planned, CASE WHEN books IS "
                   "NULL OR books = {} THEN coalesce(relation, 0) ELSE 0 END FROM dbsync.copy_table WHERE run = $1 "
                   "ORDER BY task",
                   kBooks),
       {number}}};
}

std::vector<PgQuery> questions_of_parts(std::int64_t run) {
  const std::string number = std::to_string(run);
  return {{"SELECT task, chunk, source_from, predicate, estimated_bytes, done IS NOT NULL, row_count, byte_count, "
           "rejected, zero_dates FROM dbsync.copy_chunk WHERE run = $1 ORDER BY task, chunk",
           {number}},
          {"SELECT task, step FROM dbsync.copy_step WHERE run = $1", {number}}};
}

// Chunks and steps of all tasks; steps of the run itself as those of kWholeRun.
std::map<int, JournalTable> read_parts(PgConnection& connection, std::int64_t run) {
  const auto answers = ask_together(connection, questions_of_parts(run));
  std::map<int, JournalTable> out;
  const PgResult& chunks = answers[0];
  for (int row = 0; row < chunks.rows(); ++row) {
    const auto task = static_cast<int>(chunks.integer(row, 0));
    JournalChunk& chunk = out[task].chunks.emplace_back();
    chunk.number = static_cast<int>(chunks.integer(row, 1));
    chunk.chunk = {chunks.text(row, 2), chunks.text(row, 3), static_cast<std::uint64_t>(chunks.integer(row, 4))};
    if (!is_planned_chunk(chunk.chunk)) refuse_chunk(task, chunk);
    chunk.done = chunks.boolean(row, 5);
    if (!chunk.done) continue;
    chunk.rows = static_cast<std::uint64_t>(chunks.integer(row, 6));
    chunk.bytes = static_cast<std::uint64_t>(chunks.integer(row, 7));
    chunk.rejected = static_cast<std::uint64_t>(chunks.integer(row, 8));
    chunk.zero_dates = lines(chunks.text(row, 9));
  }
  const PgResult& steps = answers[1];
  for (int row = 0; row < steps.rows(); ++row)
    out[static_cast<int>(steps.integer(row, 0))].steps.insert(steps.text(row, 1));
  return out;
}

}  // namespace

LoadJournal::LoadJournal(PgConnection& connection, JournalKey key) : connection_(connection), key_(std::move(key)) {
  make_tables();
}

// Another run's --cleanup may have dropped them since they were looked at.
void LoadJournal::make_tables() {
  forget_bookkeeping(connection_);
  make_bookkeeping(connection_, kBookkeepingSchema, lacking);
}

std::vector<LeftSession> LoadJournal::left_sessions() {
  const auto run = find_run(connection_, key_);
  none_found_ = !run;
  if (!run) return {};
  const PgQuery question{
      "SELECT l.pid, coalesce(pg_catalog.left(a.query, 60), '') FROM pg_catalog.pg_locks l LEFT JOIN "
      "pg_catalog.pg_stat_activity a "
      "ON a.pid = l.pid WHERE l.locktype = 'advisory' AND l.classid = $1::oid AND l.objid = $2::oid AND l.objsubid = 2 "
      "AND "
      "l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) "
      "AND l.pid <> pg_catalog.pg_backend_pid() ORDER BY 1",
      {std::to_string(kSessionClass), std::to_string(*run)}};
  std::vector<PgQuery> with{question};
  for (auto& questions : {questions_of_tables(*run), questions_of_parts(*run)})
    with.insert(with.end(), questions.begin(), questions.end());
  PgPrefetch::more_of(connection_, std::move(with));
  const PgResult found = ask(connection_, question);
  std::vector<LeftSession> out;
  for (int row = 0; row < found.rows(); ++row) out.push_back({found.integer(row, 0), found.text(row, 1)});
  return out;
}

void LoadJournal::claim(PgConnection& connection) const { connection.exec(claim_sql(run_)); }

bool LoadJournal::enter() {
  auto run = none_found_ ? std::nullopt : find_run(connection_, key_);
  while (!run) {
    if (add_run()) return false;
    run = find_run(connection_, key_);
  }
  run_ = *run;
  return true;
}

// False: there is one by now.
bool LoadJournal::add_run() {
  PgTransaction transaction(connection_, PgTransaction::BegunElsewhere{});
  // Other keys may be added at this moment, too.
  const auto answers = exec_together(
      connection_,
      {{"BEGIN"},
       {"LOCK TABLE dbsync.copy_run IN SHARE ROW EXCLUSIVE MODE"},
       {"INSERT INTO dbsync.copy_run (run, program, source, target_schema, started, snapshot) "
        "SELECT n.run, $1::text, $2::text, $3::text, now(), '' "
        "FROM (SELECT coalesce(max(run), 0) + 1 AS run FROM dbsync.copy_run) AS n WHERE NOT EXISTS (SELECT 1 FROM "
        "dbsync.copy_run r WHERE r.program = $1::text AND r.source = $2::text AND r.target_schema = $3::text) "
        "RETURNING run",
        {key_.program, key_.source, key_.target_schema}},
       {"COMMIT"}});
  transaction.was_committed();
  if (answers[2].rows() == 0) return false;
  run_ = answers[2].integer(0, 0);
  return true;
}

EarlierRun LoadJournal::open() {
  if (!enter()) return {.started = {}, .finished = true, .snapshot = {}};
  const auto answers = ask_together(connection_, questions_of_tables(run_));
  const PgResult& run = answers[0];
  const PgResult& tables = answers[1];
  EarlierRun out{.started = run.text(0, 0), .finished = run.boolean(0, 1), .snapshot = run.text(0, 2)};
  auto parts = read_parts(connection_, run_);
  const std::set<std::string>& of_run = parts[kWholeRun].steps;
  out.rows_to_mend = of_run.contains(kRowsToMend);
  out.begun_anew = of_run.contains(kAnew);
  for (int row = 0; row < tables.rows(); ++row) {
    JournalTable& table = parts[static_cast<int>(tables.integer(row, 0))];
    table.task = static_cast<int>(tables.integer(row, 0));
    table.created = tables.boolean(row, 5);
    table.owned = tables.boolean(row, 6);
    table.planned = tables.boolean(row, 7);
    table.relation = static_cast<std::uint32_t>(tables.integer(row, 8));
    next_task_ = table.task + 1;
    table.target = {tables.text(row, 3), tables.text(row, 4)};
    const std::string key_text = task_key(tables.text(row, 1), tables.text(row, 2), table.target);
    out.tables.emplace(key_text, std::move(table));
  }
  return out;
}

std::map<int, JournalTable> LoadJournal::read(PgConnection& connection) const {
  std::map<int, JournalTable> out;
  auto parts = read_parts(connection, run_);
  const PgResult tables =
      connection.exec("SELECT task, planned FROM dbsync.copy_table WHERE run = $1 ORDER BY task", {run_text()});
  for (int row = 0; row < tables.rows(); ++row) {
    const auto task = static_cast<int>(tables.integer(row, 0));
    JournalTable& table = out[task] = std::move(parts[task]);
    table.task = task;
    table.planned = tables.boolean(row, 1);
  }
  return out;
}

std::set<std::string> LoadJournal::read_steps(PgConnection& connection, int task) const {
  const PgResult steps = connection.exec("SELECT step FROM dbsync.copy_step WHERE run = $1 AND task = $2",
                                         {run_text(), std::to_string(task)});
  std::set<std::string> out;
  for (int row = 0; row < steps.rows(); ++row) out.insert(steps.text(row, 0));
  return out;
}

std::vector<PgQuery> LoadJournal::beginning(const std::string& snapshot) const {
  return {{claim_sql(run_)},
          {"UPDATE dbsync.copy_run SET started = now(), finished = NULL, snapshot = $2 WHERE run = $1",
           {run_text(), snapshot}}};
}

PgQuery LoadJournal::ask_open_schema() const { return ask_note(run_, kOpenSchema); }

void LoadJournal::finish(PgConnection& connection, const std::vector<CopyTask>& tasks, bool open_schema) const {
  finish(connection, run_, tasks, open_schema);
}

void LoadJournal::finish(PgConnection& connection, const JournalKey& key, const std::vector<CopyTask>& tasks) {
  if (const auto run = find_run(connection, key))
    finish(connection, *run, tasks, has_note(connection, *run, kOpenSchema));
}

void LoadJournal::finish(PgConnection& connection, std::int64_t run, const std::vector<CopyTask>& tasks,
                         bool open_schema) {
  const std::string number = std::to_string(run);
  std::vector<PgQuery> end{{"UPDATE dbsync.copy_run SET finished = now() WHERE run = $1", {number}}};
  if (open_schema && are_all(connection, number, tasks))
    end.push_back({kForgetStep, {number, std::to_string(kWholeRun), kOpenSchema}});
  exec_together(connection, end);  // one transaction
}

// The texts of a statement for all of very many tables would be what needs most memory.
void LoadJournal::add_tables(PgConnection& connection, const std::vector<NewTable>& tables) const {
  std::optional<PgTransaction> transaction;
  if (tables.size() > kTablesTogether && !connection.in_transaction()) transaction.emplace(connection);
  for (std::span<const NewTable> left(tables); !left.empty();) {
    const std::size_t count = std::min(left.size(), kTablesTogether);
    exec_together(connection, inserts(left.first(count)));
    left = left.subspan(count);
  }
  if (transaction) transaction->commit();
}

std::vector<PgQuery> LoadJournal::adding(const std::vector<NewTable>& tables) const {
  if (tables.empty() || tables.size() > kTablesTogether) return {};
  return inserts(tables);
}

std::vector<PgQuery> LoadJournal::inserts(std::span<const NewTable> tables) const {
  std::array<std::vector<std::string>, 8> columns;
  std::vector<std::string> whole;
  for (const NewTable& table : tables) {
    const std::string number = std::to_string(table.number);
    const std::array<std::string, 8> values{number,
                                            table.task->name,
                                            table.task->query,
                                            table.task->target.schema,
                                            table.task->target.name,
                                            flag(table.created),
                                            flag(table.owned),
                                            flag(table.whole)};
    for (std::size_t i = 0; i < values.size(); ++i) columns[i].push_back(values[i]);
    if (table.whole) whole.push_back(number);
  }
  std::vector<std::optional<std::string>> parameters{run_text()};
  for (const auto& column : columns) parameters.emplace_back(array_text(column));
  std::vector<PgQuery> out{
      {"INSERT INTO dbsync.copy_table (run, task, name, query, target_schema, target_table, created, owned, planned) "
       "SELECT $1::bigint, unnest($2::int[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]), "
       "unnest($6::text[]), "
       "unnest($7::boolean[]), unnest($8::boolean[]), unnest($9::boolean[])",
       std::move(parameters)}};
  if (!whole.empty())
    out.push_back(
        {"INSERT INTO dbsync.copy_chunk (run, task, chunk, source_from, predicate, estimated_bytes) "
         "SELECT $1::bigint, unnest($2::int[]), 0, '', '', 0",
         {run_text(), array_text(whole)}});
  return out;
}

std::vector<PgQuery> LoadJournal::forgetting(const std::vector<int>& tasks) const {
  std::vector<PgQuery> out;
  if (tasks.empty()) return out;
  for (const char* table : {"copy_step", "copy_chunk", "copy_table"})
    out.push_back({fmt::format("DELETE FROM dbsync.{} WHERE run = $1 AND task = ANY ($2::int[])", table),
                   {run_text(), numbers_text(tasks)}});
  return out;
}

PgQuery LoadJournal::note_relations(const std::map<int, std::uint32_t>& relations) const {
  std::vector<std::string> tasks;
  std::vector<std::string> oids;
  for (const auto& [task, oid] : relations) {
    tasks.push_back(std::to_string(task));
    oids.push_back(std::to_string(oid));
  }
  return {fmt::format(
              "UPDATE dbsync.copy_table AS t SET relation = n.relation, books = {} FROM (SELECT unnest($2::int[]) AS "
              "task, unnest($3::bigint[]) AS relation) AS n WHERE t.run = $1 AND t.task = n.task",
              kBooks),
          {run_text(), array_text(tasks), array_text(oids)}};
}

PgQuery LoadJournal::note_relations(const std::vector<int>& tasks) const {
  return {fmt::format(
              "UPDATE dbsync.copy_table AS t SET relation = c.oid::bigint, books = {} FROM pg_catalog.pg_namespace n "
              "JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid WHERE t.run = $1 AND t.task = ANY ($2::int[]) AND "
              "n.nspname = t.target_schema AND c.relname = t.target_table",
              kBooks),
          {run_text(), numbers_text(tasks)}};
}

namespace {

// What stands where the rows went, beside the journal's tables t and chunks k.
constexpr char kFileNow[] =
    "(SELECT c.relfilenode::bigint FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid "
    "WHERE n.nspname = t.target_schema AND c.relname = t.target_table)";

}  // namespace

PgQuery LoadJournal::ask_rewritten() const {
  return {fmt::format(
              "SELECT DISTINCT t.task FROM dbsync.copy_table t JOIN dbsync.copy_chunk k ON k.run = t.run AND k.task "
              "= t.task WHERE t.run = $1 AND k.done IS NOT NULL AND k.row_count > 0 AND k.file IS NOT NULL AND "
              "k.file IS DISTINCT FROM {}",
              kFileNow),
          {run_text()}};
}

std::set<int> LoadJournal::rewritten(const PgResult& answer) {
  std::set<int> out;
  for (int row = 0; row < answer.rows(); ++row) out.insert(static_cast<int>(answer.integer(row, 0)));
  return out;
}

std::set<int> LoadJournal::rewritten(PgConnection& connection) const {
  const PgQuery question = ask_rewritten();
  return rewritten(connection.exec(question.sql, question.parameters));
}

void LoadJournal::note_files(PgConnection& connection) const {
  connection.exec(
      fmt::format(
          "UPDATE dbsync.copy_chunk AS k SET file = nullif({}, 0) FROM dbsync.copy_table t WHERE t.run = $1 AND "
          "k.run = t.run AND k.task = t.task AND k.done IS NOT NULL AND k.file IS DISTINCT FROM nullif({}, 0)",
          kFileNow, kFileNow),
      {run_text()});
}

void LoadJournal::note_rows_to_mend(PgConnection& connection, bool any) const {
  if (any) return note_of_run(connection, run_, kRowsToMend);
  connection.exec(kForgetStep, {run_text(), std::to_string(kWholeRun), kRowsToMend});
}

void LoadJournal::note_anew(PgConnection& connection, const JournalKey& key) {
  const auto run = find_run(connection, key);
  if (!run) return;
  PgTransaction transaction(connection);
  note_of_run(connection, *run, kAnew);
  transaction.commit();
}

bool LoadJournal::is_begun_anew(PgConnection& connection, const JournalKey& key) {
  const auto run = find_run(connection, key);
  return run && has_note(connection, *run, kAnew);
}

void LoadJournal::forget_anew(PgConnection& connection) const {
  connection.exec(kForgetStep, {run_text(), std::to_string(kWholeRun), kAnew});
}

void LoadJournal::note_schema(PgConnection& connection) const { note_of_run(connection, run_, kOpenSchema); }

bool LoadJournal::has_open_schema(PgConnection& connection, const JournalKey& key) {
  const auto questions = questions_of_schema(connection, key);
  return !questions.empty() && ask(connection, questions.front()).rows() > 0;
}

// Of a table that somebody has made again: with the steps of the one that was there before, that
// this run made it is history, too, or the next run would make its keys beside those that it has.
void LoadJournal::forget_steps(PgConnection& connection, int task) const {
  connection.exec("UPDATE dbsync.copy_table SET created = false WHERE run = $1 AND task = $2",
                  {run_text(), std::to_string(task)});
  connection.exec("DELETE FROM dbsync.copy_step WHERE run = $1 AND task = $2", {run_text(), std::to_string(task)});
}

void LoadJournal::forget_step(PgConnection& connection, int task, const std::string& step) const {
  connection.exec(kForgetStep, {run_text(), std::to_string(task), step});
}

void LoadJournal::set_planned(PgConnection& connection, int task) const {
  connection.exec_often("UPDATE dbsync.copy_table SET planned = true WHERE run = $1 AND task = $2",
                        {run_text(), std::to_string(task)});
}

void LoadJournal::add_chunk(PgConnection& connection, int task, int number, const Chunk& chunk) const {
  connection.exec_often(
      "INSERT INTO dbsync.copy_chunk (run, task, chunk, source_from, predicate, estimated_bytes) "
      "VALUES ($1, $2, $3, $4, $5, $6)",
      {run_text(), std::to_string(task), std::to_string(number), chunk.from, chunk.predicate,
       std::to_string(chunk.estimated_bytes)});
}

void LoadJournal::forget_chunks(PgConnection& connection, int task) const {
  connection.exec("DELETE FROM dbsync.copy_chunk WHERE run = $1 AND task = $2", {run_text(), std::to_string(task)});
  connection.exec("UPDATE dbsync.copy_table SET planned = false WHERE run = $1 AND task = $2",
                  {run_text(), std::to_string(task)});
}

std::vector<std::optional<std::string>> LoadJournal::mark(int task, int number, const LoadOutcome& outcome) const {
  std::string zero_dates;
  for (const ChangedValues& changed : outcome.changed) zero_dates += changed.column + "\n";
  std::vector<std::optional<std::string>> out{run_text()};
  for (const int value : {task, number}) out.emplace_back(std::to_string(value));
  for (const auto value : {outcome.rows, outcome.bytes, outcome.rejected}) out.emplace_back(std::to_string(value));
  out.emplace_back(std::move(zero_dates));
  return out;
}

bool LoadJournal::mark_done(PgConnection& connection, int task, int number, const LoadOutcome& outcome) const {
  return connection.exec_often(kMarkChunk, mark(task, number, outcome)).affected_rows() == 1;
}

// COMMIT is on its way when the server comes to know how many rows were marked: the
// statement has to fail by itself when that is not one.
bool LoadJournal::mark_done_and_commit(PgConnection& connection, int task, int number,
                                       const LoadOutcome& outcome) const {
  static const std::string sql =
      fmt::format("WITH marked AS ({} RETURNING 1) SELECT 1 / count(*) FROM marked", kMarkChunk);
  try {
    connection.exec_often_and_commit(sql, mark(task, number, outcome));
    return true;
  } catch (const Error& error) {
    if (error.sqlstate() != sqlstate::division_by_zero) throw;
    return false;
  }
}

PgQuery LoadJournal::mark_step(const std::vector<int>& tasks, const std::string& step) const {
  return {"INSERT INTO dbsync.copy_step (run, task, step, done) SELECT $1::bigint, unnest($2::int[]), $3::text, now()",
          {run_text(), numbers_text(tasks), step}};
}

std::string LoadJournal::mark_steps_sql(int task, const std::vector<std::string>& steps) const {
  std::string out = "INSERT INTO dbsync.copy_step (run, task, step, done) VALUES ";
  for (const std::string& step : steps)
    out += fmt::format("{}({}, {}, {}, now())", &step == &steps.front() ? "" : ", ", run_, task, quote_literal(step));
  return out;
}

std::vector<PgQuery> LoadJournal::questions_of_start(PgConnection& connection, const JournalKey& key) {
  const bool there = bookkeeping_tables(connection).has(kRuns);
  std::vector<PgQuery> out = questions_of_bookkeeping(connection);
  if (there) out.push_back(question_of_run(key));
  return out;
}

std::vector<PgQuery> LoadJournal::questions_of_schema(PgConnection& connection, const JournalKey& key) {
  if (!bookkeeping_tables(connection).has(kRuns)) return {};
  return {question_of_open_schema(key)};
}

std::optional<std::int64_t> LoadJournal::find_run(PgConnection& connection, const JournalKey& key) {
  if (!bookkeeping_tables(connection).has(kRuns)) return std::nullopt;
  const PgResult run = ask(connection, question_of_run(key));
  if (run.rows() == 0) return std::nullopt;
  return run.integer(0, 0);
}

RunEnd LoadJournal::end_of(PgConnection& connection, const JournalKey& key) {
  const auto run = find_run(connection, key);
  if (!run) return RunEnd::none;
  if (has_note(connection, *run, kOpenSchema)) return RunEnd::in_parts;
  const PgResult state = connection.exec(
      "SELECT finished IS NOT NULL, EXISTS (SELECT 1 FROM dbsync.copy_table t WHERE t.run = r.run) "
      "FROM dbsync.copy_run r WHERE r.run = $1",
      {std::to_string(*run)});
  if (state.boolean(0, 0) && !has_note(connection, *run, kAnew)) return RunEnd::well;
  return state.boolean(0, 1) ? RunEnd::in_parts : RunEnd::at_nothing;
}

void LoadJournal::remove(PgConnection& connection, const JournalKey& key) {
  const BookkeepingTables there = bookkeeping_tables(connection);
  if (!there.has(kRuns)) return;
  PgTransaction transaction(connection);
  std::vector<std::string> tables{"copy_step", "copy_chunk", "copy_table", "copy_run"};
  if (there.has("copy_guard")) tables.insert(tables.begin(), "copy_guard");
  for (const std::string& table : tables)
    connection.exec(fmt::format("DELETE FROM dbsync.{} WHERE run IN (SELECT run FROM dbsync.copy_run "
                                "WHERE program = $1 AND source = $2 AND target_schema = $3)",
                                table),
                    {key.program, key.source, key.target_schema});
  if (connection.exec("SELECT 1 FROM dbsync.copy_run LIMIT 1").rows() == 0) {
    connection.exec("DROP TABLE dbsync." + join(tables, ", dbsync."));
    const bool others = connection
                            .exec(
                                "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
                                "ON n.oid = c.relnamespace WHERE n.nspname = 'dbsync' LIMIT 1")
                            .rows() > 0;
    if (!others) connection.exec("DROP SCHEMA dbsync");
  }
  transaction.commit();
  forget_bookkeeping(connection);
}

}  // namespace dbsync
