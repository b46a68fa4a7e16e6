// Definitions of a PostgreSQL source's tables for our own DDL writer: for targets
// that do not understand what pg_dump writes (Greenplum and its relatives), for
// sources that are such, and for the results of queries.
//
// Tables, defaults, identity, keys, indexes, checks, partitions of one level and
// comments; what has no counterpart becomes a note. Views, functions and types are not part
// of it: where pg_dump does not bring them, columns of types that the target has not
// become text (lacking.h).
//
// Threads: as the connection. Errors: of the connection; ErrorKind::config for a
// distribution rule that cannot be.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "copy/segment_rules.h"
#include "copy/snapshot_source.h"
#include "pgsql2pgsql/schema/copy_plan.h"
#include "pgsql2pgsql/schema/sql_rename.h"
#include "schema/dialect.h"
#include "schema/table.h"

namespace dbsync {

struct DefinitionRequest {
  const PgCatalog& catalog;
  const SelectedTables& selected;
  const SchemaMap& map;
  const Dialect& dialect;  // of the target
  const SegmentRules& segments;
  bool first_column_key = false;
  PgConnection* target = nullptr;  // what it has of types and functions; null = it cannot be asked
  // The rest of the schema comes from pg_dump: its types are there, and so are the
  // tables that are not mapped. `objects`: the users' objects, to find their names.
  bool beside_dump = false;
  ObjectNames objects = {};
};

struct PgDefinition {
  Table table;
  std::optional<Error> problem;  // rules of my.cfg that cannot be
};

// One per selected table, the table at the top for a partition; of these the ones
// that are mapped when the rest comes from pg_dump. Tables that share their target
// share its definition, or all have the problem.
std::vector<PgDefinition> table_definitions(PgConnection& source, const DefinitionRequest& request);

// The table that takes a query's rows.
Table query_definition(PgConnection& source, const CopyTask& task, const DefinitionRequest& request);

}  // namespace dbsync
