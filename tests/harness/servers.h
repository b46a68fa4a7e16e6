// The servers of one test binary: one MariaDB and one PostgreSQL, started when
// first asked for, in a temporary directory. For a few tests there is a second
// MariaDB, without a binlog.
//
// A guard process (servers.sh guard) holds the read end of a pipe and stops the
// servers and removes the directory when the write end closes: at stop(), and
// also when this process is killed or crashes.
//
// With DBSYNC_TEST_MYSQL="socket=…;user=…;password=…;host=…;port=…" or
// DBSYNC_TEST_PG="conninfo" in the environment those servers are used instead;
// the accounts must be allowed to create and drop databases. Sources of pgsql2pgsql
// can be on a server of their own, DBSYNC_TEST_PG_SOURCE="conninfo".
//
// Threads: one.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dbsync::test {

struct MysqlAccess {
  std::string socket;  // wins over host when not empty
  std::string host = "localhost";
  unsigned port = 3306;
  std::string user = "root";
  std::string password;
};

class Servers {
 public:
  static Servers& instance();

  // For everything temporary; private to the tests of this process.
  const std::filesystem::path& work_dir();

  const MysqlAccess& mysql();
  // Ours, even when mysql() is an external one.
  const MysqlAccess& mariadb_without_binlog();
  // One that tells this version as its own.
  const MysqlAccess& mariadb_that_says(const std::string& version);
  // A libpq connection string for a database of the PostgreSQL server.
  std::string pg_conninfo(const std::string& database);
  // The same for the server of sources: that one, if there is no other.
  std::string pg_source_conninfo(const std::string& database);
  // The same for a second server, whose wal_level is replica: one that cannot be
  // followed.
  std::string pg_without_logical(const std::string& database);

  // Log lines since mark_logs(), for failure reports; "" for external servers.
  void mark_logs();
  std::string new_log_lines() const;

  // Stops everything and waits for it.
  void stop();

 private:
  static void start(const std::string& kind, const std::filesystem::path& directory,
                    const std::vector<std::string>& options = {});

  std::filesystem::path work_dir_;
  std::optional<MysqlAccess> mysql_;
  std::optional<MysqlAccess> without_binlog_;
  std::map<std::string, MysqlAccess> by_version_;
  std::string pg_base_;
  std::string pg_replica_base_;
  std::map<std::string, std::size_t> log_marks_;  // by name of the log file
  pid_t guard_ = -1;
  int guard_pipe_ = -1;
};

}  // namespace dbsync::test
