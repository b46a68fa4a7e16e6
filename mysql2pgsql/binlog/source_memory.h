// What the source has told of its definitions and character sets, by question.
//
// Asked from the source once; kept on the target with the task, so that the task can
// read binlog files of a server that is gone. As bytes, all little-endian:
//   u8 1, u8 MariaDB, u32 version, text accepted, then for each question: text, u32 rows,
//   for each row: u32 fields, texts.   text = u32 length (2³²-1: NULL), bytes
//
// Errors: ErrorKind::source, of the session or for what was not kept; DecodeError.
// Threads: any.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "mysql2pgsql/client/mysql_connection.h"
#include "pg/connection.h"

namespace dbsync {

class SourceMemory : public SourceQueries {
 public:
  // Asks the source.
  explicit SourceMemory(const MysqlEndpoint& endpoint);
  // Knows what was kept.
  explicit SourceMemory(std::string_view kept);

  std::vector<Row> query(const std::string& sql) override;
  bool is_mariadb() const override { return mariadb_; }
  unsigned version_number() const override { return version_; }
  // It was kept earlier, and the source is not asked.
  bool kept() const { return !endpoint_; }
  // The session is not needed for some time.
  void rest();

  std::string bytes() const;

  // Definitions up to this position are in the answers, whatever the binlog says of them; "" = none.
  std::string accepted;

 private:
  MysqlConnection& session();

  std::optional<MysqlEndpoint> endpoint_;
  std::unique_ptr<MysqlConnection> session_;
  bool mariadb_ = false;
  unsigned version_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<Row>> answers_;
};

// Of the task; null: nothing was kept.
std::unique_ptr<SourceMemory> read_memory(PgConnection& target, const std::string& task);
void write_memory(PgConnection& target, const std::string& task, const SourceMemory& memory);
// It holds for the task no longer: a table was copied later, or the source is another server.
// May be part of a transaction; where the known tables are, this one is (cdc/known_tables.h).
void forget_memory(PgConnection& target, const std::string& task);

}  // namespace dbsync
