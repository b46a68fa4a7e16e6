// A worker's connection to the target of a copy: made when it is first needed, and
// again after it was lost.
//
// Threads: one, except cancel(). Errors: of the connection.
#pragma once

#include <memory>
#include <string>

#include "pg/connection.h"

namespace dbsync {

class LoadingSession {
 public:
  // `journaled`: a journal tells which commits a crash took back, so they need not
  // wait for the disk. `conninfo` must outlive it.
  LoadingSession(const std::string& conninfo, std::string application_name, bool journaled)
      : conninfo_(conninfo), application_name_(std::move(application_name)), journaled_(journaled) {}

  // The connection, in the state of a loading session.
  PgConnection& connect();

  PgConnection& operator*() const { return *connection_; }
  PgConnection* operator->() const { return connection_.get(); }
  explicit operator bool() const { return connection_ != nullptr; }
  void reset() { connection_.reset(); }

 private:
  const std::string& conninfo_;
  std::string application_name_;
  bool journaled_;
  std::unique_ptr<PgConnection> connection_;
};

}  // namespace dbsync
