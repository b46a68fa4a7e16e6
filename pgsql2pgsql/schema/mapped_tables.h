// The rules of my.cfg for tables and columns, put into the source's catalog.
//
// Rules name tables as the source does; those for a partitioned table are for its
// partitions, too, which then go through the table at the top. A table is `mapped`
// when any rule is for it, or when it shares its target with one that is.
//
// Pure. Errors: ErrorKind::config for rules that cannot be.
#pragma once

#include <string>
#include <vector>

#include "copy/table_rules.h"
#include "pgsql2pgsql/schema/pg_catalog.h"
#include "pgsql2pgsql/schema/schema_names.h"

namespace dbsync {

// Returns warnings of rules that are for nothing.
std::vector<std::string> apply_table_rules(PgCatalog& catalog, const TableRules& rules, const SchemaMap& map);

QualifiedName target_of(const PgRelation& relation, const SchemaMap& map);

// True when tables of the source other than this one (and its partitions) go into
// its target, too.
bool shares_target(const PgRelation& relation, const PgCatalog& catalog, const SchemaMap& map);

}  // namespace dbsync
