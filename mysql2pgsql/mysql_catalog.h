// What the source database holds, from information_schema: plain values.
//
// Errors: from the connection. Threads: as MysqlConnection; the values are free.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mysql2pgsql/mysql_connection.h"
#include "mysql2pgsql/mysql_type.h"

namespace dbsync {

struct MysqlColumn {
  std::string name;
  MysqlType type;
  bool nullable = true;
  std::string comment;
};

struct MysqlTable {
  std::string name;
  std::string engine;
  std::vector<MysqlColumn> columns;
  std::vector<std::string> primary_key;
  std::string comment;
  bool partitioned = false;
  std::uint64_t estimated_rows = 0;   // the engine's guess
  std::uint64_t estimated_bytes = 0;

  const MysqlColumn* find_column(std::string_view column) const;
};

// Every base table of the connection's database, by name. Views and sequences
// are left out. Generated columns are ordinary ones here: their values are copied.
std::vector<MysqlTable> read_catalog(MysqlConnection& connection, const std::string& db);

}  // namespace dbsync
