// The only place that includes the client library's header, and where MariaDB
// Connector/C and Oracle's libmysqlclient differ.
#pragma once

#include <mysql.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace dbsync {

// my_bool in Connector/C and libmysqlclient 5.x, bool in Oracle's from 8.0 on.
using MysqlBool = std::remove_pointer_t<decltype(MYSQL_BIND::is_null)>;

#ifdef MARIADB_PACKAGE_VERSION
inline constexpr bool kMariadbClient = true;
inline int client_socket(MYSQL* connection) { return static_cast<int>(mysql_get_socket(connection)); }
#else
inline constexpr bool kMariadbClient = false;
inline int client_socket(MYSQL* connection) { return static_cast<int>(connection->net.fd); }
#endif

// The binlog as raw events. Begins to send them; false: mysql_error() tells why.
#ifdef MARIADB_PACKAGE_VERSION
class RawBinlog {
 public:
  bool open(MYSQL* mysql, const std::string& file, std::uint32_t offset, std::uint32_t server_id) {
    std::string request;
    const auto put = [&](std::uint32_t value, unsigned bytes) {
      for (unsigned i = 0; i < bytes; ++i) request += static_cast<char>(value >> (8 * i) & 0xFF);
    };
    put(offset, 4);
    put(0, 2);  // flags: wait for more at the end
    put(server_id, 4);
    request += file;
    return mysql->methods->db_command(mysql, COM_BINLOG_DUMP, request.data(), request.size(), 1, nullptr) == 0;
  }
  // The next event; nothing: an error or the end, as mysql_errno() tells.
  std::string_view read(MYSQL* mysql) {
    const unsigned long length = mysql_net_read_packet(mysql);
    constexpr unsigned char kEof = 0xFE;
    if (length >= packet_error || length < 2) return {};  // an error is 32 bits wide, a length is not
    if (mysql->net.read_pos[0] == kEof && length < 8) return {};
    return {reinterpret_cast<const char*>(mysql->net.read_pos) + 1, length - 1};
  }
};
#else
class RawBinlog {
 public:
  RawBinlog() = default;
  RawBinlog(const RawBinlog&) = delete;
  RawBinlog& operator=(const RawBinlog&) = delete;
  ~RawBinlog() {
    if (mysql_ != nullptr) mysql_binlog_close(mysql_, &rpl_);
  }
  bool open(MYSQL* mysql, const std::string& file, std::uint32_t offset, std::uint32_t server_id) {
    file_ = file;
    rpl_ = {};
    rpl_.file_name = file_.c_str();
    rpl_.file_name_length = file_.size();
    rpl_.start_position = offset;
    rpl_.server_id = server_id;
    if (mysql_binlog_open(mysql, &rpl_) != 0) return false;
    mysql_ = mysql;
    return true;
  }
  std::string_view read(MYSQL* mysql) {
    if (mysql_binlog_fetch(mysql, &rpl_) != 0 || rpl_.size == 0) return {};
    return {reinterpret_cast<const char*>(rpl_.buffer) + 1, rpl_.size - 1};
  }

 private:
  MYSQL* mysql_ = nullptr;
  MYSQL_RPL rpl_{};
  std::string file_;
};
#endif

// The client library's connection behind MysqlConnection. Its type's name
// differs between the libraries, so headers see only this one.
struct MysqlHandle {
  MYSQL* mysql = nullptr;

  MysqlHandle() : mysql(mysql_init(nullptr)) {}
  ~MysqlHandle() { mysql_close(mysql); }
  MysqlHandle(const MysqlHandle&) = delete;
  MysqlHandle& operator=(const MysqlHandle&) = delete;
};

}  // namespace dbsync
