#include "mysql2pgsql/binlog/definition_scan.h"

#include <optional>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "base/text.h"
#include "cdc/drift_hint.h"
#include "mysql2pgsql/binlog/binlog_clock.h"
#include "mysql2pgsql/binlog/event_reader.h"
#include "mysql2pgsql/binlog/payload.h"
#include "mysql2pgsql/binlog/rows_event.h"
#include "mysql2pgsql/binlog/statement.h"
#include "mysql2pgsql/binlog/table_map.h"

namespace dbsync {

namespace {

constexpr std::uint64_t kAnsiQuotes = 4;  // of sql_mode

class Scan {
 public:
  Scan(BinlogTables& tables, const Position& start, AppliedGtids applied)
      : tables_(tables), clock_(start), start_(start), applied_(std::move(applied)) {}

  const Position& at() const { return clock_.at(); }

  std::optional<FoundDefinition> see(const BinlogEvent& event) {
    if (event.header.type == EventType::rotate) {
      const RotateEvent rotate = read_rotate(event);
      clock_.enter(rotate.file, rotate.offset);
      return std::nullopt;
    }
    clock_.pass(event.header);
    switch (event.header.type) {
      case EventType::table_map: changed(event); return std::nullopt;
      case EventType::gtid:
      case EventType::anonymous_gtid: begin(read_gtid(event)); return std::nullopt;
      case EventType::gtid_tagged: begin(read_gtid_tagged(event)); return std::nullopt;
      case EventType::mariadb_gtid: begin(read_mariadb_gtid(event)); return std::nullopt;
      case EventType::query:
      case EventType::mariadb_query_compressed: return query(event);
      case EventType::transaction_payload: payload(event); return std::nullopt;
      default: return std::nullopt;
    }
  }

 private:
  void begin(GtidEvent gtid) {
    gtid_ = std::move(gtid);
    is_applied_ = applied_.pass(gtid_.text);
  }

  // Once for many: servers describe a table anew for every statement.
  void changed(const BinlogEvent& event) {
    if (is_applied_) return;
    const TableMapName name = read_table_map_name(event);
    std::string& known = maps_[name.id];
    if (known == event.body) return;
    known = event.body;
    changed_.insert(to_lower(fmt::format("{}.{}", name.db, name.table)));
  }

  // Of rows only: MySQL packs no definitions.
  void payload(const BinlogEvent& event) {
    if (is_applied_) return;
    PayloadReader inner(event);
    for (std::string_view bytes = inner.next(); !bytes.empty(); bytes = inner.next())
      if (event_type(bytes) == EventType::table_map) changed(split_unchecked(bytes, BinlogChecksum::none));
  }

  std::optional<FoundDefinition> query(const BinlogEvent& event) {
    const QueryEvent query = read_query(event, scratch_);
    const std::string_view text = tables_.utf8(query.statement, query.client_charset, utf8_);
    const BinlogStatement statement = read_statement(text, (query.sql_mode & kAnsiQuotes) != 0);
    const bool undone = gtid_.start_alter || gtid_.rollback_alter || is_applied_;
    if (statement.kind != BinlogStatement::Kind::define || undone || clock_.at() <= start_) return std::nullopt;
    if (statement.create && statement.if_not_exists) return std::nullopt;
    std::optional<FoundDefinition> out;
    for (const StatementTable& named : statement.tables) {
      const std::string db = named.db.empty() ? std::string(query.db) : named.db;
      if (!(statement.whole_database ? tables_.follows_db(db) : tables_.follows(db, named.name))) continue;
      const std::string table = statement.whole_database ? db : db + "." + named.name;
      const bool rows_before = !statement.keys_only && has_changed(table, statement.whole_database);
      if (!out || rows_before) out = {clock_.at(), table, shown_statement(text), rows_before};
      if (rows_before) break;
    }
    return out;
  }

  bool has_changed(const std::string& name, bool whole_database) const {
    if (!whole_database) return changed_.contains(to_lower(name));
    const std::string prefix = to_lower(name) + ".";
    const auto first = changed_.lower_bound(prefix);
    return first != changed_.end() && first->starts_with(prefix);
  }

  BinlogTables& tables_;
  BinlogClock clock_;
  Position start_;
  AppliedGtids applied_;
  GtidEvent gtid_;
  bool is_applied_ = false;  // the transaction
  std::set<std::string> changed_;
  std::unordered_map<std::uint64_t, std::string> maps_;  // by the table's number
  std::string scratch_, utf8_;
};

}  // namespace

std::vector<FoundDefinition> find_definitions(EventSource& source, BinlogTables& tables, const Position& start,
                                              const Position& end, AppliedGtids applied) {
  std::vector<FoundDefinition> out;
  Scan scan(tables, start, std::move(applied));
  EventReader reader(source);
  while (scan.at() < end) {
    const auto event = reader.next();
    if (!event) break;
    if (auto found = scan.see(*event)) out.push_back(std::move(*found));
  }
  return out;
}

std::string definition_hint(const std::string& table) {
  return fmt::format("change the table on the target in the same way, then go on with --accept-schema; or {}",
                     copy_again({"", table}));
}

}  // namespace dbsync
