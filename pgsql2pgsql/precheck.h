// The checks of a PostgreSQL source before a load; those of the target are in
// common/check.
//
// Threads: one. Errors: of the connection; what is wrong becomes a finding.
#pragma once

#include <vector>

#include "check/check_findings.h"
#include "check/target_check.h"
#include "config/config.h"
#include "config/options.h"
#include "pgsql2pgsql/copy_plan.h"

namespace dbsync {

// Whether changes are to be followed after the copy.
enum class FollowWish {
  none,      // --full-only: what is in the way does not matter
  possible,  // it is worth a warning
  asked,     // --follow-only, --end-at: it is a failure
};
FollowWish follow_wish(const Options& options);

// Version, connections, encoding, and what following needs. `has_slot`: the task
// exists, so it has its place already.
struct SourceCheck {
  PgConnection& source;
  const Dialect& dialect;
  unsigned workers = 1;
  FollowWish follow = FollowWish::possible;
  bool has_slot = false;
};
// False when the server is too old to be asked for more.
bool check_pg_source(const SourceCheck& check, CheckFindings& findings);

// Whether the role may read the tables.
void check_pg_tables(PgConnection& source, const SelectedTables& selected, CheckFindings& findings);

// In front of a load, on its connections: see CheckFindings::log_and_stop. Whether
// changes can be followed is decided by whoever follows them.
struct LoadCheck {
  const Options& options;
  const Config& config;
  const JobOptions& job;
  PgConnection& source;
  const Dialect& source_dialect;
  PgConnection& target;
  const Dialect& target_dialect;
  bool follow = false;  // changes will be followed: their position must have a place
  bool copy = true;     // rows will be copied
};
void check_before_load(const LoadCheck& load, const PgCatalog& catalog, const SelectedTables& selected, const SchemaMap& map);

// The tables of the plan on the target, for a load and for --check.
void check_pg_targets(const TargetCheck& check, const PlannedTasks& planned, CheckFindings& findings);

}  // namespace dbsync
