#include "status/pg_status_store.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "pg/bookkeeping.h"
#include "pg/early_connections.h"
#include "pg/users_path.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr char kRuns[] = "db_sync_status";
constexpr char kTables[] = "db_sync_tables";
constexpr char kSchema[] = "dbsync";

// Of its connection.
constexpr char kRole[] = "local";
constexpr char kName[] = "dbsync status";

struct ColumnSpec {
  const char* name;
  const char* type;
};

// The first five are those of rds_dbsync.
constexpr std::array kRunColumns{
    ColumnSpec{"id", "bigserial PRIMARY KEY"},
    ColumnSpec{"full_s_start", "timestamp"},
    ColumnSpec{"full_s_end", "timestamp"},
    ColumnSpec{"decoder_start", "timestamp"},
    ColumnSpec{"apply_id", "bigint"},
    ColumnSpec{"task", "text"},
    ColumnSpec{"program", "text"},
    ColumnSpec{"source", "text"},
    ColumnSpec{"destination", "text"},
    ColumnSpec{"state", "text"},
    ColumnSpec{"updated", "timestamp"},
    ColumnSpec{"tables_total", "bigint"},
    ColumnSpec{"tables_done", "bigint"},
    ColumnSpec{"tables_failed", "bigint"},
    ColumnSpec{"rows", "bigint"},
    ColumnSpec{"bytes", "bigint"},
    ColumnSpec{"estimated_bytes", "bigint"},
    ColumnSpec{"exit_status", "integer"},
    ColumnSpec{"message", "text"},
    ColumnSpec{"applied_lsn", "text"},
    ColumnSpec{"source_lsn", "text"},
    ColumnSpec{"applied_time", "timestamp"},
    ColumnSpec{"changes", "bigint"},
    ColumnSpec{"conflicts", "bigint"},
    ColumnSpec{"lag_bytes", "bigint"},
    ColumnSpec{"lag_seconds", "double precision"},
    ColumnSpec{"retained_wal", "bigint"},
    ColumnSpec{"wal_status", "text"},
    ColumnSpec{"steps", "text"},
    ColumnSpec{"workers", "text"},
    ColumnSpec{"snapshot", "text"},
};

// As latest() takes them.
constexpr std::array kReadColumns{
    "id",           "task",          "program",         "source",      "destination",  "state",        "full_s_start",
    "full_s_end",   "decoder_start", "apply_id",        "updated",     "tables_total", "tables_done",  "tables_failed",
    "rows",         "bytes",         "estimated_bytes", "exit_status", "message",      "applied_lsn",  "source_lsn",
    "applied_time", "wal_status",    "changes",         "conflicts",   "lag_bytes",    "retained_wal", "lag_seconds",
    "steps",        "workers",       "snapshot"};

constexpr char kTablesBody[] =
    "run_id bigint NOT NULL, place integer NOT NULL, table_name text, target text, state text, rows bigint, bytes "
    "bigint, "
    "estimated_bytes bigint, updated timestamp, message text, PRIMARY KEY (run_id, place)";

constexpr char kNow[] = "pg_catalog.clock_timestamp()::timestamp";

