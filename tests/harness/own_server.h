// A server of a test's own, that may be stopped, crashed and started again.
//
// Where the programs of the server of sources are, DBSYNC_TEST_PG_SOURCE_PROGRAMS, is for
// tests that start servers like it; without it they are of the installed version.
//
// Threads: one.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/harness/servers.h"

namespace dbsync::test {

class OwnServer {
 public:
  // Starts a `mariadb`, `mysql` or `postgres` in a directory of that name below the servers'
  // own. `before`: words before the command that starts it, such as a wrapper.
  OwnServer(std::string kind, const std::string& name, std::vector<std::string> options = {},
            std::vector<std::string> before = {});
  ~OwnServer();  // stops it
  OwnServer(const OwnServer&) = delete;
  OwnServer& operator=(const OwnServer&) = delete;

  std::string conninfo(const std::string& database = "postgres") const;  // of a postgres
  MysqlAccess mysql() const;
  std::filesystem::path socket() const;
  pid_t pid() const;

  // Ends it as a crash does, or stops it in order; waits until it is gone.
  void crash();
  void stop();
  void start();

  // A streaming standby of this postgres, made from its files while it stands still.
  // `options`: more than its primary's.
  std::unique_ptr<OwnServer> make_standby(const std::string& name, const std::vector<std::string>& options = {});

 private:
  std::string kind_;
  std::filesystem::path directory_;
  std::vector<std::string> options_;
  std::vector<std::string> before_;
};

}  // namespace dbsync::test
