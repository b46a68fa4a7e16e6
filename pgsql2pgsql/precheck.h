// The checks of a PostgreSQL source before a load; those of the target are in
// common/check.
//
// Threads: one. Errors: of the connection; what is wrong becomes a finding.
#pragma once

#include <vector>

#include "check/check_findings.h"
#include "check/target_check.h"
#include "pgsql2pgsql/schema/copy_plan.h"
#include "run/run_context.h"

namespace dbsync {

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

// Whether the target's encoding has all characters of the names, so that it can be asked
// for tables by name.
bool target_has_names(PgConnection& target, const PlannedTasks& planned);
// The tables of the plan on the target, for a load and for --check.
void check_pg_targets(const TargetCheck& check, const PlannedTasks& planned, CheckFindings& findings);

}  // namespace dbsync
