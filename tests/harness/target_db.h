// A fresh PostgreSQL database of its own name, dropped at the end: a target, or a
// source of pgsql2pgsql.
//
// The session reads dates as ISO and times in UTC. Threads: one.
#pragma once

#include <memory>
#include <string>

#include "tests/harness/process.h"
#include "tests/harness/rows.h"

namespace dbsync::test {

// One session through libpq.
class PgSession {
 public:
  explicit PgSession(const std::string& conninfo);
  ~PgSession();
  PgSession(const PgSession&) = delete;
  PgSession& operator=(const PgSession&) = delete;

  // Statements separated by semicolons; returns the rows of the last one.
  // Throws std::runtime_error with the server's message.
  Rows run(const std::string& sql);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

// Which server: of another version, when the matrix says so.
enum class PgSide { source, target };

class TargetDb {
 public:
  explicit TargetDb(PgSide side = PgSide::target);
  ~TargetDb();
  TargetDb(const TargetDb&) = delete;
  TargetDb& operator=(const TargetDb&) = delete;

  const std::string& name() const { return name_; }
  std::string conninfo() const;

  void exec(const std::string& sql) { session_->run(sql); }
  Rows query(const std::string& sql) { return session_->run(sql); }
  // The first value of the first row; "" for NULL.
  std::string value(const std::string& sql);
  // Runs a script as a user would, with psql, ending at the first error.
  RunResult load_with_psql(const std::string& script) const;

  int version();  // 150018

 private:
  PgSide side_;
  std::string name_;
  std::unique_ptr<PgSession> session_;
};

}  // namespace dbsync::test
