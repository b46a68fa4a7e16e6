// As read_pg_catalog() (schema/pg_catalog.h) asks first, for PgPrefetch.
//
// Pure.
#pragma once

#include <vector>

#include "pg/together.h"

namespace dbsync {

std::vector<PgQuery> questions_of_catalog(const PgConnection& connection);

}  // namespace dbsync
