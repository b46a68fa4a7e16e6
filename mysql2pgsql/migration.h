// Plans the work of one run of mysql2pgsql: which source table or query goes
// into which target table.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/options.h"
#include "config/table_list.h"
#include "copy/snapshot_source.h"
#include "mysql2pgsql/mysql_catalog.h"
#include "schema/dialect.h"

namespace dbsync {

struct PlanRequest {
  MysqlConnection& connection;  // prepares the queries of the list
  const std::vector<MysqlTable>& catalog;
  std::string db;
  std::string schema;           // on the target
  Dialect dialect;
};

// One task per line of the list, or per base table when the list is empty. A
// table that the source does not have, a query that it refuses and a column
// type that has no counterpart become the task's `problem`.
std::vector<CopyTask> plan_tasks(const PlanRequest& request, const std::vector<TableListEntry>& list);

// The script of -d. Tables with a problem are left out and named in a comment.
std::string ddl_of_tasks(const std::vector<CopyTask>& tasks, const PlanRequest& request, bool partitions);

}  // namespace dbsync
