// Which servers are too old. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "schema/dialect.h"

namespace dbsync {

// What is wrong, as "PostgreSQL 9.6 is too old: 10 is the oldest that is
// supported"; nothing when the version will do. `server_version`: as
// PQserverVersion. Greenplum 5 can be written to, though not read from.
enum class ServerRole { source, target };
std::optional<std::string> too_old_postgresql(const Dialect& dialect, int server_version, ServerRole role);

// `version`: 101106 for 10.11.6.
std::optional<std::string> too_old_mysql(bool mariadb, unsigned version);

}  // namespace dbsync
