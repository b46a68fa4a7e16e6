// A query's result, streamed row by row through the binary protocol.
//
// The rows are never buffered on the client: the server's own network buffer is
// the only read-ahead, so a slow target slows the source and memory stays in
// proportion to the largest row.
//
// A lost connection is an exception in fetch(), never an end of data. Destroyed
// before the end, the statement is killed on the server, since reading the rest
// away could take hours; the session and its snapshot stay, unless it does not
// answer then (MysqlConnection::usable).
//
// Source: MySQL manual, "C API Prepared Statement Interface".
// Threads: as its connection.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mysql2pgsql/client/mysql_connection.h"
#include "mysql2pgsql/row/mysql_type.h"
#include "mysql2pgsql/row/source_value.h"

namespace dbsync {

// One column of a result, from its metadata.
struct ResultColumn {
  std::string name;
  std::string table_schema;  // origin, "" for an expression
  std::string table;
  std::string column;
  MysqlType type;  // as far as metadata tells: no enum labels, no collation
  Wire wire = Wire::bytes;
  bool not_null = false;
  std::uint64_t max_bytes = 0;
};

class MysqlCursor {
 public:
  // Prepares the statement; the columns are known then.
  MysqlCursor(MysqlConnection& connection, std::string sql);
  ~MysqlCursor();
  MysqlCursor(const MysqlCursor&) = delete;
  MysqlCursor& operator=(const MysqlCursor&) = delete;

  const std::vector<ResultColumn>& columns() const { return columns_; }

  void execute();

  // Moves to the next row; false at the end of data.
  bool fetch();
  const SourceValue* values() const { return values_.data(); }

 private:
  struct Binding;

  void prepare(const std::string& sql);
  void prepare_with_vectors_as_bytes();
  void read_metadata();
  void bind();
  void fetch_long_values();
  void convert_row();
  Error error() const;
  Error broken_row() const;

  MysqlConnection& connection_;
  std::string sql_;
  std::vector<ResultColumn> columns_;
  std::vector<SourceValue> values_;
  std::unique_ptr<Binding> binding_;
  bool active_ = false;  // executed and not yet read to the end
};

}  // namespace dbsync
