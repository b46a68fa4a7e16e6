#include "mysql2pgsql/binlog/binlog_home.h"

#include "mysql2pgsql/binlog/binlog_files.h"

namespace dbsync {

MysqlConnection& BinlogServer::connection() {
  if (!connection_ || !connection_->usable() || !connection_->answers())
    connection_ = std::make_unique<MysqlConnection>(endpoint_);
  return *connection_;
}

std::vector<Position> BinlogServer::files() {
  std::vector<Position> out;
  for (const auto& row : connection().query("SHOW BINARY LOGS"))
    if (row.size() > 1 && row[0]) out.push_back(parse_position(*row[0] + ":" + row[1].value_or("0")));
  return out;
}

std::unique_ptr<EventSource> BinlogServer::open(const Position& from, const std::string& reader) {
  return std::make_unique<BinlogConnection>(endpoint_,
                                            BinlogStart{from, reader_server_id(reader), reader_uuid(reader)});
}

std::vector<Position> BinlogDirectory::files() { return BinlogFiles::list(directory_, base_); }

std::unique_ptr<EventSource> BinlogDirectory::open(const Position& from, const std::string&) {
  return std::make_unique<BinlogFiles>(directory_, from);
}

}  // namespace dbsync
