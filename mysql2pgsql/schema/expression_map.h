// Generated columns, checks, functional index keys and expression defaults:
// the catalog's columns put before the expression translator.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/policies.h"
#include "mysql2pgsql/expression/expression.h"
#include "mysql2pgsql/schema/mysql_catalog.h"
#include "schema/dialect.h"
#include "schema/table.h"

namespace dbsync {

struct MappedExpression {
  std::optional<std::string> value;
  std::string reason;  // why there is none
};

struct DoubtfulColumn {
  std::size_t column = 0;  // of the table
  ValueDoubt doubt;
};

MappedExpression map_index_expression(const std::string& expression, const MysqlTable& source, const Table& table);

// Fills in generated columns, checks and expression defaults of a table whose
// columns are mapped. A generated column whose expression cannot be translated
// becomes an ordinary one that holds the values, with a note.
//
// One whose values might differ from the source's stays generated and is among
// `doubts`, unless `mode` decides it.
void map_expressions(const MysqlTable& source, Table& table, const Dialect& dialect, GeneratedColumns mode,
                     std::vector<DoubtfulColumn>& doubts);

// Makes a generated column an ordinary one that holds the values, with a note.
void make_ordinary(const MysqlColumn& source, Column& column, Table& table, const std::string& reason);

}  // namespace dbsync
