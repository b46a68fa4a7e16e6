// What to run on the target when it refuses a change that the source has taken: the
// source allows by now what the target does not.
//
// Asks both servers; the target's connection is in a transaction that has not
// failed. Threads: as the connection.
#pragma once

#include <string>
#include <vector>

#include "cdc/apply_plan.h"
#include "cdc/schema_policy.h"
#include "pg/pipeline.h"

namespace dbsync {

// "" when nothing is known that helps.
std::string drift_hint(PgConnection& target, const PgPipeline::Failure& failure, const ApplyPlan& plan,
                       const SchemaPolicy& policy);

// "run on the target: …; then start again", or "" without statements.
// "--resync public.t empties …": for what concerns this table of the source alone.
std::string copy_again(const QualifiedName& table);

std::string run_on_target(const std::vector<std::string>& statements);

// For a TRUNCATE that foreign keys of other tables forbid. `tables`: quoted.
std::string truncate_hint(PgConnection& target, const std::vector<std::string>& tables);

}  // namespace dbsync
