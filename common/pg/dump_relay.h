// A socket of this machine at which one pg_dump finds the source, over a connection of
// ours.
//
// pg_dump before 16 locks one table after another and waits for each answer, which takes
// longer over a distance than all else that it asks. Here statements that give no rows
// (LOCK TABLE, SET) are answered at once and sent with the next one that is waited for:
// it has what they lock before it has anything else, as without. An error of theirs is
// that statement's.
//
// It speaks what pg_dump needs of the protocol: simple queries, results as text, notices
// and errors. No password passes through it.
//
// Threads: one of its own, from construction to destruction. Errors: of the connection,
// and ErrorKind::internal when the socket cannot be made.
// Source: PostgreSQL manual, "Message Formats", "Multiple Statements in a Simple Query".
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include "pg/connection.h"

namespace dbsync {

class DumpRelay {
 public:
  // `directory`: for the socket; nobody else may enter it.
  DumpRelay(const std::string& conninfo, const std::string& name, std::filesystem::path directory);
  ~DumpRelay();
  DumpRelay(const DumpRelay&) = delete;
  DumpRelay& operator=(const DumpRelay&) = delete;

  // For pg_dump; whatever its environment says of connections does not matter.
  std::string conninfo();

  // Whether a path in it fits into an address.
  static bool fits(const std::filesystem::path& directory);

 private:
  void run(const std::stop_token& stop);

  std::filesystem::path directory_;
  PgConnection source_;
  int listener_ = -1;
  std::atomic<bool> at_work_ = false;
  std::jthread thread_;
};

}  // namespace dbsync
