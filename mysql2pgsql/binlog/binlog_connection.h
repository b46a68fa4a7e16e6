// A connection that receives the binlog of a server, as a replica does.
//
// The server waits for more at the end of its log and sends a heartbeat every second;
// silence of 10 s counts as a lost connection, and so does the end of the stream, which
// servers send when they shut down or give the place to another reader.
//
// Source: MySQL manual, "Replication"; MariaDB Knowledge Base, "COM_BINLOG_DUMP". Errors:
// ErrorKind::source, told apart by the server's texts: purged files, wrong places, another
// reader with this server id.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "cdc/position.h"
#include "mysql2pgsql/binlog/event_source.h"
#include "mysql2pgsql/client/mysql_connection.h"

namespace dbsync {

struct BinlogStart {
  Position position;            // an offset of more than 4 GiB: from the file's beginning
  std::uint32_t server_id = 0;  // of this reader; never 0
  std::string uuid;             // of this reader; "" = none
  std::string gtids = {};       // MariaDB: from behind these, instead of the position
};

class BinlogConnection : public EventSource {
 public:
  BinlogConnection(const MysqlEndpoint& endpoint, const BinlogStart& start);
  ~BinlogConnection() override;

  std::string_view read() override;
  BinlogChecksum checksum() const override { return checksum_; }
  void interrupt() noexcept override;
  std::string describe() const override { return connection_.describe(); }

 private:
  struct Raw;

  Error failed() const;

  MysqlConnection connection_;
  std::unique_ptr<Raw> raw_;
  std::string start_;  // for messages
  BinlogChecksum checksum_ = BinlogChecksum::none;
  std::atomic<bool> interrupted_{false};
};

// A reader's server id and UUID that stay the same for the task.
std::uint32_t reader_server_id(std::string_view task);
std::string reader_uuid(std::string_view task);

// Where the server's log ends.
Position binlog_end(MysqlConnection& connection);

}  // namespace dbsync
