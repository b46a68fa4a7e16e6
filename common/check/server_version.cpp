#include "check/server_version.h"

#include <fmt/format.h>

namespace dbsync {

namespace {

constexpr int kOldestPostgresql = 10;
constexpr int kOldestGreenplumSource = 6;
constexpr int kOldestGreenplumTarget = 5;
constexpr unsigned kOldestMysql = 50600;
constexpr unsigned kOldestMariadb = 100000;

std::string too_old(const std::string& server, const std::string& oldest) {
  return fmt::format("{} is too old: {} is the oldest that is supported", server, oldest);
}

}  // namespace

std::optional<std::string> too_old_postgresql(const Dialect& dialect, int server_version, ServerRole role) {
  if (dialect.family == ServerFamily::cloudberry) return std::nullopt;
  if (dialect.distributed) {
    const int oldest = role == ServerRole::source ? kOldestGreenplumSource : kOldestGreenplumTarget;
    if (dialect.major >= oldest) return std::nullopt;
    return too_old(dialect_name(dialect), std::to_string(oldest));
  }
  if (server_version / 10000 >= kOldestPostgresql) return std::nullopt;
  return too_old(fmt::format("PostgreSQL {}.{}", server_version / 10000, server_version / 100 % 100),
                 std::to_string(kOldestPostgresql));
}

std::optional<std::string> too_old_mysql(bool mariadb, unsigned version) {
  const unsigned oldest = mariadb ? kOldestMariadb : kOldestMysql;
  if (version >= oldest) return std::nullopt;
  return too_old(fmt::format("{} {}.{}", mariadb ? "MariaDB" : "MySQL", version / 10000, version / 100 % 100),
                 fmt::format("{}.{}", oldest / 10000, oldest / 100 % 100));
}

}  // namespace dbsync
