// One statement into libpq's pipeline, and its result out of it.
//
// Threads: as the connection. Errors: as libpq, in the returned values.
// Source: PostgreSQL manual, libpq "Pipeline Mode".
#pragma once

#include "pg/together.h"

namespace dbsync {

bool send_query(pg_conn* raw, const PgQuery& query);

// The result of one statement, the caller's; in a pipeline a null ends it.
pg_result* take_result_of_pipeline(pg_conn* raw);

}  // namespace dbsync
