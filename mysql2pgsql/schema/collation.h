// How the source compares the text of a column, by the name of its collation.
//
// Pure. Source: MySQL manual, "Collation Naming Conventions"; MariaDB manual,
// "Supported Character Sets and Collations".
#pragma once

#include "mysql2pgsql/row/mysql_type.h"
#include "schema/table.h"

namespace dbsync {

SourceEquality equality_of(const MysqlType& type);

}  // namespace dbsync
