// Tables of tasks that are being copied again (--resync), as the bookkeeping on the target
// knows them, for those who look at a task.
//
// Threads: as the connection. Errors: of the connection.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"

namespace dbsync {

// "public.a, public.b of the task t: rows as of 0/16B3748 are being copied; …", one a task.
std::vector<std::string> resync_notes(PgConnection& connection);

}  // namespace dbsync
