// The one table of source types and the target types they become; DDL, row
// encoding and the documentation's type table all read it.
//
// Pure: values in, values out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mysql2pgsql/row/mysql_cursor.h"
#include "mysql2pgsql/schema/mysql_catalog.h"
#include "mysql2pgsql/schema/type_rule.h"
#include "schema/dialect.h"
#include "schema/pg_type.h"

namespace dbsync {

// The target type of a source type; nothing when the type is not supported.
std::optional<PgType> map_type(const MysqlType& type, const Dialect& dialect);

// The same for a column of a table, rules first.
std::optional<PgType> map_column_type(const MysqlType& type, std::string_view table, std::string_view column,
                                      const Dialect& dialect, const std::vector<TypeRule>& rules);

// The catalog's column behind a result column when it comes straight from a
// table of the catalog, else nullptr.
const MysqlColumn* origin_of(const ResultColumn& column, const MysqlCatalog& catalog);

// The source type of each result column, with what the catalog knows about it.
std::vector<MysqlType> result_types(const std::vector<ResultColumn>& columns, const MysqlCatalog& catalog);

}  // namespace dbsync
