// What follows the rows of a database and is no table: the positions of
// sequences, and large objects.
//
// Sequences belong to no snapshot: they are read when the rows are there, so that
// they stand behind every value that was copied. A large object keeps its number,
// since rows refer to it by that.
//
// Threads: as the connections. Errors: of the connections; what concerns one
// sequence becomes a note.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "pg/connection.h"
#include "pgsql2pgsql/schema/copy_plan.h"

namespace dbsync {

// Sets the target's sequences: the one of the same column where a column owns
// it, else the one of the same name. `never_back`: a target's sequence that is further
// (PostgreSQL 10 and later tell) stays, since other rows stand behind it. Returns
// notes on those that are missing; `problems` gets those whose position is out of the
// target's bounds.
std::vector<std::string> set_sequences(PgConnection& source, PgConnection& target, const PgCatalog& catalog,
                                       const SelectedTables& selected, const SchemaMap& map, bool never_back,
                                       std::vector<Error>& problems);

bool has_large_objects(PgConnection& connection);

struct LargeObjectCount {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
};

// Inside the source's snapshot; one transaction on the target. With `replace`,
// objects of the same number are emptied first; else one is an error.
LargeObjectCount copy_large_objects(PgConnection& source, PgConnection& target, bool replace,
                                    const std::stop_token& stop);

// What following does not bring: notes on large objects that one side has and the
// other has not.
std::vector<std::string> large_objects_apart(PgConnection& source, PgConnection& target);

}  // namespace dbsync