std::optional<std::string> number(std::uint64_t n) { return std::to_string(n); }
std::optional<std::string> text_or_null(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

std::uint64_t count_at(const PgResult& result, int row, int column) {
  return result.is_null(row, column) ? 0 : static_cast<std::uint64_t>(result.integer(row, column));
}

std::string table_values(const std::vector<TableStatus>& tables, const std::vector<std::size_t>& places) {
  std::string out;
  for (const std::size_t i : places) {
    const TableStatus& table = tables[i];
    out += fmt::format("{}({}, {}, {}, {}, {}::bigint, {}::bigint, {}::bigint, {})", out.empty() ? "" : ", ", i,
                       quote_literal(table.name), quote_literal(table.target), quote_literal(table.state), table.rows,
                       table.bytes, table.estimated_bytes,
                       table.message.empty() ? "NULL::text" : quote_literal(table.message) + "::text");
  }
  return out;
}

// Of thousands of tables, so many in one statement.
constexpr std::size_t kTablesAtOnce = 2000;

template <class Body>
void for_parts(const std::vector<std::size_t>& places, const Body& body) {
  for (auto from = places.begin(); from != places.end();) {
    const auto to = from + std::min<std::ptrdiff_t>(places.end() - from, kTablesAtOnce);
    body({from, to});
    from = to;
  }
}

std::set<std::string> columns_of(PgConnection& connection, const std::string& table) {
  const PgResult columns =
      connection.exec(fmt::format("SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = "
                                  "{}::pg_catalog.regclass AND attnum > 0 AND NOT attisdropped",
                                  quote_literal(table)));
  std::set<std::string> out;
  for (int row = 0; row < columns.rows(); ++row) out.insert(columns.text(row, 0));
  return out;
}

// [local.pgsql]: where the user's search_path finds the tables, or would make them.
std::string schema_of_local(PgConnection& connection) {
  const std::vector<std::string> path = users_schemas(connection);
  const PgResult found = connection.exec(
      "SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE "
      "c.relname = $1",
      {kRuns});
  std::string first;
  for (const std::string& schema : path) {
    if (schema.starts_with("pg_")) continue;
    if (first.empty()) first = schema;
    for (int row = 0; row < found.rows(); ++row)
      if (found.value(row, 0) == schema) return schema;
  }
  if (first.empty())
    throw Error(ErrorKind::target, fmt::format("{}: no schema of its search_path exists, so there is no place for {}",
                                               connection.endpoint(), kRuns))
        .hint("set search_path for the role of [local.pgsql], or create the schema");
  return first;
}

}  // namespace

StatusPlace status_place(const std::string& local_conninfo, const std::string& target_conninfo) {
  return local_conninfo.empty() ? StatusPlace{target_conninfo, kSchema} : StatusPlace{local_conninfo, {}};
}

void open_ahead(const StatusPlace& place) { EarlyConnections::open({place.conninfo, kRole, kName}); }

PgConnection& PgStatusStore::connection() {
  if (connection_ && !connection_->usable()) connection_.reset();
  if (!connection_) {
    connection_ = std::make_unique<PgConnection>(place_.conninfo, kRole, kName);
    connection_->exec("SET client_min_messages = error");
    if (place_.schema.empty()) place_.schema = schema_of_local(*connection_);
    bookkeeping_tables(*connection_, place_.schema);
  }
  return *connection_;
}

std::string PgStatusStore::table(const char* name) const { return quote_name({place_.schema, name}); }

bool PgStatusStore::exists() {
  return !connection().exec("SELECT pg_catalog.to_regclass(" + quote_literal(table(kTables)) + ")").is_null(0, 0);
}

void PgStatusStore::create_tables() {
  make_bookkeeping(connection(), place_.schema, [this](const BookkeepingTables& there) {
    std::string out;
    std::string columns;
    for (const ColumnSpec& column : kRunColumns) {
      columns += fmt::format("{}{} {}", columns.empty() ? "" : ", ", column.name, column.type);
      if (there.has(kRuns) && !there.has(kRuns, column.name))
        out += fmt::format("ALTER TABLE {} ADD COLUMN {} {};\n", table(kRuns), column.name, column.type);
    }
    if (!there.has(kRuns)) out += fmt::format("CREATE TABLE {} ({});\n", table(kRuns), columns);
    if (!there.has(kTables)) out += fmt::format("CREATE TABLE {} ({});\n", table(kTables), kTablesBody);
    return out;
  });
}

void PgStatusStore::begin(RunStatus& run) {
  create_tables();
  const PgResult result =
      connection().exec(fmt::format("INSERT INTO {} (full_s_start, updated, task, program, source, destination, state) "
                                    "VALUES ({}, {}, $1, $2, $3, $4, $5) RETURNING id",
                                    table(kRuns), kNow, kNow),
                        {run.task, run.program, run.source, run.destination, run.state});
  run.id = result.integer(0, 0);
}

