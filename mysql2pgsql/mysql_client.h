// The only place that includes the client library's header, and where MariaDB
// Connector/C and Oracle's libmysqlclient differ.
#pragma once

#include <mysql.h>

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
