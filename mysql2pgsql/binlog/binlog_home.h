// Where the binlog of a source is read: on its server, or in a directory that holds copies
// of its files.
//
// Errors: ErrorKind::source. Threads: one at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mysql2pgsql/binlog/binlog_connection.h"
#include "mysql2pgsql/binlog/event_source.h"

namespace dbsync {

class BinlogHome {
 public:
  virtual ~BinlogHome() = default;

  virtual std::string describe() const = 0;
  // Where the log ends now.
  virtual Position end() = 0;
  // The end of each of its files, oldest first.
  virtual std::vector<Position> files() = 0;
  // Events from there on. `reader`: its name; the server throws out others of this name.
  virtual std::unique_ptr<EventSource> open(const Position& from, const std::string& reader) = 0;
  virtual void disconnect() = 0;
};

class BinlogServer : public BinlogHome {
 public:
  explicit BinlogServer(const MysqlEndpoint& endpoint) : endpoint_(endpoint) {}

  std::string describe() const override { return endpoint_.describe(); }
  Position end() override { return binlog_end(connection()); }
  std::vector<Position> files() override;
  std::unique_ptr<EventSource> open(const Position& from, const std::string& reader) override;
  void disconnect() override { connection_.reset(); }

 private:
  MysqlConnection& connection();

  const MysqlEndpoint& endpoint_;
  std::unique_ptr<MysqlConnection> connection_;
};

class BinlogDirectory : public BinlogHome {
 public:
  // `base`: of the names, "mysql-bin" of mysql-bin.000001; "" when there is one only.
  BinlogDirectory(std::string directory, std::string base) : directory_(std::move(directory)), base_(std::move(base)) {}

  std::string describe() const override { return "binlog files in " + directory_; }
  Position end() override { return files().back(); }
  std::vector<Position> files() override;
  std::unique_ptr<EventSource> open(const Position& from, const std::string& reader) override;
  void disconnect() override {}

 private:
  std::string directory_;
  std::string base_;
};

}  // namespace dbsync
