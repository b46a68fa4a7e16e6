// Generated columns, checks, functional index keys and expression defaults:
// the catalog's columns put before the expression translator.
#pragma once

#include <optional>
#include <string>

#include "mysql2pgsql/mysql_catalog.h"
#include "schema/dialect.h"
#include "schema/table.h"

namespace dbsync {

struct MappedExpression {
  std::optional<std::string> value;
  std::string reason;  // why there is none
};

MappedExpression map_index_expression(const std::string& expression, const MysqlTable& source, const Table& table);

// Fills in generated columns, checks and expression defaults of a table whose
// columns are mapped. A generated column whose expression cannot be translated
// becomes an ordinary one that holds the values, with a note.
void map_expressions(const MysqlTable& source, Table& table, const Dialect& dialect);

}  // namespace dbsync
