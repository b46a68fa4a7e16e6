// What no table of PostgreSQL and its relatives can be. Pure functions.
//
// Source: heap.c (SysAtt) and htup_details.h (MaxHeapAttributeNumber) of the server,
// "PostgreSQL Limits" and "System Columns" of its manual.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "schema/dialect.h"
#include "schema/table.h"

namespace dbsync {

// Every table has these columns already. Names in other letter case are free.
bool is_system_column(std::string_view name, const Dialect& dialect);

// Why the target cannot have the table: a column called as one of the system's, too many
// columns. ErrorKind::source, with the way out; `name`: what the source calls the table.
std::optional<Error> beyond_limits(const Table& table, const std::string& name, const Dialect& dialect);

// "a row with every column filled may need 12,000 bytes, …": rows cannot go over pages,
// and short values do not move out of them. "" when rows fit.
std::string row_width_warning(const Table& table);

}  // namespace dbsync
