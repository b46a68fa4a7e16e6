// What a check before a load found: a table of passed, warning, failed, each with
// what to do about it.
//
// A failure reaches either the whole run (a connection, a version, a right without
// which nothing can be done), which stops a load before anything is written, or one
// table, which a load reports as that table's failure while the others go on.
//
// Ownership: plain values. Threads: no shared state. Errors: none of its own.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace dbsync {

struct CheckFinding {
  enum class Grade { passed, warning, failed };
  enum class Reach { run, table };

  Grade grade = Grade::passed;
  Reach reach = Reach::run;
  std::string subject;  // "source", "target settings", "target table public.orders"
  std::string message;
  std::string remedy = {};               // what to do; "" when there is nothing to do
  ErrorKind kind = ErrorKind::internal;  // of a failure: decides the exit status
};

class CheckFindings {
 public:
  void passed(std::string subject, std::string message);
  void warning(std::string subject, std::string message, std::string remedy,
               CheckFinding::Reach reach = CheckFinding::Reach::run);
  void failed(ErrorKind kind, std::string subject, std::string message, std::string remedy,
              CheckFinding::Reach reach = CheckFinding::Reach::run);
  void failed(std::string subject, const Error& error, CheckFinding::Reach reach = CheckFinding::Reach::run);

  // Runs `body`; its error becomes a failure. True when there was none.
  template <class Body>
  bool attempt(const char* subject, const Body& body) {
    try {
      body();
      return true;
    } catch (const Error& error) {
      failed(subject, error);
      return false;
    }
  }

  const std::vector<CheckFinding>& all() const { return findings_; }
  std::size_t count(CheckFinding::Grade grade) const;
  // 0, or the status of the first failure.
  int exit_status() const;

  // What --check prints: aligned text, or JSON.
  std::string text() const;
  std::string json() const;

  // For a load: warnings and failures of the whole run become log lines. Throws
  // the first failure of the whole run; those of tables are left to the tables.
  void log_and_stop() const;

 private:
  void log_warnings() const;

  std::vector<CheckFinding> findings_;
};

}  // namespace dbsync
