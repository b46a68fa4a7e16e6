// Generated columns that may hold other values than the target would compute:
// whether they do is asked of the source's rows, table by table, before anything
// is created. Where they do, or the source does not tell within a minute, the
// column becomes an ordinary one that holds the values, with a note.
//
// Only columns that mapping left in doubt are asked for (expression.h): most cost
// nothing, and one question about a table's columns is one pass over its rows.
//
// Threads: as MysqlConnection. Errors: of a lost connection; any other one leaves
// the question unanswered.
#pragma once

#include <string>
#include <vector>

#include "config/table_list.h"
#include "mysql2pgsql/client/mysql_connection.h"
#include "mysql2pgsql/schema/schema_map.h"
#include "pg/connection.h"

namespace dbsync {

// For the tables of `list`, all when it is empty; not for those that `target`, when
// given, has already: their definition is settled.
void check_generated_columns(MysqlConnection& connection, const MysqlCatalog& catalog,
                             const std::vector<TableListEntry>& list, MappedSchema& schema, PgConnection* target);

}  // namespace dbsync
