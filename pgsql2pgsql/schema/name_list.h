// Strings that a catalog query returns as one JSON array.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"

namespace dbsync {

// None for NULL.
std::vector<std::string> names_at(const PgResult& result, int row, int column);

}  // namespace dbsync
