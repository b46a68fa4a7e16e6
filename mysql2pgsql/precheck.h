// The checks of a MySQL or MariaDB source before a load; those of the target are in
// common/check.
//
// Threads: one. Errors: what is wrong with a server becomes a finding; the rest is
// thrown.
#pragma once

#include <cstdint>
#include <vector>

#include "check/check_findings.h"
#include "check/target_check.h"
#include "mysql2pgsql/migration.h"

namespace dbsync {

// Settings, limits and figures of the server; empty of one that is too old to be asked.
struct MysqlServerFacts {
  SourceQueries::Row settings;
  std::uint64_t connected = 0;
};
MysqlServerFacts read_server_facts(MysqlConnection& source);

// Version, settings and limits of the server, and what its snapshot needs. False
// when the server is too old to be asked for more.
bool check_mysql_server(MysqlConnection& source, const MysqlServerFacts& facts, unsigned workers,
                        CheckFindings& findings);

// The tasks with their columns, for check_target_tables. Both must outlive it.
std::vector<CheckedTable> checked_tables(const std::vector<CopyTask>& tasks, const PlanRequest& request);

// A table may be seen with any right on it; the rows need SELECT.
void check_readable(MysqlConnection& source, const std::vector<CopyTask>& tasks, CheckFindings& findings);

}  // namespace dbsync
