// Columns of the tables of a definition set: defaults, generated columns, identities,
// comments, and types as the target can have them.
//
// Threads and errors: as the connections.
#pragma once

#include "pgsql2pgsql/schema/definition_set.h"

namespace dbsync {

void define_columns(DefinitionSet& set);

}  // namespace dbsync
