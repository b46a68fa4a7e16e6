// A committed transaction of the source, whole, or a part of a large one.
//
// Parts of one transaction follow each other, with no other between them. Only
// the last one knows the end.
//
// Owns its changes. Movable. Threads: as ChangeLog.
#pragma once

#include <cstdint>

#include "cdc/change_log.h"
#include "cdc/position.h"

namespace dbsync {

struct Transaction {
  Position start;                // of its commit: shown to users
  Position end = {};             // behind its commit: progress counts by this
  std::int64_t commit_time = 0;  // µs since 1970-01-01 UTC
  std::uint64_t id = 0;          // the source's number for it
  bool first = true;             // part of it
  bool last = true;
  ChangeLog changes;

  bool whole() const { return first && last; }
};

}  // namespace dbsync
