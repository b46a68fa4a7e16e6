// Decides how a distributed target (Greenplum, Cloudberry, AnalyticDB) spreads
// a table, and which keys that allows.
//
// DISTRIBUTED BY must be a subset of every PRIMARY KEY and UNIQUE; a key that
// does not contain it cannot be kept. Chosen from the primary key, else a
// unique key, else nothing (RANDOMLY); `first_column` takes the first column
// instead. A second unique key that conflicts becomes a plain index with a note.
//
// Pure. Source: Greenplum documentation, "Distribution and Skew"; behaviour seen
// on 6.24.
#pragma once

#include "schema/dialect.h"
#include "schema/table.h"

namespace dbsync {

// Sets table.distribution when no rule has set it, and adapts keys and
// partitions to what the dialect can hold; what is not made becomes a note. Nothing to do
// for other targets. Errors: ErrorKind::config for a rule that cannot be.
void plan_distribution(Table& table, const Dialect& dialect, bool first_column);

// False for types that cannot be hashed: json, geometry, xml, money, arrays of json, …
bool can_distribute_by(const PgType& type);

}  // namespace dbsync
