// A connection in the replication protocol: COPY BOTH over libpq.
//
// Frames come in, status updates go out. Knows nothing of what the frames hold.
// Waits with poll(), never longer than asked; interrupt() ends a wait.
//
// Threads: one, except interrupt(). Errors: ErrorKind::source.
// Source: PostgreSQL manual, "Streaming Replication Protocol" and libpq
// "Functions Associated with the COPY Command".
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pg/connection.h"

namespace dbsync {

struct StatusUpdate {
  std::uint64_t received = 0;  // everything before it has arrived here
  std::uint64_t flushed = 0;   // everything before it is durable: the source may forget it
  bool want_reply = false;
};

class ReplicationConnection {
 public:
  using Clock = std::chrono::steady_clock;

  ReplicationConnection(const std::string& conninfo, const std::string& name);
  ~ReplicationConnection();
  ReplicationConnection(const ReplicationConnection&) = delete;
  ReplicationConnection& operator=(const ReplicationConnection&) = delete;

  // A command of the replication protocol, or SQL without parameters; not while
  // streaming.
  PgResult command(const std::string& text) { return connection_.exec(text); }

  std::string backend() { return command("SELECT pg_catalog.pg_backend_pid()").text(0, 0); }
  // Of what command() waits for; any thread.
  void cancel() const noexcept { connection_.cancel(); }

  // START_REPLICATION …: from now on frames are read.
  void start(const std::string& command);

  // The next frame, valid until the next call; nothing at the deadline or when
  // interrupted.
  std::optional<std::string_view> receive(Clock::time_point deadline);

  void send(const StatusUpdate& status);

  // Ends the stream in order, so that the server has read the last status.
  void stop();

  void interrupt() const;  // any thread

  const std::string& describe() const { return connection_.describe(); }
  int server_version() const { return connection_.server_version(); }

 private:
  struct FreeBuffer {
    void operator()(char* buffer) const;
  };

  bool wait(Clock::time_point deadline);
  void gather();
  void flush();
  [[noreturn]] void ended();

  PgConnection connection_;
  std::unique_ptr<char, FreeBuffer> frame_;
  int wake_ = -1;  // eventfd
  Clock::time_point last_arrival_{};
  bool streaming_ = false;
};

}  // namespace dbsync
