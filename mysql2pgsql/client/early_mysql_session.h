// The session that reads the source's catalog, opened ahead of its use: over a distance it
// takes some round trips until it can be asked something.
//
// Threads: one for the session that is being opened; take() is for one thread. Errors: of the
// connection, from take().
#pragma once

#include <memory>

#include "config/config.h"
#include "mysql2pgsql/client/mysql_connection.h"

namespace dbsync {

class EarlyMysqlSession {
 public:
  // Begins to open one. A run has at most one object of these; what nobody has taken is closed
  // with it.
  explicit EarlyMysqlSession(const MysqlEndpoint& endpoint);
  ~EarlyMysqlSession();
  EarlyMysqlSession(const EarlyMysqlSession&) = delete;
  EarlyMysqlSession& operator=(const EarlyMysqlSession&) = delete;

  // That of the object, for the first who asks and while it is fresh, or another one.
  static std::unique_ptr<MysqlConnection> take(const MysqlEndpoint& endpoint);
};

}  // namespace dbsync
