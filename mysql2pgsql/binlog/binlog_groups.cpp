// Groups of events and the statements in them; the other half of binlog_stream.cpp.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "mysql2pgsql/binlog/binlog_place.h"
#include "mysql2pgsql/binlog/binlog_stream.h"
#include "mysql2pgsql/binlog/definition_scan.h"

namespace dbsync {

namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::uint64_t kAnsiQuotes = 4;  // of sql_mode

Error out_of_order(std::string_view what) {
  return Error(ErrorKind::source, fmt::format("the binlog is out of order: {}", what)).hint(kWithinTransactionHint);
}

}  // namespace

void BinlogStream::handle_gtid(const GtidEvent& gtid) {
  if (group_ == Group::open) throw out_of_order("a transaction begins within another");
  gtid_ = gtid;
  applied_ = options_.applied.pass(gtid.text);
  group_ = Group::announced;
  group_start_ = seen_;
}

void BinlogStream::open_group(const EventHeader& header) {
  if (group_ == Group::open) throw out_of_order("a transaction begins within another");
  if (group_ == Group::none) {  // without a GTID
    gtid_ = {};
    group_start_ = seen_;
  }
  group_ = Group::open;
  ++groups_;
  savepoints_.clear();
  changed_transactional_ = changed_at_once_ = false;
  xa_ = gtid_.xa_prepared;
  unsplittable_ = xa_;
  passing_ = applied_ || (options_.start.known() && group_start_ < options_.start);
  const std::int64_t time = gtid_.commit_micros != 0 ? gtid_.commit_micros : header.time * kMicrosPerSecond;
  assembler_.begin(group_start_, time, groups_);
}

bool BinlogStream::deliver(Transaction transaction, Transaction& out) {
  const bool wanted = !passing_ && (!transaction.first || transaction.changes.changes() > 0);
  note_gtid(clock_.at());
  const std::lock_guard lock(mutex_);
  // Together: passed() must not go beyond a transaction that is still to be applied.
  if (wanted) delivered_ = std::max(delivered_, transaction.end);
  seen_ = std::max(seen_, clock_.at());
  if (wanted) out = std::move(transaction);
  return wanted;
}

bool BinlogStream::end_group(const EventHeader&, Transaction& out) {
  if (group_ != Group::open) throw out_of_order("the end of a transaction without its beginning");
  group_ = Group::none;
  if (!assembler_.end_empty()) return deliver(assembler_.commit(clock_.at()), out);
  border(clock_.at());
  return false;
}

// A statement that was a group of its own.
bool BinlogStream::end_without_changes() {
  if (group_ != Group::open) {
    group_ = Group::none;
    border(clock_.at());
  }
  return false;
}

void BinlogStream::abandon_group() {
  if (group_ == Group::open && assembler_.in_parts())
    throw Error(ErrorKind::source,
                "the source's binlog ends within a large transaction of which parts were applied already")
        .mark_retryable();
  if (group_ == Group::open) assembler_.reset();
  mapped_.clear();
  rows_left_.reset();
  payload_.reset();
  group_ = Group::none;
  gtid_ = {};  // nothing of it was applied, and the server may give its number to another
  applied_ = false;
}

bool BinlogStream::handle_query(const BinlogEvent& event, Transaction& out) {
  const QueryEvent query = read_query(event, query_scratch_);
  if (query.statement == "BEGIN") {  // of every transaction of MySQL
    open_group(event.header);
    return false;
  }
  const std::string_view text = tables_.utf8(query.statement, query.client_charset, statement_scratch_);
  const BinlogStatement statement = read_statement(text, (query.sql_mode & kAnsiQuotes) != 0);
  return handle_statement(statement, query, text, event.header, out);
}

