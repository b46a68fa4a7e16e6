// PARTITION BY of the source as declarative (or classic Greenplum) partitions.
//
// RANGE, LIST, HASH and KEY on plain columns, and RANGE over YEAR(), TO_DAYS()
// and UNIX_TIMESTAMP(), which are ranges of the column itself. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mysql2pgsql/schema/mysql_catalog.h"
#include "schema/dialect.h"
#include "schema/names.h"
#include "schema/table.h"

namespace dbsync {

struct MappedPartitioning {
  std::optional<Partitioning> value;
  std::vector<std::string> notes;  // why there is none, or what was left out
};

// `table` is the target's table with its columns (in the order of the
// source's); partition tables get names from `names`.
MappedPartitioning map_partitioning(const MysqlTable& source, const Table& table, const Dialect& dialect,
                                    NameSet& names);

}  // namespace dbsync
