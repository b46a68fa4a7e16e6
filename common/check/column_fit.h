// Whether every value of a column can be held by the column that is there.
// Pure functions.
#pragma once

#include "schema/pg_type.h"

namespace dbsync {

enum class ColumnFit {
  fits,
  narrower,   // some values may be too long or too large
  different,  // another kind of type: the server converts what it can read
};

// `wanted`: what the source's column would become; `there`: what the target has.
ColumnFit column_fit(const PgType& wanted, const PgType& there);

}  // namespace dbsync
