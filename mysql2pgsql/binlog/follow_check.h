// --check of a run that will follow: what of the chosen tables cannot be followed, or not exactly.
//
// Errors: of the session. Threads: one.
#pragma once

#include <vector>

#include "check/check_findings.h"
#include "copy/copy_task.h"
#include "copy/table_rules.h"
#include "mysql2pgsql/client/source_queries.h"
#include "mysql2pgsql/schema/mysql_catalog.h"

namespace dbsync {

// Nothing but all its columns finds a row.
bool without_key(const MysqlTable& table);

// `tasks`: of tables and of queries, planned without errors or not.
void check_followed(SourceQueries& source, const MysqlCatalog& catalog, const std::vector<CopyTask>& tasks,
                    const TableRules& rules, CheckFindings& findings);

}  // namespace dbsync
