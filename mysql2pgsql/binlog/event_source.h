// Where binlog events come from: a server that sends them, or its files.
//
// Both give the same: an artificial ROTATE that names the file, its
// FORMAT_DESCRIPTION, then the events from the place that was asked for, file after file.
//
// Threads: one, except interrupt().
#pragma once

#include <string_view>

#include "mysql2pgsql/binlog/binlog_event.h"

namespace dbsync {

class EventSource {
 public:
  virtual ~EventSource() = default;

  // The next event, whole; valid until the next call. A server that has nothing to tell
  // sends a heartbeat once a second; files end with an empty one.
  virtual std::string_view read() = 0;
  // Whether events of the server have checksums, as far as it was settled beforehand.
  virtual BinlogChecksum checksum() const = 0;
  // Makes a waiting read() end with an error. Any thread.
  virtual void interrupt() noexcept = 0;
  // The source, for messages.
  virtual std::string describe() const = 0;
};

}  // namespace dbsync
