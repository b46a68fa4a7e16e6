// The one table of source types and the target types they become; DDL, row
// encoding and the documentation's type table all read it.
//
// Pure: values in, values out.
#pragma once

#include <optional>

#include "mysql2pgsql/mysql_catalog.h"
#include "mysql2pgsql/mysql_cursor.h"
#include "schema/dialect.h"
#include "schema/table.h"

namespace dbsync {

// The target type of a source type; nothing when the type is not supported.
std::optional<PgType> map_type(const MysqlType& type, const Dialect& dialect);

// The target's definition of a whole source table. A column of an unsupported
// type is an error (ErrorKind::source) naming table and column.
Table map_table(const MysqlTable& table, const std::string& schema, const Dialect& dialect);

// The same for a query's result: catalog properties where a column comes
// straight from a table of `catalog` (database `db`), the result's own metadata
// elsewhere. Two result columns of one name are an error.
Table map_result(const QualifiedName& target, const std::vector<ResultColumn>& columns,
                 const std::vector<MysqlTable>& catalog, const std::string& db, const Dialect& dialect);

// The source type of each result column, with what the catalog knows about it.
std::vector<MysqlType> result_types(const std::vector<ResultColumn>& columns, const std::vector<MysqlTable>& catalog,
                                    const std::string& db);

}  // namespace dbsync
