#include "mysql2pgsql/binlog/follow_tables.h"

#include <set>

#include <fmt/format.h>

#include "mysql2pgsql/binlog/not_followed.h"
#include "pg/catalog.h"
#include "pg/table_errors.h"

namespace dbsync {

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
    } catch (Error& error) {
      throw error.context(fmt::format("{}.{}", request.catalog.db, task.name));
    }
  }
  add_cascades({request.catalog, request.tasks, relations, request.policies, id + 1}, tables);
}

}  // namespace dbsync
