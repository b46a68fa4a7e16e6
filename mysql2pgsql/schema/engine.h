// What the engine of a table can do. Pure functions, any thread.
#pragma once

#include "base/text.h"
#include "mysql2pgsql/schema/mysql_catalog.h"

namespace dbsync {

// Rows of it are changed at once, whatever becomes of the transaction: no snapshot has them.
inline bool without_transactions(const MysqlTable& table) {
  const std::string engine = to_lower(table.engine);
  return !engine.empty() && engine != "innodb" && engine != "rocksdb" && engine != "tokudb" && engine != "ndbcluster" &&
         engine != "ndb";
}

}  // namespace dbsync
