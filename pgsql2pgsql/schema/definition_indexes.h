// Keys and indexes of the tables of a definition set; what the target has no counterpart of
// becomes a note.
//
// Threads and errors: as the connection.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pgsql2pgsql/schema/definition_set.h"

namespace dbsync {

// Columns of primary keys that are not copied, by the table's oid: such a table cannot be.
using LostKeys = std::map<std::uint32_t, std::vector<std::string>>;

LostKeys define_indexes(DefinitionSet& set);

}  // namespace dbsync
