#include "mysql2pgsql/migration.h"

#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "mysql2pgsql/mysql_cursor.h"
#include "mysql2pgsql/type_map.h"
#include "schema/ddl_writer.h"

namespace dbsync {

namespace {

const MysqlTable* find_table(const std::vector<MysqlTable>& catalog, std::string_view name) {
  for (const auto& table : catalog)
    if (table.name == name) return &table;
  return nullptr;
}

Error unknown_table(const PlanRequest& request, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& table : request.catalog) names.push_back(table.name);
  Error error(ErrorKind::source, fmt::format("the source database {} has no table {}", request.db, name));
  const std::string near = nearest_name(name, names);
  error.hint(near.empty() ? "check the table list; views are copied with a query: name : select * from view"
                          : fmt::format("did you mean {}? names may be case-sensitive on the source", near));
  return error;
}

void plan_whole_table(const PlanRequest& request, CopyTask& task) {
  const MysqlTable* table = find_table(request.catalog, task.name);
  if (table == nullptr) throw unknown_table(request, task.name);
  task.estimated_bytes = table->estimated_bytes;
  task.estimated_rows = table->estimated_rows;
  task.definition = map_table(*table, request.schema, request.dialect);
}

void plan_query(const PlanRequest& request, CopyTask& task) {
  const MysqlCursor cursor(request.connection, task.query);
  // A query is at most as large as the table it reads; a guess orders the work.
  for (const ResultColumn& column : cursor.columns())
    if (const MysqlTable* table = find_table(request.catalog, column.table)) {
      task.estimated_bytes = table->estimated_bytes;
      break;
    }
  task.definition = map_result(task.target, cursor.columns(), request.catalog, request.db, request.dialect);
}

CopyTask plan_task(const PlanRequest& request, const std::string& name, const std::string& query) {
  CopyTask task;
  task.name = name;
  task.query = query;
  task.target = {request.schema, name};
  try {
    if (query.empty())
      plan_whole_table(request, task);
    else
      plan_query(request, task);
  } catch (const Error& error) {
    if (error.connection_lost()) throw;
    task.problem = error;
  }
  return task;
}

}  // namespace

std::vector<CopyTask> plan_tasks(const PlanRequest& request, const std::vector<TableListEntry>& list) {
  std::vector<CopyTask> tasks;
  for (const TableListEntry& entry : list) tasks.push_back(plan_task(request, entry.table, entry.query));
  if (list.empty())
    for (const MysqlTable& table : request.catalog) tasks.push_back(plan_task(request, table.name, {}));
  return tasks;
}

std::string ddl_of_tasks(const std::vector<CopyTask>& tasks, const PlanRequest& request, bool partitions) {
  std::vector<Table> tables;
  std::set<QualifiedName> seen;
  std::string problems;
  for (const CopyTask& task : tasks) {
    if (task.problem) {
      problems += "\n-- NOT WRITTEN: " + std::string(task.problem->what());
      continue;
    }
    if (!seen.insert(task.target).second) continue;  // two lines may feed one table
    tables.push_back(*task.definition);
    const MysqlTable* source = task.query.empty() ? find_table(request.catalog, task.name) : nullptr;
    if (source != nullptr && source->partitioned && partitions)
      tables.back().notes.push_back(
          fmt::format("{}: partitioned on the source; partition definitions are not written yet", task.name));
  }
  const std::string title = fmt::format("Tables of {} for {}, written by mysql2pgsql", request.db,
                                        dialect_name(request.dialect));
  return ddl_script(title, request.schema, tables, request.dialect) + (problems.empty() ? "" : problems + "\n");
}

}  // namespace dbsync
