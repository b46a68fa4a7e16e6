// COPY … FROM STDIN on one connection. The statement is sent at once; the first put()
// waits for its answer, so that a source can be asked meanwhile.
//
// Success is explicit: finish() returns the server's row count. Destroyed before
// that, the COPY is failed on the server (CopyFail), so that a torn stream can
// never be committed. The caller owns the transaction around it.
//
// Threads: as PgConnection. Source: PostgreSQL manual, "Functions Associated
// with the COPY Command".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "pg/connection.h"

namespace dbsync {

class CopyIn {
 public:
  // `before`: statements that go with it in one message, "BEGIN; ".
  CopyIn(PgConnection& connection, std::string sql, std::string_view before = "");
  ~CopyIn();
  CopyIn(const CopyIn&) = delete;
  CopyIn& operator=(const CopyIn&) = delete;

  // Sends bytes; blocks while the server takes none. Throws the server's error
  // as soon as it is seen, not only at the end.
  void put(std::span<const char> bytes);

  // Ends the data and returns the rows that the server counted.
  std::uint64_t finish();

 private:
  void await_start();
  bool server_has_spoken();
  void end(const char* fail_reason);
  std::uint64_t read_outcome();
  [[noreturn]] void fail_with_server_error();

  PgConnection& connection_;
  std::string sql_;
  bool started_ = false;
  bool open_ = true;
};

}  // namespace dbsync
