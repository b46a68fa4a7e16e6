// CHECK constraints and foreign keys of the tables of a definition set.
//
// Threads and errors: as the connection.
#pragma once

#include "pgsql2pgsql/schema/definition_set.h"

namespace dbsync {

void define_constraints(DefinitionSet& set);

}  // namespace dbsync
