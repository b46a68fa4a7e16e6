// Where the rows of a table of a definition set lie: table access methods, inheritance and
// partitions.
//
// Threads and errors: as the connection.
#pragma once

#include "pgsql2pgsql/schema/definition_set.h"

namespace dbsync {

// Of tables that are not heaps, which is what every server makes by itself.
void define_access_methods(DefinitionSet& set);

void note_inheritance(DefinitionSet& set);

// Trees whose keys are columns, of all levels.
void define_partitions(const DefinitionSet& set, const PgRelation& root, Table& table);

}  // namespace dbsync
