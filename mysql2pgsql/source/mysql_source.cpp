#include "mysql2pgsql/source/mysql_source.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "base/worker_pool.h"
#include "mysql2pgsql/row/mysql_cursor.h"
#include "mysql2pgsql/schema/engine.h"
#include "mysql2pgsql/schema/type_map.h"
#include "mysql2pgsql/source/chunk_planner.h"
#include "mysql2pgsql/source/column_plan.h"
#include "mysql2pgsql/source/mysql_snapshot.h"
#include "pg/routing.h"

namespace dbsync {

namespace {

// A query and the target column of each of its result's columns.
struct Selection {
  std::string sql;
  std::vector<std::string> names;
};

// True for columns that the target computes itself: COPY must not name them.
bool is_generated(const TargetTable& target, const std::string& name) {
  for (const TargetColumn& column : target.columns)
    if (column.name == name) return column.generated;
  return false;
}

// Every column by name, those first that tell the row's segment, else in the catalog's
// order; then where the rows are from.
Selection select_table(const MysqlTable& source, const Table& definition, const TargetTable& target, const Chunk& chunk,
                       const std::optional<OriginColumn>& origin) {
  Selection out;
  std::string columns;
  std::vector<std::string> names;
  for (const Column& column : definition.columns) names.push_back(column.name);
  for (const std::size_t i : routing_first(names, target.routing)) {
    if (i >= source.columns.size() || is_generated(target, names[i])) continue;
    columns += (columns.empty() ? "" : ", ") + MysqlConnection::identifier(source.columns[i].name);
    out.names.push_back(names[i]);
  }
  if (origin) {
    columns += (columns.empty() ? "" : ", ") + MysqlConnection::literal(origin->value);
    out.names.push_back(origin->name);
  }
  out.sql = fmt::format("SELECT {} FROM {}", columns,
                        chunk.from.empty() ? MysqlConnection::identifier(source.name) : chunk.from);
  if (!chunk.predicate.empty()) out.sql += " WHERE " + chunk.predicate;
  return out;
}

// A query as something to select from. A line end before the bracket: it may end
// with a comment.
std::string as_relation(const std::string& query) { return fmt::format("({}\n) AS dbsync_query", query); }

// Binary when every column has a binary form, unless the user or the dialect
// decides otherwise.
CopyFormat choose_format(const std::vector<ColumnPlan>& plans, const CopyTask& task, CopyFormatChoice choice,
                         const Dialect& dialect, const TargetTable& target) {
  if (choice == CopyFormatChoice::text) return CopyFormat::text;
  std::vector<std::string> names;
  for (const ColumnPlan& plan : plans) names.push_back(plan.name);
  if (choice == CopyFormatChoice::automatic && dialect.text_copy && text_is_cheaper(names, target.routing))
    return CopyFormat::text;
  for (const ColumnPlan& plan : plans) {
    if (binary_encoder(plan.source, plan.wire, plan.target) != nullptr) continue;
    log::info("source", fmt::format("{}: text COPY, since column {} ({} to {}) has no binary form", task.name,
                                    plan.name, plan.source.text, type_sql(plan.target)));
    return CopyFormat::text;
  }
  return CopyFormat::binary;
}

// True when our binary form of a value is the one that the target itself gives:
// it keeps jsonb and the values of extensions in a form of its own.
bool has_exact_form(const ColumnPlan& plan) {
  const PgKind kind = plan.target.kind;
  return kind != PgKind::jsonb && kind != PgKind::geometry && kind != PgKind::other &&
         binary_encoder(plan.source, plan.wire, plan.target) != nullptr;
}

class MysqlChunkReader : public ChunkReader {
 public:
  MysqlChunkReader(std::unique_ptr<MysqlCursor> cursor, RowEncoder encoder, CopyFormat format)
      : cursor_(std::move(cursor)), encoder_(std::move(encoder)), format_(format) {
    for (const ColumnPlan& plan : encoder_.columns()) names_.push_back(plan.name);
  }

  const std::vector<std::string>& columns() const override { return names_; }
  CopyFormat format() const override { return format_; }

