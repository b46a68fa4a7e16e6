// The tables that we keep on the target (and of the status, in [local.pgsql]): ours,
// before we write to them or believe them.
//
// A role that may create in the database can make the schema dbsync before we do, or
// be granted rights on tables of ours; a trigger, rule, policy, default or index
// expression there would run with the rights of our session, which may be a
// superuser's. So schema and tables belong to the session's role or to a superuser, and
// carry nothing that we do not make. The owner of the database is not trusted: what it
// owns, runs nothing as us. The owner of a table can give it a trigger at any time,
// which is why a role that is only a member of ours, or we of it, is not enough.
//
// Threads: as the connection. Errors: ErrorKind::target with what was found.
#pragma once

#include <string>

#include "pg/connection.h"

namespace dbsync {

inline constexpr char kBookkeepingSchema[] = "dbsync";
// Behind a task's name: the row of its tables that are copied again in dbsync.apply_progress.
inline constexpr char kResyncRowSuffix[] = " (resync)";

// What is not there passes. `schema`: where they stand, when it is not our own.
void prove_bookkeeping(PgConnection& connection, const std::string& schema = kBookkeepingSchema);

}  // namespace dbsync
