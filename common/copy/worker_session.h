// What a worker of a copy or of a comparison holds on to between its pieces of work: a
// session of the source and a connection of the target, made when they are first needed
// and again after they were lost.
//
//   NewTries tries(options.retry, drain);
//   for (;;) {
//     auto error = session.attempt(cancel, [&] { … });
//     if (!error) break;                                    // done
//     if (!tries.allow(*error)) …                           // it has failed
//     if (!tries.wait(session.name(), what, *error)) …      // stopped meanwhile
//   }
//
// Threads: one. Errors: of the connections.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "base/backoff.h"
#include "base/error.h"
#include "copy/snapshot_source.h"
#include "pg/connection.h"

namespace dbsync {

// Errors that a new try can cure: lost connections, a server that restarts.
struct RetryOptions {
  unsigned times = 5;   // per chunk
  double interval = 2;  // seconds before the first new try; doubles
};

// How a worker's connections are made, in the state that its work needs. Any thread.
struct SessionMakers {
  std::function<std::unique_ptr<SourceSession>()> source;
  std::function<std::unique_ptr<PgConnection>()> target;
  std::function<std::unique_ptr<PgConnection>()> writer = {};  // a second one of the target
};

class WorkerSession {
 public:
  WorkerSession(std::string name, SessionMakers makers) : name_(std::move(name)), makers_(std::move(makers)) {}

  const std::string& name() const { return name_; }

  // Connects it if it is not.
  PgConnection& connect_target();

  // Once connected.
  SourceSession& source() { return *source_; }
  PgConnection& target() { return *target_; }
  PgConnection& writer() { return *writer_; }
  bool has_target() const { return target_ != nullptr; }
  // A setting of the target's connection, which each new one begins without.
  bool& block_ranges() { return block_ranges_; }

  // Connects, the writer too where the work `writes`, and runs it; `cancel` ends on the
  // servers what it does. What was thrown, with the connections dropped that cannot be
  // used any more; nothing when all went well.
  std::optional<Error> attempt(const std::stop_token& cancel, const std::function<void()>& work, bool writes = false);

  void drop_target() { target_.reset(); }

 private:
  void connect(bool writes);
  void drop() noexcept;

  std::string name_;
  SessionMakers makers_;
  std::unique_ptr<SourceSession> source_;
  std::unique_ptr<PgConnection> target_;
  std::unique_ptr<PgConnection> writer_;
  bool block_ranges_ = false;
};

// The new tries that one piece of work may have.
class NewTries {
 public:
  NewTries(const RetryOptions& options, std::stop_token drain) : options_(options), drain_(std::move(drain)) {}

  // Whether this error is worth another one.
  bool allow(const Error& error) const;
  // Sleeps before it, with a warning; false when stopped meanwhile.
  bool wait(const std::string& component, std::string_view what, const Error& error);

 private:
  RetryOptions options_;
  std::stop_token drain_;
  unsigned tries_ = 0;
};

// A connection of the target that loads. `journaled`: a journal tells which commits a
// crash took back, so they need not wait for the disk.
std::unique_ptr<PgConnection> loading_connection(const std::string& conninfo, const std::string& application_name,
                                                 bool journaled);

}  // namespace dbsync
