// Which table of the target holds the rows of a followed table.
//
// Both are known by their oids (cdc/known_tables.h), so that changes go to the right
// table whatever is renamed on either side. But names must agree in the end: a table
// that was renamed, moved to another schema or swapped with another one on one side
// only, and a target's table that was dropped or made again, stop with the statements
// that mend it.
//
// Errors: ErrorKind::target. Threads: as the connections.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cdc/known_tables.h"
#include "pg/connection.h"
#include "pgsql2pgsql/schema/schema_names.h"

namespace dbsync {

// A followed table, and its name on the source now.
struct NamedTable {
  KnownTable known;
  QualifiedName name;
};

// As find_misplaced() and prove_places() ask the target first, for PgPrefetch.
PgQuery question_of_places(const std::vector<KnownTable>& tables);

// The tables whose names do not agree, or that are gone from the target, with the
// statements; writes nothing.
std::optional<Error> find_misplaced(PgConnection& source, PgConnection& target, const std::string& task,
                                    const SchemaMap& map, const std::vector<NamedTable>& tables);

// Of a task that follows: notes the places of tables whose place is not known, and
// proves those of the others. New names that both sides agree on are written down.
void prove_places(PgConnection& source, PgConnection& target, const std::string& task, const SchemaMap& map,
                  const std::vector<NamedTable>& tables);

// The table of the target of that name, or one above it, where changes of the source's table
// go to; 0 = none.
std::uint32_t place_of_rows(PgConnection& source, PgConnection& target, const SchemaMap& map,
                            const QualifiedName& table);

// The statement that has the program take a table as it is from now on.
std::string forget_sql(const std::string& task, const QualifiedName& table);

}  // namespace dbsync
