#include "pg/liveness.h"

#include <libpq-fe.h>

namespace dbsync {

bool has_not_ended(PgConnection& connection) { return PQconsumeInput(connection.raw()) == 1 && connection.usable(); }

}  // namespace dbsync
