// The tables of a run whose changes can be followed, as the stream needs them.
//
// Errors: those of make_followed_table, with the table in their context; ErrorKind::config
// for queries of the table list, which have no rows in the binlog. Threads: one.
#pragma once

#include <vector>

#include "copy/snapshot_source.h"
#include "mysql2pgsql/binlog/binlog_tables.h"
#include "mysql2pgsql/schema/schema_map.h"
#include "pg/connection.h"

namespace dbsync {

struct FollowTablesRequest {
  const MysqlCatalog& catalog;
  const std::vector<CopyTask>& tasks;
  const MapOptions& options;
  const ValuePolicies& policies;
  bool text = false;  // values as text
};

// Adds to `tables` what is followed of the tasks.
void add_followed_tables(const FollowTablesRequest& request, PgConnection& target, BinlogTables& tables);

}  // namespace dbsync
