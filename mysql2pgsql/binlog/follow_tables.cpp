#include "mysql2pgsql/binlog/follow_tables.h"

#include <set>

#include <fmt/format.h>

#include "mysql2pgsql/binlog/not_followed.h"
#include "pg/catalog.h"
#include "pg/table_errors.h"

namespace dbsync {

namespace {

bool acts(const std::string& action) { return action == "CASCADE" || action == "SET NULL" || action == "SET DEFAULT"; }

void add_cascades(const std::string& db, const MysqlTable& table, BinlogTables& tables) {
  for (const MysqlForeignKey& key : table.foreign_keys) {
    const CascadeEdge edge{table.name, acts(key.on_delete), acts(key.on_update), key.target_columns};
    if (edge.on_delete || edge.on_update)
      tables.add_cascade(key.target_schema.empty() ? db : key.target_schema, key.target_table, edge);
  }
}

}  // namespace

void add_followed_tables(const FollowTablesRequest& request, PgConnection& target, BinlogTables& tables) {
  std::set<QualifiedName> names;
  for (const CopyTask& task : request.tasks) names.insert(task.target);
  const auto relations = find_relations(target, names);
  std::uint32_t id = 0;
  for (const CopyTask& task : request.tasks) {
    if (task.problem) throw Error(*task.problem).context(task.name);
    if (!task.query.empty()) throw query_not_followed(task.name);
    const auto there = find_table(relations, task.target);
    if (!there) throw no_such_table(task.target).hint(missing_table_hint(target, task.target));
    FollowedTableFacts facts;
    facts.db = request.catalog.db;
    facts.source = request.catalog.find_table(task.name);
    facts.definition = &*task.definition;
    facts.target = &*there;
    facts.origin = request.options.rules.origin({request.catalog.db, task.name});
    facts.policies = request.policies;
    facts.text = request.text;
    facts.id = ++id;
    try {
      tables.add(make_followed_table(facts));
      add_cascades(facts.db, *facts.source, tables);
    } catch (Error& error) {
      throw error.context(fmt::format("{}.{}", request.catalog.db, task.name));
    }
  }
}

}  // namespace dbsync
