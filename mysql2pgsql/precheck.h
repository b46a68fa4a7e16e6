// The checks before a load from MySQL or MariaDB, by themselves (--check) or in
// front of a load.
//
// Threads: one. Errors: what is wrong with a server becomes a finding; the rest is
// thrown.
#pragma once

#include <functional>
#include <vector>

#include "check/check_findings.h"
#include "check/target_check.h"
#include "config/config.h"
#include "config/options.h"
#include "mysql2pgsql/migration.h"

namespace dbsync {

// Version, settings and limits of the server, and what its snapshot needs. False
// when the server is too old to be asked for more.
bool check_mysql_server(MysqlConnection& source, unsigned workers, CheckFindings& findings);

// The tasks with their columns, for check_target_tables. Both must outlive it.
std::vector<CheckedTable> checked_tables(const std::vector<CopyTask>& tasks, const PlanRequest& request);

// In front of a load, on its connections: see CheckFindings::log_and_stop.
struct LoadCheck {
  const Options& options;
  const Config& config;
  const JobOptions& job;
  const PlanRequest& request;
  const Dialect& dialect;
};
void check_before_load(const LoadCheck& load, PgConnection& target, const std::vector<CopyTask>& tasks);

// --check: prints what it finds to stdout. An exit status.
int run_check(const Options& options, const Config& config, const std::vector<TableListEntry>& list,
              const std::function<MapOptions(const Dialect&)>& mapping);

}  // namespace dbsync
