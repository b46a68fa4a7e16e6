#include "mysql2pgsql/binlog/kept_definitions.h"

#include <algorithm>
#include <vector>

#include "mysql2pgsql/binlog/cascades.h"

namespace dbsync {

namespace {

// Its size, its comment and what AUTO_INCREMENT has reached are no part of it.
bool same_definition(const MysqlTable& a, const MysqlTable& b) {
  return !a.problem && !b.problem && a.engine == b.engine && a.columns == b.columns && a.excluded == b.excluded &&
         a.primary_key == b.primary_key && a.primary_key_of_prefix == b.primary_key_of_prefix &&
         a.foreign_keys == b.foreign_keys && a.hidden_foreign_keys == b.hidden_foreign_keys &&
         a.system_versioned == b.system_versioned;
}

}  // namespace

bool same_definitions(const MysqlCatalog& kept, const MysqlCatalog& now, const std::set<std::string>& followed) {
  return std::all_of(now.tables.begin(), now.tables.end(), [&](const MysqlTable& table) {
    const MysqlTable* before = kept.find_table(table.name);
    return before == nullptr ? !followed.contains(table.name) : same_definition(*before, table);
  });
}

std::set<std::string> parents_of(const MysqlCatalog& catalog, const std::set<std::string>& followed) {
  std::set<std::string> out;
  std::vector<std::string> left(followed.begin(), followed.end());
  while (!left.empty()) {
    const MysqlTable* table = catalog.find_table(left.back());
    left.pop_back();
    if (table == nullptr) continue;
    for (const MysqlForeignKey& key : table->foreign_keys)
      if (acts(key) && key.target_schema == catalog.db && out.insert(key.target_table).second)
        left.push_back(key.target_table);
  }
  return out;
}

}  // namespace dbsync