  bool read(CopyBuffer& buffer, TaskRejects* rejects) override {
    if (!std::exchange(executed_, true)) cursor_->execute();
    while (!buffer.full()) {
      if (!cursor_->fetch()) return false;
      ++row_;
      try {
        encoder_.encode(cursor_->values(), buffer);
      } catch (Error& error) {
        if (error.kind() != ErrorKind::data || rejects == nullptr) {
          error.context(fmt::format("row {}", row_));
          throw;
        }
        rejects->add(row_, encoder_.row_text(cursor_->values()), error);
        continue;
      }
      if (buffer.log) log_row(buffer);
    }
    return true;
  }

  std::vector<ChangedValues> changed_values() const override {
    std::vector<ChangedValues> out;
    for (const ColumnPlan& plan : encoder_.columns())
      if (plan.changed > 0) out.push_back({plan.name, plan.changed});
    return out;
  }

 private:
  void log_row(CopyBuffer& buffer) {
    buffer.log->ends.push_back(buffer.mark());
    buffer.log->numbers.push_back(row_);
    buffer.log->texts.push_back(encoder_.row_text(cursor_->values()));
  }

  std::unique_ptr<MysqlCursor> cursor_;
  RowEncoder encoder_;
  bool executed_ = false;  // with the first read(): the target may be asked for its COPY before
  std::uint64_t row_ = 0;  // of the source, from 1
  CopyFormat format_;
  std::vector<std::string> names_;
};

class MysqlSession : public SourceSession {
 public:
  MysqlSession(MysqlSource& source, std::unique_ptr<MysqlConnection> connection, const MysqlCatalog& catalog,
               const MapOptions& options, const ValuePolicies& policies)
      : source_(source),
        connection_(std::move(connection)),
        catalog_(catalog),
        options_(options),
        policies_(policies) {}
  ~MysqlSession() override {
    if (connection_->usable()) source_.give_back(std::move(connection_));
  }
  MysqlSession(const MysqlSession&) = delete;
  MysqlSession& operator=(const MysqlSession&) = delete;

  void plan_chunks(const CopyTask& task, const ChunkSizes& sizes, const std::function<void(Chunk)>& emit) override {
    if (task.query.empty()) {
      ChunkPlanner(*connection_, *catalog_.find_table(task.name), sizes, emit).plan_table();
      return;
    }
    const auto key = query_key(task);
    if (!key) {
      emit({});
      return;
    }
    ChunkPlanner(*connection_, *key->first, sizes, emit).plan_query(key->second);
  }

  std::unique_ptr<ChunkReader> open(const CopyTask& task, const Chunk& chunk, const TargetTable& target,
                                    CopyFormatChoice choice) override {
    Prepared prepared = prepare(task, chunk, target);
    const CopyFormat format = choose_format(prepared.plans, task, choice, options_.dialect, target);
    // The types come from the query itself: from within brackets the server may
    // not name a column's table.
    if (!task.query.empty() && (!chunk.whole() || !prepared.part_of_query.empty()))
      prepared.cursor = std::make_unique<MysqlCursor>(
          *connection_,
          fmt::format("SELECT {} FROM {}{}", prepared.part_of_query.empty() ? "*" : prepared.part_of_query,
                      as_relation(task.query), chunk.predicate.empty() ? "" : " WHERE " + chunk.predicate));
    return std::make_unique<MysqlChunkReader>(std::move(prepared.cursor), RowEncoder(std::move(prepared.plans), format),
                                              format);
  }

  RowShape shape(const CopyTask& task, const TargetTable& target) override {
    const Prepared prepared = prepare(task, {}, target);
    RowShape out;
    for (const ColumnPlan& plan : prepared.plans) out.columns.push_back(plan.name);
    out.exact = std::all_of(prepared.plans.begin(), prepared.plans.end(), has_exact_form);
    return out;
  }

  bool usable() noexcept override { return connection_->usable() && connection_->answers(); }
  void cancel() noexcept override { connection_->cancel(); }

 private:
  struct Prepared {
    std::unique_ptr<MysqlCursor> cursor;
    std::vector<ColumnPlan> plans;
    std::string part_of_query;  // which of a query's columns are taken; "" = all
  };