bool BinlogStream::handle_statement(const BinlogStatement& statement, const QueryEvent& query, std::string_view text,
                                    const EventHeader& header, Transaction& out) {
  using Kind = BinlogStatement::Kind;
  switch (statement.kind) {
    case Kind::begin: open_group(header); return false;
    case Kind::xa_start:
      if (group_ != Group::open) open_group(header);
      xa_ = unsplittable_ = true;
      return false;
    case Kind::xa_end: return false;
    case Kind::commit: return group_ == Group::open ? end_group(header, out) : end_without_changes();
    case Kind::rollback: return end_rolled_back(header, out);
    case Kind::savepoint:
      savepoints_[to_lower(statement.name)] = assembler_.mark();
      unsplittable_ = true;
      return false;
    case Kind::rollback_to: roll_back_to(statement.name); return false;
    case Kind::release: return false;
    case Kind::xa_prepare: return hold(statement.name);
    case Kind::xa_commit:
    case Kind::xa_rollback: return decide_xa(statement, header, out);
    case Kind::truncate: return truncate(statement, query, header, out);
    case Kind::define: check_definition(statement, query, text); return end_without_changes();
    case Kind::harmless: return end_without_changes();
    case Kind::rows: check_rows_statement(query, text); return end_without_changes();
  }
  return false;
}

// Rows of tables without transactions stay; a group has rows of one kind only.
bool BinlogStream::end_rolled_back(const EventHeader& header, Transaction& out) {
  if (group_ != Group::open) return end_without_changes();
  if (changed_transactional_ && (changed_at_once_ || assembler_.in_parts()))
    throw Error(ErrorKind::source,
                "the binlog holds a transaction that was rolled back in part, in a way that cannot be followed")
        .hint("copy the tables anew with --restart");
  if (changed_transactional_) assembler_.roll_back_to({});
  return end_group(header, out);
}

void BinlogStream::roll_back_to(const std::string& savepoint) {
  const auto found = savepoints_.find(to_lower(savepoint));
  if (group_ != Group::open || found == savepoints_.end())
    throw out_of_order("ROLLBACK TO a savepoint that was not set");
  assembler_.roll_back_to(found->second);
}

bool BinlogStream::truncate(const BinlogStatement& statement, const QueryEvent& query, const EventHeader& header,
                            Transaction& out) {
  if (group_ == Group::open) throw out_of_order("TRUNCATE within a transaction");
  const StatementTable& named = statement.tables.empty() ? StatementTable{} : statement.tables.front();
  const std::string db = named.db.empty() ? std::string(query.db) : named.db;
  FollowedTable* table = tables_.find_named(db, named.name);
  if (table == nullptr || (options_.wanted && !options_.wanted(table->relation->name))) return end_without_changes();
  open_group(header);
  if (!table->origin_field.empty())
    throw Error(ErrorKind::source,
                fmt::format("TRUNCATE of {}.{} would empty the target's table, which holds rows of other tables, too",
                            table->db, table->name))
        .hint("delete this table's rows on the target by hand, then go on with --accept-schema");
  assembler_.describe(*table->relation);
  if (!passing_) assembler_.truncate(false, {table->relation->id});
  return end_group(header, out);
}

// A statement names the table; its rows, or the keys of these, are read by this stream.
bool BinlogStream::is_read(const std::string& db, const std::string& name) {
  if (tables_.reads_keys_of(db, name)) return true;
  const FollowedTable* table = tables_.find_named(db, name);
  return table != nullptr && (!options_.wanted || options_.wanted(table->relation->name));
}

void BinlogStream::check_definition(const BinlogStatement& statement, const QueryEvent& query, std::string_view text) {
  if (gtid_.start_alter || gtid_.rollback_alter) return;  // it is done, if at all, in a group of its own
  if (statement.create && statement.if_not_exists) return;
  if (options_.schema_known.known() && clock_.at() <= options_.schema_known) return;
  if (applied_ || (group_ != Group::open && options_.start.known() && clock_.at() <= options_.start)) return;
  for (const StatementTable& named : statement.tables) {
    const std::string db = named.db.empty() ? std::string(query.db) : named.db;
    const bool followed = statement.whole_database ? tables_.follows_db(db) : is_read(db, named.name);
    if (!followed) continue;
    throw Error(ErrorKind::source,
                fmt::format("the source has changed the definition of {}: {}",
                            statement.whole_database ? db : db + "." + named.name, shown_statement(text)))
        .hint("everything before it is applied: " +
              definition_hint(statement.whole_database ? db : db + "." + named.name));
  }
}

