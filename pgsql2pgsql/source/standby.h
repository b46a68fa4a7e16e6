// A source that may be a standby: how far its write-ahead log is (there: was replayed),
// and where statements that change it are run.
//
// Positions are of PostgreSQL 10 and newer. Threads: as the connection. Errors: of the source.
#pragma once

#include <string>

#include "pg/connection.h"
#include "pg/together.h"

namespace dbsync {

// Expressions of type pg_lsn.
inline constexpr char kWalWritten[] =
    "CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() "
    "ELSE pg_catalog.pg_current_wal_lsn() END";
inline constexpr char kWalInserted[] =
    "CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() "
    "ELSE pg_catalog.pg_current_wal_insert_lsn() END";

inline PgQuery question_of_standby() { return {"SELECT pg_catalog.pg_is_in_recovery()"}; }

// As of now: it may be promoted while a task follows. Of any version.
inline bool on_standby(PgConnection& source) { return ask(source, question_of_standby()).boolean(0, 0); }

inline std::string place_of_statements(PgConnection& source) {
  return on_standby(source) ? "the source's primary" : "the source";
}

}  // namespace dbsync
