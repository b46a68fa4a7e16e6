// Connections that will be needed soon, opened side by side ahead of their use: over a
// distance each takes some round trips until it can be asked something.
//
// PgConnection takes one that was opened for the same conninfo, role, name and kind; when
// there is none, or it has failed, died or been idle for long, it opens its own. What nobody
// has taken is closed with the EarlyConnections object, of which a run has at most one.
//
// Threads: any; one thread for each connection that is being opened.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "pg/open_connection.h"

namespace dbsync {

// What makes a session one of ours.
struct SessionWish {
  std::string conninfo;
  std::string role;
  std::string name;
  bool replication = false;
  auto operator<=>(const SessionWish&) const = default;
};

ConnectionWords words_of(const SessionWish& wish);

struct EarlySession {
  OpenedConnection opened;
  bool set_up = false;  // the session has its settings
  std::chrono::steady_clock::time_point since = {};
};

class EarlyConnections {
 public:
  EarlyConnections();
  ~EarlyConnections();
  EarlyConnections(const EarlyConnections&) = delete;
  EarlyConnections& operator=(const EarlyConnections&) = delete;

  // Begins to open one; does nothing while there is no EarlyConnections object.
  static void open(const SessionWish& wish);
  // Closes what nobody has taken yet.
  static void close_left();
  // Waits for it, where there is one.
  static std::optional<EarlySession> take(const SessionWish& wish);
};

}  // namespace dbsync
