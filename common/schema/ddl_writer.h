// Writes DDL for a target dialect. The text that -d prints and the statements
// that --create runs come from here, so that they cannot differ.
//
// Pure: values in, SQL out.
#pragma once

#include <string>
#include <vector>

#include "schema/dialect.h"
#include "schema/table.h"

namespace dbsync {

// CREATE SCHEMA; "" when none is needed (public is always there).
std::string create_schema_sql(const std::string& schema, const Dialect& dialect);

// The statements that make one table, in order: CREATE TABLE, COMMENTs. None
// ends in a semicolon.
std::vector<std::string> create_table_sql(const Table& table, const Dialect& dialect);

// The whole script of -d, loadable by psql: session settings, schema, tables.
std::string ddl_script(const std::string& title, const std::string& schema, const std::vector<Table>& tables,
                       const Dialect& dialect);

}  // namespace dbsync
