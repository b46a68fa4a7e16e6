// Where in a server's binlog a set of GTIDs ends, and which set ends at a place: how a task
// goes over to another server that has what it has applied.
//
// Errors: ErrorKind::source naming the transactions that the server lacks or has deleted.
// Threads: one.
#pragma once

#include <optional>
#include <string>

#include "mysql2pgsql/binlog/applied_gtids.h"
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
// The same of MariaDB's, from the events of the position's file; nothing: they do not tell.
std::optional<GtidSet> gtids_in_file(EventSource& file, const Position& position);

// Everything before it is among `applied`. Behind it there may still be some of them, between
// others.
Position place_of(const GtidServer& server, const GtidSet& applied);
// Of MariaDB: the domains of which `applied` goes beyond a place with these `before` it.
DomainsAhead domains_ahead(const GtidSet& applied, const GtidSet& before);

}  // namespace dbsync
