#include "mysql2pgsql/binlog/binlog_connection.h"

#include <sys/socket.h>

#include <array>

#include <fmt/format.h>

#include "base/stable_hash.h"
#include "mysql2pgsql/client/mysql_client.h"

namespace dbsync {

namespace {

constexpr unsigned kSilenceSeconds = 10;
constexpr unsigned kFatalErrorReadingBinlog = 1236, kReplicaWithSameId = 4052;
constexpr unsigned kServerLost = 2013, kTlsError = 2026;

struct Reason {
  std::string_view text;  // in the server's message
  std::string_view hint;
  bool retry;
};

// Error 1236 means many things.
constexpr std::array<Reason, 10> kReasons{{
    {"same server_",
     "another reader of the binlog has this task's server_id: stop it, or give this task another name (task in my.cfg)",
     true},
    {"Could not find first log file",
     "the source has deleted the binlog file that this task was to go on with, or never had it: the changes in it are "
     "lost to the task. "
     "Begin anew with --restart, and let the source keep its binlog longer (binlog_expire_logs_seconds, "
     "expire_logs_days)",
     false},
    {"Could not find GTID state requested",
     "the source has deleted binlog files with transactions that the target does not have: begin anew with --restart",
     false},
    {"which is not in the master's binlog",
     "the target has transactions that this server has not: it is no server to go over to", false},
    {"purged", "the source has deleted binlog files that this task needs: begin anew with --restart", false},
    {"impossible position",
     "the file is shorter than the task's position: the source's binlog was reset, or this is another server", false},
    {"position > file size",
     "the file is shorter than the task's position: the source's binlog was reset, or this is another server", false},
    {"truncated in the middle", "the position is not where an event begins: give one that SHOW BINLOG EVENTS names",
     false},
    {"checksum", "the server's checksums of binlog events could not be agreed on: see binlog_checksum on the source",
     false},
    {"log event entry exceeded max_allowed_packet", "raise max_allowed_packet on the source", false},
}};

}  // namespace

struct BinlogConnection::Raw {
  RawBinlog binlog;
};

std::uint32_t reader_server_id(std::string_view task) {
  return 0x6D000000U | static_cast<std::uint32_t>(stable_hash64(task) & 0xFFFFFF);
}

std::string reader_uuid(std::string_view task) {
  const std::uint64_t a = stable_hash64(task, 1), b = stable_hash64(task, 2);
  return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", a >> 32, a >> 16 & 0xFFFF, a & 0xFFF, b >> 48 & 0xFFF,
                     b & 0xFFFFFFFFFFFF);
}

Position binlog_end(MysqlConnection& connection) {
  const bool new_words = !connection.is_mariadb() && connection.version_number() >= 80200;
  const auto rows = connection.query(new_words ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS");
  if (rows.empty() || rows[0].size() < 2 || !rows[0][0])
    throw Error(ErrorKind::source, "the source writes no binary log")
        .hint("set log_bin and binlog_format = ROW on the source and restart it")
        .context(connection.describe());
  return parse_position(*rows[0][0] + ":" + rows[0][1].value_or("4"));
}

BinlogConnection::BinlogConnection(const MysqlEndpoint& endpoint, const BinlogStart& start)
    : connection_(endpoint, kSilenceSeconds), raw_(std::make_unique<Raw>()) {
  const auto setting = connection_.query("SELECT @@GLOBAL.binlog_checksum");
  checksum_ = setting.at(0).at(0).value_or("NONE") == "CRC32" ? BinlogChecksum::crc32 : BinlogChecksum::none;
  const char* name = checksum_ == BinlogChecksum::crc32 ? "CRC32" : "NONE";
  connection_.exec(
      fmt::format("SET @master_binlog_checksum = '{0}', @source_binlog_checksum = '{0}', "
                  "@master_heartbeat_period = 1000000000, @source_heartbeat_period = 1000000000",
                  name));
  // Else MariaDB rewrites its GTIDs into statements of its own.
  if (connection_.is_mariadb()) connection_.exec("SET @mariadb_slave_capability = 4");
  if (!start.uuid.empty())
    connection_.exec(fmt::format("SET @slave_uuid = {0}, @replica_uuid = {0}", MysqlConnection::literal(start.uuid)));
  start_ = start.gtids.empty() ? start.position.text() : start.gtids;
  if (!start.gtids.empty())
    connection_.exec(fmt::format("SET @slave_connect_state = {}, @slave_gtid_strict_mode = 1",
                                 MysqlConnection::literal(start.gtids)));
  const std::uint64_t low = start.position.low;
  const std::uint64_t offset = low > UINT32_MAX || low < 4 ? 4 : low;
  if (!raw_->binlog.open(connection_.handle().mysql, start.position.file, static_cast<std::uint32_t>(offset),
                         start.server_id))
    throw failed();
}

BinlogConnection::~BinlogConnection() {
  // The server sends on until it notices: no polite end of the session.
  connection_.abandon();
}

void BinlogConnection::interrupt() noexcept {
  interrupted_ = true;
  ::shutdown(client_socket(connection_.handle().mysql), SHUT_RDWR);
}

std::string_view BinlogConnection::read() {
  const std::string_view event = raw_->binlog.read(connection_.handle().mysql);
  if (event.empty()) throw failed();
  return event;
}

Error BinlogConnection::failed() const {
  MYSQL* mysql = connection_.handle().mysql;
  unsigned code = mysql_errno(mysql);
  std::string text = mysql_error(mysql);
  if (interrupted_ || code == 0) {
    code = kServerLost;
    text = "the source ended the binlog's connection";
  }
  Error error = mysql_failure(code, fmt::format("the binlog cannot be read from {} on: {}", start_, text));
  error.context(connection_.describe());
  if (code == kTlsError) error.mark_connection_lost();
  if (code == kReplicaWithSameId) error.hint(std::string(kReasons[0].hint)).mark_connection_lost();
  if (code != kFatalErrorReadingBinlog) return error;
  for (const Reason& reason : kReasons) {
    if (text.find(reason.text) == std::string::npos) continue;
    error.hint(std::string(reason.hint));
    if (reason.retry) error.mark_connection_lost();
    break;
  }
  return error;
}

}  // namespace dbsync
