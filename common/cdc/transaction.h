// A committed transaction of the source, whole.
//
// Owns its changes. Movable. Threads: as ChangeLog.
#pragma once

#include <cstdint>

#include "cdc/change_log.h"
#include "cdc/position.h"

namespace dbsync {

struct Transaction {
  Position start;                // of its commit: shown to users
  Position end;                  // behind its commit: progress counts by this
  std::int64_t commit_time = 0;  // µs since 1970-01-01 UTC
  std::uint64_t id = 0;          // the source's number for it
  ChangeLog changes;
};

}  // namespace dbsync
