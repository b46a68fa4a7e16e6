// Where in a server's binlog a set of GTIDs ends, and which set ends at a place: how a task
// goes over to another server that has what it has applied.
//
// Errors: ErrorKind::source naming the transactions that the server lacks or has deleted.
// Threads: one.
#pragma once

#include <optional>
#include <string>

#include "mysql2pgsql/binlog/binlog_home.h"
#include "mysql2pgsql/binlog/gtid_set.h"

namespace dbsync {

// The server whose binlog it is, and the name of a reader beside the stream.
struct GtidServer {
  MysqlConnection& connection;
  BinlogHome& home;
  std::string reader;
};

// All that ends there or before; nothing: the server has no GTIDs, or cannot tell.
std::optional<GtidSet> gtids_at(const GtidServer& server, const Position& position);

// Everything before it is among `applied`. Behind it MySQL may still have some of them, between
// others; MariaDB has none.
Position place_of(const GtidServer& server, const GtidSet& applied);

}  // namespace dbsync
