#include "mysql2pgsql/migration.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "mysql2pgsql/row/mysql_cursor.h"
#include "pg/catalog.h"
#include "pg/users_path.h"
#include "schema/ddl_writer.h"
#include "schema/distribution.h"
#include "schema/shared_target.h"

namespace dbsync {

namespace {

// What planning the tasks keeps from one to the next.
struct Planning {
  const PlanRequest& request;
  TypeRuleUse rules;
  std::size_t unknown = 0;  // tables
};

// A list of thousands of wrong names is of another database: each would be compared with
// all names of this one.
constexpr std::size_t kMostSuggestions = 20;

Error unknown_table(Planning& planning, const std::string& name) {
  const PlanRequest& request = planning.request;
  std::vector<std::string> names;
  if (planning.unknown++ < kMostSuggestions)
    for (const auto& table : request.catalog.tables) names.push_back(table.name);
  Error error(ErrorKind::source, fmt::format("the source database {} has no table {}", request.catalog.db, name));
  const std::string near = nearest_name(name, names);
  error.hint(near.empty() ? "check the table list; views are copied with a query: name : select * from view"
                          : fmt::format("did you mean {}? names may be case-sensitive on the source", near));
  return error;
}

// The columns of a query's result, as map_result gives them to the rules.
void see_columns(const std::vector<ResultColumn>& columns, const MysqlCatalog& catalog, TypeRuleUse& rules) {
  const auto types = result_types(columns, catalog);
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (origin_of(columns[i], catalog) == nullptr) rules.see(types[i], {}, columns[i].name);
}

void plan_whole_table(Planning& planning, CopyTask& task) {
  const PlanRequest& request = planning.request;
  const MysqlTable* source = request.catalog.find_table(task.name);
  if (source == nullptr) throw unknown_table(planning, task.name);
  const MappedTable* mapped = request.schema.find(request.catalog, task.name);
  task.target = mapped->table.name;
  task.estimated_bytes = source->estimated_bytes;
  task.estimated_rows = source->estimated_rows;
  if (mapped->problem) throw Error(*mapped->problem);
  task.definition = mapped->table;
}

void plan_query(const PlanRequest& request, CopyTask& task, TypeRuleUse& rules) {
  const MysqlCursor cursor(*request.connection, task.query);
  see_columns(cursor.columns(), request.catalog, rules);
  // A query is at most as large as the table it reads; a guess orders the work.
  for (const ResultColumn& column : cursor.columns())
    if (const MysqlTable* table = request.catalog.find_table(column.table)) {
      task.estimated_bytes = table->estimated_bytes;
      break;
    }
  task.definition = map_result(task.target, cursor.columns(), request.catalog, request.options);
}

CopyTask plan_task(Planning& planning, const std::string& name, const std::string& query) {
  const PlanRequest& request = planning.request;
  CopyTask task;
  task.name = name;
  task.query = query;
  task.target = {request.options.schema, target_name(name, request.options)};
  try {
    if (query.empty())
      plan_whole_table(planning, task);
    else
      plan_query(request, task, planning.rules);
    request.segments.apply(*task.definition, request.options.dialect);
    plan_distribution(*task.definition, request.options.dialect, request.first_column_key);
  } catch (const Error& error) {
    if (error.connection_lost()) throw;
    task.problem = error;
    task.definition.reset();
  }
  return task;
}

std::vector<TableRules::SourceTable> source_tables(const MysqlCatalog& catalog) {
  std::vector<TableRules::SourceTable> out;
  for (const MysqlTable& table : catalog.tables) {
    TableRules::SourceTable& source = out.emplace_back();
    source.name = {catalog.db, table.name};
    for (const auto* columns : {&table.columns, &table.excluded})
      for (const MysqlColumn& column : *columns) source.columns.push_back(column.name);
  }
  return out;
}

// Rules without effect: their writer believes that they have one.
void warn_of_idle_rules(const PlanRequest& request, const TypeRuleUse& rules, const std::vector<CopyTask>& tasks) {
  for (const auto& warning : rules.warnings()) log::warning("main", warning);
  for (const auto& warning : request.options.rules.idle(source_tables(request.catalog))) log::warning("main", warning);
  std::vector<QualifiedName> targets;
  for (const CopyTask& task : tasks) targets.push_back(task.target);
  for (const MappedTable& table : request.schema.tables) targets.push_back(table.table.name);
  for (const auto& warning : request.segments.idle(targets)) log::warning("main", warning);
}

}  // namespace

TargetFacts read_target_facts(PgConnection& target, const Dialect& dialect, const MapOptions& options) {
  std::set<std::string> schemas = options.rules.target_schemas();
  schemas.insert(options.schema);
  std::set<std::string> types;
  for (const TypeRule& rule : options.type_rules) {
    if (rule.target.kind == PgKind::geometry && !dialect.postgis) types.insert("geometry");
    if (rule.target.kind == PgKind::other) types.insert(rule.target.name.substr(0, rule.target.name.find('(')));
  }
  TargetFacts facts{read_taken_names(target, dialect, schemas), missing_types(target, types),
                    schemas_of_types(target, types)};
  if (dialect.postgis)
    facts.type_schemas["geometry"] = target
                                         .exec(
                                             "SELECT n.nspname FROM pg_catalog.pg_extension e JOIN "
                                             "pg_catalog.pg_namespace n ON n.oid = e.extnamespace "
                                             "WHERE e.extname = 'postgis'")
                                         .text(0, 0);
  std::stable_sort(facts.taken.begin(), facts.taken.end(),
                   [](const TakenName& a, const TakenName& b) { return a.name < b.name; });
  return facts;
}

std::vector<CopyTask> plan_tasks(const PlanRequest& request, const std::vector<TableListEntry>& list) {
  std::vector<CopyTask> tasks;
  tasks.reserve(list.empty() ? request.catalog.tables.size() : list.size());
  Planning planning{request, TypeRuleUse(request.options.type_rules, request.catalog)};
  for (const TableListEntry& entry : list) tasks.push_back(plan_task(planning, entry.table, entry.query));
  if (list.empty())
    for (const MysqlTable& table : request.catalog.tables) tasks.push_back(plan_task(planning, table.name, {}));
  warn_of_idle_rules(request, planning.rules, tasks);
  drop_outside_foreign_keys(tasks);
  return tasks;
}

void drop_outside_foreign_keys(std::vector<CopyTask>& tasks) {
  std::set<QualifiedName> whole;
  for (const CopyTask& task : tasks)
    if (task.definition && task.query.empty()) whole.insert(task.target);
  for (CopyTask& task : tasks)
    if (task.definition) drop_outside_foreign_keys(*task.definition, whole);
}

std::string ddl_of_tasks(const std::vector<CopyTask>& tasks, const PlanRequest& request, DdlSection section) {
  DdlScript script;
  std::set<QualifiedName> seen;
  std::string problems;
  for (const CopyTask& task : tasks) {
    if (task.problem) {
      problems += fmt::format("\n-- NOT WRITTEN: {}", one_line(task.problem->what()));
      continue;
    }
    if (!seen.insert(task.target).second) continue;  // two lines may feed one table
    script.tables.push_back(*task.definition);
  }
  script.title = fmt::format("Tables of {} for {}, written by mysql2pgsql", request.catalog.db,
                             dialect_name(request.options.dialect));
  script.notes = request.schema.notes;
  script.schema = request.options.schema;
  script.pre_data = section != DdlSection::post_data;
  script.post_data = section != DdlSection::pre_data;
  return ddl_script(script, request.options.dialect) + (problems.empty() ? "" : problems + "\n");
}

}  // namespace dbsync
