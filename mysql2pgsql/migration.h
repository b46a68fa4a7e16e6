// Plans the work of one run of mysql2pgsql: which source table or query goes
// into which target table.
#pragma once

#include <string>
#include <vector>

#include "config/table_list.h"
#include "copy/segment_rules.h"
#include "copy/snapshot_source.h"
#include "mysql2pgsql/schema/mysql_catalog.h"
#include "mysql2pgsql/schema/schema_map.h"
#include "pg/connection.h"

namespace dbsync {

struct PlanRequest {
  MysqlConnection* connection;  // prepares the queries of the list; null: it has none
  const MysqlCatalog& catalog;
  const MappedSchema& schema;
  const MapOptions& options;
  const SegmentRules& segments;   // [distribution] and [greenplum] of my.cfg
  bool first_column_key = false;  // -f
};

// One task per line of the list, or per base table when the list is empty. A
// table that the source does not have, a query that it refuses and a column
// type that has no counterpart become the task's `problem`.
// Rules of [types] and [distribution] that are for nothing are warned of in the log.
std::vector<CopyTask> plan_tasks(const PlanRequest& request, const std::vector<TableListEntry>& list);

// What stands on the target in the schemas of the run, and which types of [types] it lacks.
TargetFacts read_target_facts(PgConnection& target, const Dialect& dialect, const MapOptions& options);

// The script of -d. Tables with a problem are left out and named in a comment.
std::string ddl_of_tasks(const std::vector<CopyTask>& tasks, const PlanRequest& request, DdlSection section);

// Foreign keys to tables outside of the tasks cannot be made; each becomes a note.
void drop_outside_foreign_keys(std::vector<CopyTask>& tasks);

}  // namespace dbsync
