// Indexes and foreign keys of the source as the target's. Pure.
#pragma once

#include <functional>
#include <string>

#include "mysql2pgsql/schema/mysql_catalog.h"
#include "schema/dialect.h"
#include "schema/names.h"
#include "schema/table.h"

namespace dbsync {

struct MappedSchema;

// Names of indexes are per table on the source and per schema here.
struct IndexNaming {
  NameSet& names;
  bool keep;                                       // a name that is unique stays; else the table's name goes before it
  std::function<bool(const std::string&)> shared;  // another table of the run has an index of this name
};

// Adds the source's secondary indexes.
void map_indexes(const MysqlTable& source, Table& table, const Dialect& dialect, const IndexNaming& naming);

// The names that constraints of the table have; those of its checks, too, if asked for.
NameSet constraint_names(const Table& table, bool with_checks);

// Adds the foreign keys of catalog table `index`. All tables have their columns
// and keys by then.
void map_foreign_keys(const MysqlTable& source, MappedSchema& schema, std::size_t index, const MysqlCatalog& catalog);

}  // namespace dbsync
