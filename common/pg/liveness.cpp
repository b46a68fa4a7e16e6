#include "pg/liveness.h"

#include <libpq-fe.h>

namespace dbsync {

// The first reading may end with the last words, and the next one finds the end.
bool has_not_ended(pg_conn* connection) {
  return PQconsumeInput(connection) == 1 && PQconsumeInput(connection) == 1 && PQstatus(connection) == CONNECTION_OK;
}

bool has_not_ended(PgConnection& connection) { return has_not_ended(connection.raw()); }

}  // namespace dbsync
