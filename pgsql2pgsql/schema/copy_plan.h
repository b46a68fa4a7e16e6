// From the source's catalog and what the user asked for to the tasks of a copy.
//
// In two steps, since the schema may be created between them: select_tables says
// which tables are meant; plan_tasks finds the target of each one, a partition's
// being its namesake when both trees have the same bounds, else the table at the
// top of the tree.
//
// Pure, but for the relations that both sides point into: the catalog must
// outlive the plan. Errors: ErrorKind::config for lists and patterns that name
// what is not there.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/table_list.h"
#include "copy/snapshot_source.h"
#include "pgsql2pgsql/schema/pg_catalog.h"
#include "pgsql2pgsql/schema/schema_names.h"

namespace dbsync {

struct TableChoice {
  const TableFilter& filter;
  const std::vector<TableListEntry>& list;
  bool standby = false;  // unlogged tables cannot be read there
};

struct SelectedTables {
  std::vector<const PgRelation*> tables;            // with rows of their own
  std::vector<const PgRelation*> extension_tables;  // with rows that users gave to extensions
  std::vector<const TableListEntry*> queries;
  std::vector<std::string> notes;  // what is left out, and why
  bool whole_database = false;

  bool contains(const PgRelation& relation) const;
};

SelectedTables select_tables(const PgCatalog& catalog, const TableChoice& choice);

struct PlannedTasks {
  std::vector<CopyTask> tasks;
  std::map<std::string, const PgRelation*> relations;  // by task name
};

// `target`: the partition trees of the target as they are now. `query_schema`:
// where the target of a query is when its line names no schema.
PlannedTasks plan_tasks(const PgCatalog& catalog, const SelectedTables& selected, const SchemaMap& map,
                        const PartitionTree& target, const std::string& query_schema);

}  // namespace dbsync
