#include "pgsql2pgsql/source/pg_session.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "pg/block_ranges.h"
#include "pg/catalog.h"
#include "pg/copy_out.h"
#include "pg/routing.h"
#include "pg/together.h"
#include "pgsql2pgsql/schema/schema_names.h"
#include "pgsql2pgsql/source/binary_rule.h"
#include "pgsql2pgsql/source/pg_chunk_reader.h"
#include "schema/quote.h"
#include "schema/type_oid.h"

namespace dbsync {

namespace {

constexpr unsigned kReadsAtOnce = 50;  // locks of tables and of what belongs to them; a server has 64 for a connection

const TargetColumn& target_column(const TargetTable& target, const std::string& name) {
  return required_column(target, name, display_name(target.name));
}

PgColumn origin_column(const OriginColumn& origin) {
  PgColumn out;
  out.name = origin.name;
  out.type_oid = oid::text;
  return out;
}

std::string column_list(const std::vector<PgColumn>& columns) {
  std::string out;
  for (const PgColumn& column : columns) out += (out.empty() ? "" : ", ") + quote_identifier(column.name);
  return out;
}

std::vector<std::string> column_names(const std::vector<PgColumn>& columns) {
  std::vector<std::string> out;
  for (const PgColumn& column : columns) out.push_back(column.target_name());
  return out;
}

// True when that changed their order.
bool put_routing_first(std::vector<PgColumn>& columns, const TargetTable& target) {
  const auto places = routing_first(column_names(columns), target.routing);
  if (std::is_sorted(places.begin(), places.end())) return false;
  std::vector<PgColumn> ordered;
  for (const std::size_t place : places) ordered.push_back(std::move(columns[place]));
  columns = std::move(ordered);
  return true;
}

}  // namespace

const PgRelation& PgSession::relation_of(const CopyTask& task) const {
  const auto found = facts_.relations.find(task.name);
  if (found == facts_.relations.end()) throw Error(ErrorKind::internal, fmt::format("{} was not planned", task.name));
  return *found->second;
}

// COPY of a table names its columns: the target may have them in another order,
// and either side may have dropped some. A generated column cannot be named in
// COPY, but can be selected when the target stores it as an ordinary one.
PgSession::Selection PgSession::select_table(const PgRelation& relation, const Chunk& chunk,
                                             const TargetTable& target) const {
  Selection out;
  bool generated = false;
  for (const PgColumn& column : relation.columns) {
    if (target_column(target, column.target_name()).generated) continue;
    generated = generated || column.generated;
    out.columns.push_back(column);
  }
  // Children of an inheritance parent are tables of their own; a classic
  // partition tree (Greenplum before 7) is read from its top.
  const bool only = !relation.classic_root;
  put_routing_first(out.columns, target);
  if (generated || out.columns.empty() || !chunk.whole() || !only || relation.origin) {
    std::string columns = column_list(out.columns);
    if (relation.origin) {
      columns += fmt::format("{}{}::text", columns.empty() ? "" : ", ", quote_literal(relation.origin->value));
      out.columns.push_back(origin_column(*relation.origin));
    }
    out.sql = fmt::format("SELECT {} FROM {}{}{}", columns, only ? "ONLY " : "", quote_name(relation.name),
                          chunk.predicate.empty() ? "" : " WHERE " + chunk.predicate);
  }
  return out;
}

PgSession::Selection PgSession::select_query(const CopyTask& task, const TargetTable& target) {
  Selection out;
  out.sql = task.query;
  const PgResult described = connection_->columns_of(task.query);
  for (int i = 0; i < described.columns(); ++i) {
    const std::uint32_t oid = described.column_type(i);
    const PgResult type = connection_->exec(
        "SELECT t.typtype, t.typname, pg_catalog.format_type(t.oid, NULL) FROM pg_catalog.pg_type t WHERE t.oid = $1",
        {std::to_string(oid)});
    PgColumn column;
    column.name = described.column_name(i);
    column.type_oid = oid;
    column.enumeration = type.rows() > 0 && type.value(0, 0) == "e";
    column.type = pg_type_of(oid, type.value(0, 0), type.value(0, 1), type.text(0, 2), -1);
    out.columns.push_back(std::move(column));
  }
  if (put_routing_first(out.columns, target))
    out.sql = fmt::format("SELECT {} FROM ({}\n) AS dbsync_query", column_list(out.columns), task.query);
  return out;
}

bool PgSession::choose_binary(const CopyTask& task, const Selection& selection, const TargetTable& target,
                              CopyFormatChoice choice) const {
  if (choice == CopyFormatChoice::text || facts_.need_text) return false;
  if (choice == CopyFormatChoice::automatic && facts_.prefer_text &&
      text_is_cheaper(column_names(selection.columns), target.routing))
    return false;
  const BinarySides sides{connection_->server_version(), facts_.target_version};
  for (const PgColumn& column : selection.columns) {
    const std::string obstacle = binary_obstacle(column, target_column(target, column.target_name()), sides);
    if (obstacle.empty()) continue;
    log::info("source", fmt::format("{}: text COPY, since {}", task.name, obstacle));
    return false;
  }
  return true;
}

// A query of the user's finds its names as it would in psql; what we write names
// everything in full, and so do values of reg* types then.
void PgSession::use_search_path(bool of_user) {
  if (of_user == settings_.users_path) return;
  connection_->exec(of_user ? "RESET search_path" : "SET search_path = ''");
  settings_.users_path = of_user;
}

// The snapshot's transaction would keep a lock on each table that was read from, until
// the server has no room for more. A savepoint gives them back, and settings with them.
void PgSession::release_locks() {
  if (++reads_ < kReadsAtOnce) return;
  if (reads_ == kReadsAtOnce) {
    connection_->exec("SAVEPOINT dbsync_reads");
    settings_of_savepoint_ = settings_;
  } else if (reads_ % kReadsAtOnce == 0) {
    connection_->exec("ROLLBACK TO SAVEPOINT dbsync_reads");
    settings_ = settings_of_savepoint_;
  }
}

// Of a table in chunks the lock is kept to the end, in front of the savepoint: no snapshot
// shows the rows that a TRUNCATE between two chunks has taken away.
void PgSession::keep_lock(const PgRelation& relation) {
  if (reads_ < kReadsAtOnce || !kept_.insert(relation.oid).second) return;
  exec_together(*connection_, {{"ROLLBACK TO SAVEPOINT dbsync_reads"},
                               {"RELEASE SAVEPOINT dbsync_reads"},
                               {fmt::format("SELECT FROM ONLY {} LIMIT 0", quote_name(relation.name))},
                               {"SAVEPOINT dbsync_reads"}});
  settings_ = settings_of_savepoint_;
}

PgSession::Selection PgSession::select(const CopyTask& task, const Chunk& chunk, const TargetTable& target) {
  if (!facts_.dialect.distributed) {
    release_locks();
    if (!chunk.whole() && task.query.empty()) keep_lock(relation_of(task));
  }
  use_search_path(!task.query.empty());
  Chunk part = chunk;
  part.predicate = both_conditions(chunk.predicate, task.condition);
  Selection out = task.query.empty() ? select_table(relation_of(task), part, target) : select_query(task, target);
  for (const PgColumn& column : out.columns)
    if (target_column(target, column.target_name()).generated)
      throw Error(ErrorKind::target, fmt::format("column {} of {} is generated on the target", column.target_name(),
                                                 display_name(target.name)))
          .hint("leave it out of the query");
  return out;
}

std::unique_ptr<ChunkReader> PgSession::open(const CopyTask& task, const Chunk& chunk, const TargetTable& target,
                                             CopyFormatChoice format) {
  const Selection selection = select(task, chunk, target);
  use_block_ranges(*connection_, !chunk.whole() && !facts_.dialect.distributed, settings_.tid_scans);
  const bool binary = choose_binary(task, selection, target, format);
  const std::string from = !selection.sql.empty() ? "(" + selection.sql + "\n)"
                                                  : fmt::format("{} ({})", quote_name(relation_of(task).name),
                                                                column_list(selection.columns));
  auto rows = std::make_unique<CopyOut>(*connection_,
                                        fmt::format("COPY {} TO STDOUT{}", from, binary ? " WITH BINARY" : ""), binary);
  return std::make_unique<PgChunkReader>(std::move(rows), column_names(selection.columns),
                                         binary ? CopyFormat::binary : CopyFormat::text);
}

// A binary form that is stable is that of the target, too, where the types are the
// same; of those with a length that we do not know, only with the same length.
RowShape PgSession::shape(const CopyTask& task, const TargetTable& target) {
  const Selection selection = select(task, {}, target);
  const bool same = std::all_of(selection.columns.begin(), selection.columns.end(), [&](const PgColumn& column) {
    return column.type.kind != PgKind::other ||
           column.type.name == target_column(target, column.target_name()).type.name;
  });
  return {column_names(selection.columns), same && choose_binary(task, selection, target, CopyFormatChoice::binary)};
}

// What COPY of the selection reads, as a query.
std::string PgSession::query_of(const CopyTask& task, const Selection& selection) const {
  if (!selection.sql.empty()) return selection.sql;
  return fmt::format("SELECT {} FROM ONLY {}", column_list(selection.columns), quote_name(relation_of(task).name));
}

PgResult PgSession::compute(const CopyTask& task, const Chunk& chunk, const TargetTable& target,
                            const std::string& list) {
  const Selection selection = select(task, chunk, target);
  use_block_ranges(*connection_, !chunk.whole() && !facts_.dialect.distributed, settings_.tid_scans);
  // Compiling so long a list anew for each chunk would not pay.
  if (std::exchange(settings_.jit, false)) connection_->exec("SET jit = off");
  std::string names;
  for (const PgColumn& column : selection.columns)
    names += (names.empty() ? "" : ", ") + quote_identifier(column.target_name());
  return connection_->exec(fmt::format("SELECT {} FROM ({}\n) AS r ({})", list, query_of(task, selection), names));
}

}  // namespace dbsync
