// A PostgreSQL server of a test's own, that may be crashed.
//
// Threads: one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace dbsync::test {

class PgServer {
 public:
  // Starts it in a directory of that name below the servers' own.
  explicit PgServer(const std::string& name, std::vector<std::string> options = {});
  ~PgServer();  // stops it
  PgServer(const PgServer&) = delete;
  PgServer& operator=(const PgServer&) = delete;

  std::string conninfo(const std::string& database = "postgres") const;
  std::filesystem::path socket() const { return directory_ / ".s.PGSQL.5432"; }

  // Ends it as a crash does, or stops it in order; waits until it is gone.
  void crash();
  void stop();
  void start();

 private:
  std::filesystem::path directory_;
  std::vector<std::string> options_;
};

}  // namespace dbsync::test
