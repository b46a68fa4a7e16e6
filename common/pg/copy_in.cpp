#include "pg/copy_in.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include <libpq-fe.h>

#include "base/log.h"

namespace dbsync {

namespace {
// libpq copies what it is given into its own output buffer before sending; in
// slices that buffer stays small even when a row has many megabytes.
constexpr std::size_t kSlice = 256 * 1024;
}  // namespace

CopyIn::CopyIn(PgConnection& connection, std::string sql, std::string_view before)
    : connection_(connection), sql_(std::move(sql)) {
  connection_.start_copy(std::string(before) + sql_);
}

CopyIn::~CopyIn() {
  if (!open_) return;
  try {
    await_start();
    end("the copy was given up by the client");
    read_outcome();
  } catch (const Error& error) {
    log::debug("target", error.what());
  }
}

void CopyIn::await_start() {
  if (std::exchange(started_, true)) return;
  open_ = false;  // unless it begins
  connection_.await_copy(sql_);
  open_ = true;
}

// During COPY IN the server says nothing but notices unless it has failed.
bool CopyIn::server_has_spoken() {
  pollfd fd{PQsocket(connection_.raw()), POLLIN, 0};
  if (::poll(&fd, 1, 0) <= 0) return false;
  const std::uint64_t before = connection_.notices();
  if (PQconsumeInput(connection_.raw()) == 0) return true;
  PQisBusy(connection_.raw());  // parses what has arrived, notices included
  return connection_.notices() == before;
}

void CopyIn::put(std::span<const char> bytes) {
  await_start();
  while (!bytes.empty()) {
    const std::size_t n = std::min(bytes.size(), kSlice);
    if (PQputCopyData(connection_.raw(), bytes.data(), static_cast<int>(n)) != 1) fail_with_server_error();
    bytes = bytes.subspan(n);
  }
  if (server_has_spoken()) fail_with_server_error();
}

void CopyIn::end(const char* fail_reason) {
  open_ = false;
  if (PQputCopyEnd(connection_.raw(), fail_reason) != 1) throw connection_.error_of(nullptr, sql_);
}

// Reads the end of the COPY: the server's count, or the first error it sent.
std::uint64_t CopyIn::read_outcome() {
  std::uint64_t rows = 0;
  std::optional<Error> failure;
  while (pg_result* raw = PQgetResult(connection_.raw())) {
    const PgResult result(raw);
    if (PQresultStatus(raw) == PGRES_COMMAND_OK)
      rows = result.affected_rows();
    else if (!failure)
      failure = connection_.error_of(raw, sql_);
    if (!connection_.usable()) break;
  }
  if (failure) throw *failure;
  if (!connection_.usable()) throw connection_.error_of(nullptr, sql_);
  return rows;
}

void CopyIn::fail_with_server_error() {
  if (open_ && connection_.usable()) end("the client saw an error of the server");
  open_ = false;
  read_outcome();
  throw connection_.error_of(nullptr, sql_);
}

std::uint64_t CopyIn::finish() {
  await_start();
  end(nullptr);
  return read_outcome();
}

}  // namespace dbsync
