// What --check looks at beyond connections and tables: what --create will not be able
// to make, tables that cannot be followed, and room for locks.
//
// Each of these lets the run itself fail, later: an item that the target refuses is
// named in its summary, a table without identity stops it before its first row.
//
// Threads: one. Errors: of the connections. Source: PostgreSQL manual, the reference
// pages of CREATE; "Lock Management" in "Runtime Configuration".
#pragma once

#include "check/check_findings.h"
#include "pg/connection.h"
#include "pgsql2pgsql/follow/generated_columns.h"
#include "pgsql2pgsql/follow/held_triggers.h"
#include "pgsql2pgsql/follow/published_tables.h"
#include "pgsql2pgsql/schema/pg_catalog.h"
#include "pgsql2pgsql/schema/schema_plan.h"
#include "run/run_context.h"

namespace dbsync {

// Extensions, languages, event triggers, … of the plan that the target's role may not
// make or that its server does not have.
void check_creation(PgConnection& source, PgConnection& target, const SchemaPlan& plan, CheckFindings& findings);

// Tables whose UPDATEs and DELETEs the source would refuse as long as they are
// followed, with the statements that mend it. `allowed`: tables_without_key = publish.
void check_identities(PgConnection& source, const PublishedTables& published, FollowConfig::WithoutKey policy,
                      CheckFindings& findings);

// On a standby: that its primary publishes the tables.
void check_publication(PgConnection& source, const std::string& publication, const PublishedTables& published,
                       FollowWish follow, CheckFindings& findings);

// Generated columns that changes do not bring right.
void check_generated(const std::vector<UnfitColumn>& columns, CheckFindings& findings);

// Triggers and rules of the target that act on replicated changes.
void check_triggers(const std::vector<ActingTrigger>& triggers, CheckFindings& findings);

// pg_dump locks every table of the source at once, and a tree of partitions is made in
// one transaction.
void check_lock_room(PgConnection& source, PgConnection& target, const PgCatalog& catalog, CheckFindings& findings);

}  // namespace dbsync