void BinlogStream::check_rows_statement(const QueryEvent& query, std::string_view text) {
  if (applied_) return;
  bool ours = tables_.follows_db(std::string(query.db));
  for (std::string_view dbs = query.updated_dbs; !dbs.empty();) {
    const std::size_t end = dbs.find('\0');
    ours = ours || tables_.follows_db(std::string(dbs.substr(0, end)));
    dbs.remove_prefix(end == std::string_view::npos ? dbs.size() : end + 1);
  }
  for (const auto& entry : tables_.all()) ours = ours || mentions(text, to_lower(entry.first));
  if (!ours) return;
  throw Error(ErrorKind::source, fmt::format("the binlog holds a statement instead of the rows that it changed: {}",
                                             shown_statement(text)))
      .hint(
          "set binlog_format = ROW on the source, globally and for all sessions (one had another setting), then copy "
          "the tables "
          "anew with --restart");
}

// ------------------------------------------------------------------ XA

bool BinlogStream::hold(const std::string& xid) {
  if (group_ != Group::open) throw out_of_order("XA PREPARE outside of a transaction");
  group_ = Group::none;
  Transaction transaction = assembler_.commit(clock_.at());
  border(clock_.at());
  if (transaction.changes.changes() > 0)
    prepared_.insert_or_assign(xid, std::move(transaction));
  else
    empty_prepared_.insert(xid);
  return false;
}

bool BinlogStream::handle_xa_prepare(const BinlogEvent& event, Transaction& out) {
  const XaPrepareEvent prepare = read_xa_prepare(event);
  return prepare.one_phase ? end_group(event.header, out) : hold(prepare.xid);
}

std::optional<Transaction> BinlogStream::take_prepared(const std::string& xid) {
  if (empty_prepared_.erase(xid) > 0) return Transaction();
  auto node = prepared_.extract(xid);
  if (node.empty()) return std::nullopt;
  return std::move(node.mapped());
}

bool BinlogStream::decide_xa(const BinlogStatement& statement, const EventHeader& header, Transaction& out) {
  // In one phase: the transaction's own end, should it be written so.
  if (group_ == Group::open && statement.kind == BinlogStatement::Kind::xa_commit && !gtid_.xa_completed)
    return end_group(header, out);
  const Position start = seen();
  passing_ = applied_ || (options_.start.known() && start < options_.start);
  group_ = Group::none;
  // Where nothing of what comes before is wanted, the caller gets its chance here only: one that
  // looks for what was prepared up to its end must find it.
  if (options_.end.known() && start >= options_.end) {
    border(clock_.at());
    return false;
  }
  auto transaction = take_prepared(statement.name);
  if (statement.kind == BinlogStatement::Kind::xa_rollback || passing_) {
    border(clock_.at());
    return false;
  }
  // Until it is found this place is not passed: the search may fail, and the run end.
  if (!transaction && options_.find_prepared) transaction = options_.find_prepared(statement.name, start);
  if (!transaction)
    throw Error(ErrorKind::source,
                fmt::format("the rows of the XA transaction {} are needed, and are in no file of the binlog: it was "
                            "prepared before the oldest one, or the source died before it had written them",
                            statement.name))
        .hint(
            "copy the tables anew with --restart, and let the source keep its binlog longer than XA transactions stay "
            "undecided (binlog_expire_logs_seconds, expire_logs_days)");
  transaction->start = start;
  transaction->end = clock_.at();
  transaction->commit_time = header.time * kMicrosPerSecond;
  return deliver(std::move(*transaction), out);
}

}  // namespace dbsync