  // True for a column that both sides compute: SELECT * of a table brings it along.
  bool is_generated_here_too(const ResultColumn& column, const std::string& name, const TargetTable& target) const {
    if (!is_generated(target, name)) return false;
    const MysqlColumn* origin = origin_of(column, catalog_);
    return origin != nullptr && !origin->generation_expression.empty();
  }

  Prepared prepare(const CopyTask& task, const Chunk& chunk, const TargetTable& target) {
    Selection selection;
    if (task.query.empty())
      selection = select_table(*catalog_.find_table(task.name), *task.definition, target, chunk,
                               options_.rules.origin({catalog_.db, task.name}));
    else
      selection.sql = task.query;
    Prepared out{std::make_unique<MysqlCursor>(*connection_, selection.sql), {}, {}};
    const auto& columns = out.cursor->columns();
    if (!task.query.empty())
      for (const ResultColumn& column : columns) selection.names.push_back(target_name(column.name, options_));
    const auto types = result_types(columns, catalog_);
    std::string taken;
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (!task.query.empty() && is_generated_here_too(columns[i], selection.names[i], target)) continue;
      out.plans.push_back(plan_column(selection.names[i], types[i], columns[i].wire, target, policies_));
      taken += (taken.empty() ? "" : ", ") + MysqlConnection::identifier(columns[i].name);
    }
    if (out.plans.size() < types.size()) out.part_of_query = std::move(taken);
    return out;
  }

  // The table whose single number key is a column of the query, and the query's
  // name for it; nothing when the query cannot be read in parts.
  std::optional<std::pair<const MysqlTable*, std::string>> query_key(const CopyTask& task) {
    const MysqlCursor cursor(*connection_, task.query);
    for (const ResultColumn& column : cursor.columns()) {
      const MysqlTable* table = column.table_schema == catalog_.db ? catalog_.find_table(column.table) : nullptr;
      if (table == nullptr || table->partitioning) continue;
      const ChunkKey key = chunk_key(*table);
      if (!key.single_number() || key.columns[0]->name != column.column) continue;
      if (merges(task, column.name)) return std::pair(table, column.name);
    }
    return std::nullopt;
  }

  // True when the server reads a part of the query by the key instead of
  // computing all of it first, as for GROUP BY, UNION or LIMIT.
  bool merges(const CopyTask& task, const std::string& column) {
    try {
      const auto plan = connection_->query(fmt::format("EXPLAIN FORMAT=TRADITIONAL SELECT * FROM {} WHERE {} >= 0",
                                                       as_relation(task.query), MysqlConnection::identifier(column)));
      return std::all_of(plan.begin(), plan.end(), [](const auto& row) {
        const std::string type = row.at(1).value_or("");
        return type == "SIMPLE" || type == "PRIMARY";
      });
    } catch (const Error& error) {
      if (error.connection_lost()) throw;
      log::debug("source", fmt::format("{}: not cut into chunks: {}", task.name, error.what()));
      return false;  // two columns of one name, for example
    }
  }

  MysqlSource& source_;
  std::unique_ptr<MysqlConnection> connection_;
  const MysqlCatalog& catalog_;
  const MapOptions& options_;
  const ValuePolicies& policies_;
};

}  // namespace

