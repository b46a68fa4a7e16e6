// Indexes and foreign keys of the source as the target's. Pure.
#pragma once

#include "mysql2pgsql/mysql_catalog.h"
#include "schema/dialect.h"
#include "schema/names.h"
#include "schema/table.h"

namespace dbsync {

struct MappedSchema;

// Adds the source's secondary indexes; names are per table on the source and
// per schema here, so each gets its table's name in front.
void map_indexes(const MysqlTable& source, Table& table, const Dialect& dialect, NameSet& names);

// Adds the foreign keys of catalog table `index`. All tables have their columns
// and keys by then.
void map_foreign_keys(const MysqlTable& source, MappedSchema& schema, std::size_t index, const MysqlCatalog& catalog);

}  // namespace dbsync
