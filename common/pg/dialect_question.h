// As detect_dialect() (pg/catalog.h) asks, for PgPrefetch.
//
// Pure.
#pragma once

#include "pg/together.h"

namespace dbsync {

PgQuery question_of_dialect();

}  // namespace dbsync