// All tables when there are queries: what these read is not known.
std::vector<std::string> MysqlSource::tables_to_lock(const std::vector<CopyTask>& tasks) const {
  std::vector<std::string> out;
  const bool queries = std::any_of(tasks.begin(), tasks.end(), [](const CopyTask& t) { return !t.query.empty(); });
  if (queries)
    for (const MysqlTable& table : catalog_.tables) {
      if (!table.problem) out.push_back(table.name);
    }
  else
    for (const CopyTask& task : tasks)
      if (!task.problem) out.push_back(task.name);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void MysqlSource::connect_ahead(unsigned sessions) {
  if (!snapshot_.method.empty() || !free_.empty()) return;
  MysqlSessions opened(sessions);
  run_workers(sessions, "connect", [&](unsigned i) { opened[i] = session_for_snapshot(endpoint_); });
  free_ = std::move(opened);
}

SnapshotFacts MysqlSource::open_snapshot(unsigned sessions, const std::vector<CopyTask>& tasks) {
  if (!snapshot_.method.empty()) return snapshot_;
  const auto tables = tables_to_lock(tasks);
  std::vector<std::string> loose;
  for (const std::string& name : tables)
    if (const MysqlTable* table = catalog_.find_table(name); table != nullptr && without_transactions(*table))
      loose.push_back(fmt::format("{} ({})", name, table->engine));
  if (!loose.empty() && moment_required_)
    log::info("source", fmt::format("tables of engines without transactions are not part of the snapshot; what is "
                                    "written to them during the copy is made to fit when it is followed: {}",
                                    join(loose, ", ")));
  if (!loose.empty() && !moment_required_)
    log::warning("source", fmt::format("tables of engines without transactions are not part of the snapshot; do not "
                                       "write to them during the copy: {}",
                                       join(loose, ", ")));
  connect_ahead(sessions);
  // All other texts are of identifiers and literals, and prepared: one each.
  if (std::any_of(tasks.begin(), tasks.end(), [](const CopyTask& task) { return !task.query.empty(); }))
    run_workers(static_cast<unsigned>(free_.size()), "connect", [&](unsigned i) { free_[i]->one_at_a_time(); });
  snapshot_ = open_mysql_snapshot(endpoint_, free_, tables, moment_required_);
  return snapshot_;
}

// MariaDB shows it to all, MySQL to those with PROCESS.
std::optional<SnapshotHistory> MysqlSource::history() {
  constexpr std::uint64_t kMuch = 1'000'000;
  MysqlConnection connection(endpoint_);
  auto rows = connection.query("SHOW GLOBAL STATUS LIKE 'Innodb_history_list_length'");
  if (rows.empty())
    rows = connection.query(
        "SELECT NAME, COUNT FROM information_schema.INNODB_METRICS WHERE NAME = 'trx_rseg_history_len'");
  if (rows.empty() || !rows[0].at(1)) return std::nullopt;
  return SnapshotHistory{std::strtoull(rows[0][1]->c_str(), nullptr, 10),
                         "undo logs of transactions (InnoDB's history list length)", kMuch};
}

std::unique_ptr<SourceSession> MysqlSource::session() {
  auto connection = take(free_);
  // Whether it can be used is asked by who needs it, not by who has done with it.
  while (!connection && (connection = take(used_)) && !connection->answers()) connection.reset();
  if (!connection) connection = replace_session();
  return std::make_unique<MysqlSession>(*this, std::move(connection), catalog_, options_, policies_);
}

std::unique_ptr<MysqlConnection> MysqlSource::take(Connections& from) {
  const std::lock_guard lock(mutex_);
  if (from.empty()) return nullptr;
  auto connection = std::move(from.back());
  from.pop_back();
  return connection;
}

void MysqlSource::give_back(std::unique_ptr<MysqlConnection> connection) {
  const std::lock_guard lock(mutex_);
  used_.push_back(std::move(connection));
}

// A MySQL snapshot ends with its session. A user who asked for one moment gets
// that or an error; one who left the choice to us gets his rows and a warning.
std::unique_ptr<MysqlConnection> MysqlSource::replace_session() {
  auto connection = std::make_unique<MysqlConnection>(endpoint_);
  if (!snapshot_.consistent || join_mysql_snapshot(*connection, snapshot_)) return connection;
  if (moment_required_) {
    snapshot_lost_ = true;
    throw Error(ErrorKind::source, "a session on the source was lost, and its snapshot cannot be joined again")
        .hint("the same command goes on with the copy, from a new snapshot");
  }
  if (endpoint_.consistency != Consistency::automatic)
    throw Error(ErrorKind::source, "a session on the source was lost, and its snapshot cannot be joined again")
        .hint("run again with --restart for one moment, or with --resume for what is missing");
  if (!later_moment_.exchange(true))
    log::warning("source",
                 "a session on the source was lost, and its snapshot with it: the rows that are still to come "
                 "are of a later moment; rows that changed meanwhile may be of either");
  return connection;
}

}  // namespace dbsync
