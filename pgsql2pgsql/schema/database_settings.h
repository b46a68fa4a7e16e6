// Settings that a database gives its sessions (ALTER DATABASE … SET, ALTER ROLE … IN
// DATABASE … SET). They are no part of a schema: pg_dump leaves them out, and so do
// we. But functions find their names by search_path, so what the target lacks is told
// with the statements that give it to it.
//
// Threads: as the connections. Errors: of the connections.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"

namespace dbsync {

// "ALTER DATABASE target SET search_path = app, public": one for each setting of the
// source that the target has not, or has with another value.
std::vector<std::string> settings_that_the_target_lacks(PgConnection& source, PgConnection& target);

}  // namespace dbsync
