// COPY … TO STDOUT on one connection, row by row, in either format. The statement is sent
// at once; the first next() waits for its answer.
//
// The server sends one row per CopyData message in both formats; the binary
// header and trailer are taken off here, since a loader writes its own. A
// message is handed out as libpq holds it, valid until the next call: the only
// copy of a row is the one that the caller makes.
//
// Destroyed before its end, the connection is left in the middle of the COPY:
// it can only be closed then (PgConnection::idle_in_transaction() is false).
//
// Threads: as PgConnection. Errors: of the connection; ErrorKind::source for
// bytes that are no COPY data. Source: PostgreSQL manual, "Functions Associated
// with the COPY Command", and COPY, "Binary Format".
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pg/connection.h"

namespace dbsync {

class CopyOut {
 public:
  // `sql`: the whole statement; `binary` says which format it asks for.
  CopyOut(PgConnection& connection, std::string sql, bool binary);
  CopyOut(const CopyOut&) = delete;
  CopyOut& operator=(const CopyOut&) = delete;

  // The next row: a text line with its newline, or a binary row from its field
  // count on. Nothing at the end, when the server has said that it is the end.
  std::optional<std::string_view> next();

 private:
  struct Free {
    void operator()(char* message) const;
  };

  bool next_message(std::string_view& message);
  std::string_view without_header(std::string_view message) const;
  void read_outcome();

  PgConnection& connection_;
  std::string sql_;
  std::unique_ptr<char, Free> message_;
  bool binary_;
  bool started_ = false;
  bool header_seen_ = false;
  bool ended_ = false;
};

}  // namespace dbsync
