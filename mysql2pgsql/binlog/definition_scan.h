// What has been defined anew since a place of the binlog: whether the catalog of now
// tells how the rows since then look.
//
// Reads the raw log, nothing of the rows. Errors: those of the source of events, of which
// it takes what is needed; ErrorKind::source as BinlogStream for what it does not know.
// Threads: one.
#pragma once

#include <string>
#include <vector>

#include "cdc/position.h"
#include "mysql2pgsql/binlog/applied_gtids.h"
#include "mysql2pgsql/binlog/binlog_tables.h"
#include "mysql2pgsql/binlog/event_source.h"

namespace dbsync {

struct FoundDefinition {
  Position at;  // behind the statement
  std::string table;
  std::string statement;     // for messages
  bool rows_before = false;  // the table's rows were changed between the start and the statement, which makes them
                             // look different
};

// Those of followed tables between `start` and `end`, but for the transactions that are
// `applied`.
std::vector<FoundDefinition> find_definitions(EventSource& source, BinlogTables& tables, const Position& start,
                                              const Position& end, AppliedGtids applied);

// What to do about a definition of `table` ("db.name") that was changed.
std::string definition_hint(const std::string& table);

}  // namespace dbsync
