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

// By the primary key, or by a unique one of whole columns without NULLs.
bool key_finds_rows(const MysqlTable& table) {
  const auto finds = [&](const MysqlIndexPart& part) {
    const MysqlColumn* column = part.column.empty() || part.prefix >= 0 ? nullptr : table.find_column(part.column);
    return column != nullptr && !column->nullable;
  };
  return !table.primary_key.empty() ||
         std::any_of(table.indexes.begin(), table.indexes.end(), [&](const MysqlIndex& index) {
           return index.unique && std::all_of(index.parts.begin(), index.parts.end(), finds);
         });
}

}  // namespace

bool without_key(const MysqlTable& table) {
  return table.primary_key.empty() &&
         std::none_of(table.indexes.begin(), table.indexes.end(), [](const auto& index) { return index.unique; });
}

void refuse_own_moments(SourceQueries& source, const MysqlCatalog& catalog) {
  std::vector<std::string> without, acting;
  for (const MysqlTable& table : catalog.tables) {
    if (!table.in_run) continue;
    if (!key_finds_rows(table)) without.push_back(table.name);
    for (const MysqlForeignKey& key : table.foreign_keys)
      if (acts(key)) acting.push_back(fmt::format("{} of {}", key.name, table.name));
  }
  const auto refuse = [](const std::string& why, const std::string& hint) {
    throw Error(ErrorKind::config,
                "consistency = none: changes cannot be followed behind a copy of no one moment: " + why)
        .hint(hint + ", or take consistency out of [src.mysql]");
  };
  constexpr char kLeaveOut[] = "leave these tables out with a table list (-l)";
  const auto image = source.query("SHOW GLOBAL VARIABLES LIKE 'binlog_row_image'");
  if (!image.empty() && image[0].at(1) != "FULL")
    refuse("a row that the copy did not find any more is made again, and the binlog does not hold it whole",
           "SET GLOBAL binlog_row_image = FULL, also for sessions that are open already");
  if (!without.empty()) refuse("rows of tables without a key could come twice: " + join(without, ", "), kLeaveOut);
  if (!acting.empty() && !cascades_are_logged(source))
    refuse("the binlog does not tell what foreign keys have done to rows: " + join(acting, ", "), kLeaveOut);
}

void check_followed(SourceQueries& source, const MysqlCatalog& catalog, const std::vector<CopyTask>& tasks,
                    const TableRules& rules, bool own_moments, CheckFindings& findings) {
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
  if (own_moments) try {
      refuse_own_moments(source, catalog);
    } catch (const Error& error) {
      if (error.connection_lost()) throw;
      findings.failed("source snapshot", error);
    }
  check_cascades(source, catalog, followed, rules, findings);
}

}  // namespace dbsync
