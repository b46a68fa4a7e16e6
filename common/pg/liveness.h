// Whether the server has ended a session that is idle.
//
// Threads: as the connection.
#pragma once

#include "pg/connection.h"

namespace dbsync {

// Without asking the server, which may be silent for long: a session that was ended has
// sent its last words, or its socket is closed.
bool has_not_ended(PgConnection& connection);
bool has_not_ended(pg_conn* connection);

}  // namespace dbsync
