// One snapshot for many sessions of a MySQL or MariaDB source.
//
// A ladder of ways, cheapest first:
//   equal positions   MariaDB, Percona: each session reports the binlog position
//                     of its own snapshot; equal ones are one snapshot. No lock.
//   global lock       FLUSH TABLES WITH READ LOCK while the sessions start
//   table locks       LOCK TABLES … READ while the sessions start
//   optimistic        the binlog did not move while the sessions started
//   none              only when asked for: each session sees its own moment
//
// Locks are held for the time of a few round trips, by a session of their own.
//
// Source: manuals, "START TRANSACTION", "FLUSH", "LOCK TABLES"; MariaDB's
// "Enhancements for START TRANSACTION WITH CONSISTENT SNAPSHOT".
// Threads: one. Errors: ErrorKind::source naming what was refused.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "copy/snapshot_source.h"
#include "mysql2pgsql/client/mysql_connection.h"

namespace dbsync {

using MysqlSessions = std::vector<std::unique_ptr<MysqlConnection>>;

// A session that can be one of them; it takes several statements in one message.
std::unique_ptr<MysqlConnection> session_for_snapshot(const MysqlEndpoint& endpoint);

// Starts the transactions of all `sessions`, which must be idle and ready. `tables` are
// those that will be read; only their locks need them. `positioned`: the snapshot's
// place in the binlog must be known; ErrorKind::source when no way tells it.
SnapshotFacts open_mysql_snapshot(const MysqlEndpoint& endpoint, const MysqlSessions& sessions,
                                  const std::vector<std::string>& tables, bool positioned = false);

// Makes a session ready that comes later, and starts its transaction. True when it sees the same
// moment as `snapshot`: nothing was committed since, and the server can tell.
bool join_mysql_snapshot(MysqlConnection& session, const SnapshotFacts& snapshot);

}  // namespace dbsync
