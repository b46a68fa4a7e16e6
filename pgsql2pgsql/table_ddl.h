// Definitions of a PostgreSQL source's tables for our own DDL writer: for targets
// that do not understand what pg_dump writes (Greenplum and its relatives), for
// sources that are such, and for the results of queries.
//
// Tables, defaults, identity, keys, indexes, checks, partitions of one level and
// comments; what has no counterpart becomes a note. Views, functions and types
// are not part of it: enums become text.
//
// Threads: as the connection. Errors: of the connection; ErrorKind::config for a
// distribution rule that cannot be.
#pragma once

#include <string>
#include <vector>

#include "config/ini_file.h"
#include "copy/snapshot_source.h"
#include "pgsql2pgsql/copy_plan.h"
#include "schema/dialect.h"
#include "schema/table.h"

namespace dbsync {

struct DefinitionRequest {
  const PgCatalog& catalog;
  const SelectedTables& selected;
  const SchemaMap& map;
  const Dialect& dialect;  // of the target
  const std::vector<IniEntry>& distribution_rules;
  const std::string& config_path;
  bool first_column_key = false;
};

// One per selected table, the table at the top for a partition.
std::vector<Table> table_definitions(PgConnection& source, const DefinitionRequest& request);

// The table that takes a query's rows.
Table query_definition(PgConnection& source, const CopyTask& task, const DefinitionRequest& request);

}  // namespace dbsync