// With so many that their texts are to go one by one, a transaction holds them together.
void PgStatusStore::add_tables(const RunStatus& run, const std::vector<TableStatus>& tables) {
  std::vector<std::size_t> all(tables.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  std::optional<PgTransaction> transaction;
  if (all.size() > kTablesAtOnce) transaction.emplace(connection());
  std::vector<PgQuery> statements;
  for_parts(all, [&](const std::vector<std::size_t>& part) {
    statements.push_back({fmt::format(
        "INSERT INTO {} (run_id, place, table_name, target, state, rows, bytes, estimated_bytes, message, updated) "
        "SELECT {}, v.*, {} FROM (VALUES {}) AS v",
        table(kTables), run.id, kNow, table_values(tables, part))});
    if (transaction) exec_together(connection(), std::exchange(statements, {}));
  });
  statements.push_back(update_of(run, false));
  exec_together(connection(), statements);
  if (transaction) transaction->commit();
}

PgQuery PgStatusStore::update_of(const RunStatus& run, bool ended) const {
  PgQuery of_run;
  of_run.sql = fmt::format(
      "UPDATE {} SET updated = {}, state = $2, tables_total = $3, tables_done = $4, tables_failed = $5, "
      "rows = $6, bytes = $7, estimated_bytes = $8, exit_status = $9, message = $10, apply_id = $11, "
      "retained_wal = $12, wal_status = $13, steps = $14, workers = $15, snapshot = $16{} WHERE id = $1",
      table(kRuns), kNow, ended ? fmt::format(", full_s_end = {}", kNow) : "");
  const auto add = [&of_run](std::optional<std::string> value) { of_run.parameters.push_back(std::move(value)); };
  add(std::to_string(run.id));
  add(run.state);
  for (const std::uint64_t count :
       {run.tables, run.tables_done, run.tables_failed, run.rows, run.bytes, run.estimated_bytes})
    add(number(count));
  add(run.exit_status ? std::optional<std::string>(std::to_string(*run.exit_status)) : std::nullopt);
  add(text_or_null(run.message));
  add(run.apply_id ? std::optional<std::string>(std::to_string(*run.apply_id)) : std::nullopt);
  add(run.follow.retained_bytes > 0 ? number(run.follow.retained_bytes) : std::nullopt);
  add(text_or_null(run.follow.wal_status));
  add(run.steps.empty() ? std::nullopt : std::optional<std::string>(steps_json(run.steps).dump()));
  add(run.spent.all() > 0 ? std::optional<std::string>(spent_json(run.spent).dump()) : std::nullopt);
  add(text_or_null(run.snapshot));
  return of_run;
}

void PgStatusStore::update(const RunStatus& run, const std::vector<TableStatus>& tables,
                           const std::vector<std::size_t>& changed, bool ended) {
  std::vector<PgQuery> updates{update_of(run, ended)};
  for_parts(changed, [&](const std::vector<std::size_t>& part) {
    updates.push_back({fmt::format(
        "UPDATE {} AS t SET state = v.state, rows = v.rows, bytes = v.bytes, message = v.message, updated = {} FROM "
        "(VALUES {}) AS v (place, name, target, state, rows, bytes, estimated, message) WHERE t.run_id = {} AND "
        "t.place = v.place",
        table(kTables), kNow, table_values(tables, part), run.id)});
  });
  exec_together(connection(), updates);
}

void PgStatusStore::begin_following(RunStatus& run) {
  if (run.id == 0) {
    create_tables();
    const PgResult earlier = connection().exec(
        fmt::format(
            "SELECT id FROM {} WHERE task = $1 AND program = $2 AND decoder_start IS NOT NULL ORDER BY id DESC LIMIT 1",
            table(kRuns)),
        {run.task, run.program});
    run.id = earlier.rows() > 0
                 ? earlier.integer(0, 0)
                 : connection()
                       .exec(fmt::format("INSERT INTO {} (updated, task, program, source, destination, state) "
                                         "VALUES ({}, $1, $2, $3, $4, $5) RETURNING id",
                                         table(kRuns), kNow),
                             {run.task, run.program, run.source, run.destination, run.state})
                       .integer(0, 0);
  }
  connection().exec(
      fmt::format("UPDATE {} SET decoder_start = coalesce(decoder_start, {}) WHERE id = $1", table(kRuns), kNow),
      {std::to_string(run.id)});
}

void PgStatusStore::update_following(const RunStatus& run) {
  const FollowStatus& follow = run.follow;
  connection().exec(
      fmt::format(
          "UPDATE {} SET updated = {}, state = $2, exit_status = $3, message = $4, "
          "apply_id = coalesce($5, apply_id), applied_lsn = coalesce($6, applied_lsn), "
          "source_lsn = coalesce($7, source_lsn), applied_time = coalesce($8::timestamp, applied_time), changes = $9, "
          "conflicts = $10, lag_bytes = $11, lag_seconds = $12, retained_wal = $13, wal_status = $14 WHERE id = $1",
          table(kRuns), kNow),
      {std::to_string(run.id), run.state,
       run.exit_status ? std::optional<std::string>(std::to_string(*run.exit_status)) : std::nullopt,
       text_or_null(run.message),
       run.apply_id ? std::optional<std::string>(std::to_string(*run.apply_id)) : std::nullopt,
       text_or_null(follow.applied), text_or_null(follow.source), text_or_null(follow.applied_time),
       number(follow.changes), number(follow.conflicts), number(follow.lag_bytes),
       fmt::format("{:.3f}", follow.lag_seconds), number(follow.retained_bytes), text_or_null(follow.wal_status)});
}

std::optional<StatusReport> PgStatusStore::latest(const std::string& task) {
  if (!exists()) return std::nullopt;
  // What an earlier version made lacks columns until the next run adds them.
  const auto present = columns_of(connection(), table(kRuns));
  if (!present.contains("task")) return std::nullopt;
  std::vector<std::string> columns;
  for (const char* name : kReadColumns) columns.emplace_back(present.contains(name) ? name : "NULL");
  const PgResult runs = connection().exec(
      fmt::format("SELECT {} FROM {} WHERE task = $1 ORDER BY id DESC LIMIT 1", join(columns, ", "), table(kRuns)),
      {task});
  if (runs.rows() == 0) return std::nullopt;
  StatusReport out;
  RunStatus& run = out.run;
  run.id = runs.integer(0, 0);
  std::string* const texts[] = {&run.task,  &run.program,      &run.source,     &run.destination,
                                &run.state, &run.full_s_start, &run.full_s_end, &run.decoder_start};
  for (int i = 0; i < 8; ++i) *texts[i] = runs.text(0, i + 1);
  if (!runs.is_null(0, 9)) run.apply_id = runs.integer(0, 9);
  run.updated = runs.text(0, 10);
  std::uint64_t* const counts[] = {&run.tables, &run.tables_done, &run.tables_failed,
                                   &run.rows,   &run.bytes,       &run.estimated_bytes};
  for (int i = 0; i < 6; ++i) *counts[i] = count_at(runs, 0, i + 11);
  if (!runs.is_null(0, 17)) run.exit_status = static_cast<int>(runs.integer(0, 17));
  run.message = runs.text(0, 18);
  FollowStatus& follow = run.follow;
  std::string* const positions[] = {&follow.applied, &follow.source, &follow.applied_time, &follow.wal_status};
  for (int i = 0; i < 4; ++i) *positions[i] = runs.text(0, i + 19);
  std::uint64_t* const follow_counts[] = {&follow.changes, &follow.conflicts, &follow.lag_bytes,
                                          &follow.retained_bytes};
  for (int i = 0; i < 4; ++i) *follow_counts[i] = count_at(runs, 0, i + 23);
  if (!runs.is_null(0, 27)) follow.lag_seconds = std::strtod(runs.text(0, 27).c_str(), nullptr);
  run.steps = steps_of(nlohmann::json::parse(runs.text(0, 28), nullptr, false));
  run.spent = spent_of(nlohmann::json::parse(runs.text(0, 29), nullptr, false));
  run.snapshot = runs.text(0, 30);
  if (run.apply_id) follow.transactions = static_cast<std::uint64_t>(*run.apply_id);
  const PgResult tables = connection().exec(
      fmt::format("SELECT table_name, target, state, rows, bytes, estimated_bytes, message FROM {} WHERE run_id = $1 "
                  "ORDER BY place",
                  table(kTables)),
      {std::to_string(run.id)});
  for (int row = 0; row < tables.rows(); ++row)
    out.tables.push_back({tables.text(row, 0), tables.text(row, 1), tables.text(row, 2), count_at(tables, row, 3),
                          count_at(tables, row, 4), count_at(tables, row, 5), tables.text(row, 6)});
  return out;
}

}  // namespace dbsync
