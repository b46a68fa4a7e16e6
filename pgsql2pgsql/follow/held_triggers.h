// Triggers and rules of the target that are ENABLE ALWAYS or REPLICA, and so act on
// replicated changes, though they have acted on the source already.
//
// Those that the source has, too, act on other sessions only while a task follows:
// they are enabled in the ordinary way and noted in dbsync.apply_triggers, and put back
// when the task ends. Those that only the target has are its own business, and named.
//
// Errors: of the connections; a right that lacks is a warning. Threads: one.
#pragma once

#include <string>

#include "pg/connection.h"
#include "pgsql2pgsql/schema/schema_names.h"

namespace dbsync {

// Of the tables that the task follows; after their places are noted.
void hold_triggers(PgConnection& source, PgConnection& target, const std::string& task, const SchemaMap& map);

void release_triggers(PgConnection& target, const std::string& task);

}  // namespace dbsync
