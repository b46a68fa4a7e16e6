#include "mysql2pgsql/binlog/follow_check.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "mysql2pgsql/binlog/cascades.h"
#include "mysql2pgsql/binlog/not_followed.h"
#include "mysql2pgsql/schema/engine.h"

namespace dbsync {

namespace {

// Those that can be followed.
std::vector<CopyTask> check_each(const MysqlCatalog& catalog, const std::vector<CopyTask>& tasks,
                                 CheckFindings& findings) {
  std::vector<CopyTask> out;
  for (const CopyTask& task : tasks) {
    if (task.problem) continue;  // told as that of the copy
    try {
      if (!task.query.empty()) throw query_not_followed(task.name);
      const MysqlTable& table = *catalog.find_table(task.name);
      if (table.system_versioned) throw versioned_not_followed(table.name);
      refuse_blackhole(table);
      if (task.definition) out.push_back(task);
    } catch (const Error& error) {
      findings.failed("source table " + one_line(task.name), error);
    }
  }
  return out;
}

void check_engines(const std::vector<const MysqlTable*>& tables, CheckFindings& findings) {
  std::vector<std::string> loose, loose_without_key;
  for (const MysqlTable* table : tables) {
    if (!without_transactions(*table)) continue;
    loose.push_back(fmt::format("{} ({})", table->name, table->engine));
    if (without_key(*table)) loose_without_key.push_back(table->name);
  }
  if (!loose.empty())
    findings.warning("source tables without transactions",
                     fmt::format("when the source crashes, its binlog may lack or repeat what it was writing: {}",
                                 join(loose, ", ")),
                     "ALTER TABLE … ENGINE = InnoDB; or --verify after a crash of the source");
  if (!loose_without_key.empty())
    findings.warning("source tables without transactions",
                     fmt::format("rows that are written during the copy come twice: {}", join(loose_without_key, ", ")),
                     "give them a primary key, or do not write to them during the copy");
}

void check_cascades(SourceQueries& source, const MysqlCatalog& catalog, const std::vector<CopyTask>& tasks,
                    const TableRules& rules, CheckFindings& findings) {
  std::size_t acting = 0;
  const auto obstacles = cascades_to_stop_at(catalog, tasks, rules, acting);
  if (acting == 0) return;
  if (cascades_are_logged(source))
    return findings.passed("source foreign keys", fmt::format("the binlog tells what {} of them do", acting));
  if (obstacles.size() < acting)
    findings.passed("source foreign keys", fmt::format("{} of them act without the binlog's telling; the same is done "
                                                       "on the target",
                                                       acting - obstacles.size()));
  if (!obstacles.empty())
    findings.warning(
        "source foreign keys",
        fmt::format("they change rows of which the binlog does not tell, in a way that cannot be followed: "
                    "the task stops when rows or keys go {}",
                    join(obstacles, ", ")),
        "do not delete such rows or change such keys while the task follows, or copy without following; "
        "MySQL from 9.6 on logs them (innodb_native_foreign_keys = OFF)");
}

}  // namespace

bool without_key(const MysqlTable& table) {
  return table.primary_key.empty() &&
         std::none_of(table.indexes.begin(), table.indexes.end(), [](const auto& index) { return index.unique; });
}

void check_followed(SourceQueries& source, const MysqlCatalog& catalog, const std::vector<CopyTask>& tasks,
                    const TableRules& rules, CheckFindings& findings) {
  const auto followed = check_each(catalog, tasks, findings);
  std::vector<const MysqlTable*> tables;
  std::vector<std::string> keyless;
  for (const CopyTask& task : followed) {
    const MysqlTable& table = *tables.emplace_back(catalog.find_table(task.name));
    if (without_key(table)) keyless.push_back(table.name);
  }
  if (!keyless.empty())
    findings.warning("source tables without key",
                     fmt::format("rows are found by all their columns, which is slow: {}", join(keyless, ", ")),
                     "give them a primary key");
  check_engines(tables, findings);
  check_cascades(source, catalog, followed, rules, findings);
}

}  // namespace dbsync
