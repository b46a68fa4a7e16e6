// Triggers and rules of the target that are ENABLE ALWAYS or REPLICA, and so act on
// replicated changes, though they have acted on the source already.
//
// Those that the source has, too, act on other sessions only while a task follows:
// they are enabled in the ordinary way and noted in dbsync.apply_triggers, and put back
// when the task ends. Those that only the target has are its own business, and named.
//
// Errors: of the connections; a right that lacks is a warning. Threads: one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cdc/known_tables.h"
#include "pg/connection.h"
#include "pgsql2pgsql/schema/schema_names.h"

namespace dbsync {

// As hold_triggers() asks the target, for PgPrefetch.
std::vector<PgQuery> questions_of_triggers(const std::vector<KnownTable>& followed);

// Of the tables that the task follows; after their places are noted.
void hold_triggers(PgConnection& source, PgConnection& target, const std::string& task, const SchemaMap& map);

// What of the target's tables is ENABLE ALWAYS or REPLICA. `names`, `oids`: of tables of
// the source.
struct ActingTrigger {
  std::string text;        // "the trigger t of public.a"
  bool held = false;       // while a task follows, since the source has it, too
  std::string enable_sql;  // in the ordinary way
};
std::vector<ActingTrigger> acting_triggers(PgConnection& source, PgConnection& target,
                                           const std::vector<QualifiedName>& names,
                                           const std::vector<std::uint32_t>& oids, const SchemaMap& map);

void release_triggers(PgConnection& target, const std::string& task);

}  // namespace dbsync
