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

// Of a copy whose rows are of no one moment (consistency = none): what it has already of the
// changes that are followed can be made to fit where a key finds the row, and where the binlog
// tells all that was done to it. ErrorKind::config names the tables of the run of which that is not so.
void refuse_own_moments(SourceQueries& source, const MysqlCatalog& catalog);

// `tasks`: of tables and of queries, planned without errors or not; `own_moments`: the copy's
// rows are of no one moment.
void check_followed(SourceQueries& source, const MysqlCatalog& catalog, const std::vector<CopyTask>& tasks,
                    const TableRules& rules, bool own_moments, CheckFindings& findings);

}  // namespace dbsync
