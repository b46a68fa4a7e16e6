// Whether two connections end in one database, by whatever address they came:
// socket and TCP, two names of a host, a service file, a pooler, a standby of the
// target's own server.
//
// A server is known by the moment it started and, where the role may read it, the
// identifier of its cluster; a database by its number. A standby has the identifier
// and the numbers of its primary but another start.
//
// Threads: those of the connections. Errors: refuse_same_database throws
// ErrorKind::config with a HINT.
// Source: PostgreSQL manual, "Session Information Functions", pg_control_system().
#pragma once

#include <memory>

#include "pg/connection.h"

namespace dbsync {

// What both of the functions below ask is sent to both servers at once, as long as what is
// returned lives.
std::shared_ptr<void> prefetch_identities(PgConnection& source, PgConnection& target);

bool same_database(PgConnection& source, PgConnection& target);

// To be called before anything is written: --truncate would empty the source, and
// changes would be applied to where they come from.
void refuse_same_database(PgConnection& source, PgConnection& target);

}  // namespace dbsync
