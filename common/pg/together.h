// Statements that need not wait for each other's answers: over a distance it is the round
// trips that take time.
//
// Threads: as PgConnection. Source: PostgreSQL manual, libpq "Pipeline Mode".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace dbsync {

// One statement with text parameters ($1 …).
struct PgQuery {
  std::string sql;
  std::vector<std::optional<std::string>> parameters = {};
  bool operator==(const PgQuery&) const = default;
};

// One after another in one round trip, no COPY among them; their results in that order.
// Outside of a transaction they are one. Behind one that fails none is run; its error is
// thrown, and a transaction that is open then is to be rolled back.
std::vector<PgResult> exec_together(PgConnection& connection, const std::vector<PgQuery>& queries);

// A statement that only reads; what a PgPrefetch (pg/prefetch.h) of the connection has
// answered is not asked again.
PgResult ask(PgConnection& connection, const PgQuery& question);
// Such statements in one round trip.
std::vector<PgResult> ask_together(PgConnection& connection, const std::vector<PgQuery>& questions);

}  // namespace dbsync
