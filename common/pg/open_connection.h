// Opens a libpq connection as PQconnectdbParams does, and ends when the run is asked to
// stop: libpq's own call waits for a server that says nothing.
//
// connect_timeout holds for each address, as libpq has it. After it libpq goes on to
// the next address where the last one takes no connection; an address that takes it and
// says nothing is left out, and the others are tried.
//
// Threads: any. Errors: ErrorKind::interrupted.
// Source: PostgreSQL manual, libpq, PQconnectStartParams and "Specifying Multiple Hosts".
#pragma once

#include <string>
#include <utility>
#include <vector>

struct pg_conn;

namespace dbsync {

struct OpenedConnection {
  pg_conn* connection = nullptr;  // the caller's, failed or not; nullptr: no memory
  std::string timeout;            // why it failed, when libpq does not know
};

using ConnectionWords = std::vector<std::pair<std::string, std::string>>;

// `words`: keywords and values, of which dbname may be a connection string. `role`: for the error.
OpenedConnection open_connection(const ConnectionWords& words, const std::string& role);

}  // namespace dbsync
