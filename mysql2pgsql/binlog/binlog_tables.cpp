#include "mysql2pgsql/binlog/binlog_tables.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace dbsync {

FollowedTable& BinlogTables::add(FollowedTable table) {
  auto& place = tables_[table.db][table.name];
  place = std::make_unique<FollowedTable>(std::move(table));
  return *place;
}

FollowedTable* BinlogTables::find(std::string_view db, std::string_view table) {
  const auto of_db = tables_.find(db);
  if (of_db == tables_.end()) return nullptr;
  const auto found = of_db->second.find(table);
  if (found == of_db->second.end() || !found->second->relation) return nullptr;
  return found->second.get();
}

FollowedTable* BinlogTables::find_named(const std::string& db, const std::string& table) {
  if (FollowedTable* exact = find(db, table)) return exact;
  for (const auto& [name, tables] : tables_) {
    if (to_lower(name) != to_lower(db)) continue;
    for (const auto& entry : tables)
      if (to_lower(entry.first) == to_lower(table)) return entry.second.get();
  }
  return nullptr;
}

bool BinlogTables::reads_keys_of(const std::string& db, const std::string& table) const {
  return std::any_of(cascades_.begin(), cascades_.end(), [&](const auto& entry) {
    return to_lower(entry.first.first) == to_lower(db) && to_lower(entry.first.second) == to_lower(table);
  });
}

bool BinlogTables::follows(const std::string& db, const std::string& table) {
  return find_named(db, table) != nullptr || reads_keys_of(db, table) ||
         parents_.contains({to_lower(db), to_lower(table)});
}

std::vector<std::string> BinlogTables::cascades_to_stop_at() const {
  std::vector<std::string> out;
  for (const auto& [parent, plans] : cascades_)
    for (const CascadePlan& plan : plans)
      if (!plan.obstacle.empty()) out.push_back(cascade_to_stop_at(parent.first + "." + parent.second, plan));
  return out;
}

bool BinlogTables::follows_db(const std::string& db) const {
  return std::any_of(tables_.begin(), tables_.end(),
                     [&](const auto& entry) { return to_lower(entry.first) == to_lower(db); });
}

std::shared_ptr<const CharsetTable> BinlogTables::charset(const std::string& name) {
  auto& place = charsets_[name];
  if (!place) place = load_charset(name, query_);
  return place;
}

void BinlogTables::load_collations() {
  for (const auto& row : query_("SELECT ID, CHARACTER_SET_NAME FROM information_schema.COLLATIONS"))
    if (row.size() > 1 && row[0] && row[1]) collations_[static_cast<std::uint16_t>(std::stoul(*row[0]))] = *row[1];
}

void BinlogTables::load_charsets() {
  load_collations();
  charset("latin1");  // of most statements that are not UTF-8
  for (const auto& [db, entries] : tables_)
    for (const auto& [name, table] : entries)
      for (const FollowedColumn& column : table->columns)
        if (column.place >= 0 && is_converted(column.source.type.kind))
          charset(charset_of(column.source.type.collation));
}

std::string_view BinlogTables::utf8(std::string_view statement, std::uint16_t collation, std::string& scratch) {
  const bool ascii =
      std::all_of(statement.begin(), statement.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii || collation == 0) return statement;
  auto found = collations_.find(collation);
  if (found == collations_.end()) {
    if (collations_.empty()) load_collations();
    found = collations_.emplace(collation, "utf8mb4").first;
  }
  return charset(found->second)->convert(statement, scratch);
}

}  // namespace dbsync
