// A fresh MySQL database of its own name, dropped at the end.
//
// The session reads in utf8mb4 and UTC. Threads: one.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "tests/harness/rows.h"
#include "tests/harness/servers.h"

namespace dbsync::test {

// One session through the client library.
class MysqlSession {
 public:
  explicit MysqlSession(const std::string& database);  // "" = none
  MysqlSession(const MysqlAccess& access, const std::string& database);
  ~MysqlSession();
  MysqlSession(const MysqlSession&) = delete;
  MysqlSession& operator=(const MysqlSession&) = delete;

  // Statements separated by semicolons; returns the rows of the last one that
  // has any. Throws std::runtime_error with the server's message.
  Rows run(const std::string& sql);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

class SourceDb {
 public:
  SourceDb();
  // A script that names its database itself (Sakila): nothing is created here,
  // but dropped at the end.
  explicit SourceDb(std::string name);
  ~SourceDb();
  SourceDb(const SourceDb&) = delete;
  SourceDb& operator=(const SourceDb&) = delete;

  const std::string& name() const { return name_; }

  void exec(const std::string& sql);
  Rows query(const std::string& sql);
  // Scripts with DELIMITER lines, and large files: through the client program.
  void load_script(const std::string& sql);
  void load_file(const std::filesystem::path& path);

  // "10.11.6-MariaDB-…" or "8.0.36".
  std::string version();
  bool is_mariadb() { return version().find("MariaDB") != std::string::npos; }

 private:
  MysqlSession& session();
  void run_client(const std::string& sql, const std::filesystem::path& path);

  std::string name_;
  std::unique_ptr<MysqlSession> session_;
};

// A name that no other test uses, now or in another process.
std::string unique_name();

}  // namespace dbsync::test
