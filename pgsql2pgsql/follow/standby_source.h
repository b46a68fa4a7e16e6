// What a task that follows a standby needs of its primary: a standby of PostgreSQL 16 or
// newer has replication slots of its own, and the publications, keys and settings that
// its primary has.
//
// Threads: as the connection. Errors: of the source.
// Source: PostgreSQL manual, "Logical Decoding Concepts", replication slots.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "pgsql2pgsql/follow/published_tables.h"
#include "schema/table.h"

namespace dbsync {

// Why changes of the tables do not come by the publication as it is on the primary:
// "fact: statement to run there". Nothing when they do.
std::optional<std::string> lack_of_publication(PgConnection& source, const std::string& publication,
                                               const std::vector<QualifiedName>& tables);
// The same, with the statements for tables that are left out for want of a replica identity.
std::optional<std::string> lack_of_publication(PgConnection& source, const std::string& publication,
                                               const PublishedTables& published);

// Of settings with which the slot may be invalidated.
void warn_of_standby(PgConnection& source);

}  // namespace dbsync
