// The search_path that the user's own sessions have; ours is empty (session_settings.h).
//
// Threads: as the connection, which must be outside of a transaction. Errors: from it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace dbsync {

// Its schemas, in its order, with pg_catalog where it is searched.
std::vector<std::string> users_schemas(PgConnection& connection);

// The schemas in which it finds types, for those that it finds. A type of a role that we
// need not trust is not taken: a domain runs its owner's checks.
std::map<std::string, std::string> schemas_of_types(PgConnection& connection, const std::set<std::string>& types);

}  // namespace dbsync
