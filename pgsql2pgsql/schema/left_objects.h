// What is not made where our own DDL writer makes the tables, of Greenplum and for it: the
// rest of the schema, which pg_dump brings elsewhere.
//
// Threads and errors: as the connection.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"
#include "pgsql2pgsql/schema/copy_plan.h"
#include "schema/dialect.h"

namespace dbsync {

// A note for each view, function, type, trigger and rule; of a chosen part of the tables,
// for their triggers and rules only.
std::vector<std::string> objects_left_out(PgConnection& source, const SelectedTables& selected, const Dialect& target);

// With the statement that would make it.
std::vector<std::string> external_tables_left_out(PgConnection& source, const PgCatalog& catalog);

}  // namespace dbsync
