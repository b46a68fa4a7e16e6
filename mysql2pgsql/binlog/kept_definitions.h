// Whether definitions that a task has kept are still those of the source.
//
// Pure; any thread.
#pragma once

#include <set>
#include <string>

#include "mysql2pgsql/schema/mysql_catalog.h"

namespace dbsync {

// Of what decides how rows in the binlog are read: all of `followed`, and of the other tables those
// that both have.
bool same_definitions(const MysqlCatalog& kept, const MysqlCatalog& now, const std::set<std::string>& followed);

// The tables to whose rows foreign keys of `followed` ones react, directly or through others.
std::set<std::string> parents_of(const MysqlCatalog& catalog, const std::set<std::string>& followed);

}  // namespace dbsync
