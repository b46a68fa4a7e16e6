// The order in which tables are loaded where foreign keys act during the load.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <vector>

#include "copy/snapshot_source.h"
#include "pg/enforcement.h"

namespace dbsync {

// Rows of task `child` refer to rows of task `parent`.
struct LoadDependency {
  std::size_t child = 0;
  std::size_t parent = 0;
  const EnforcedKey* key = nullptr;
};

// Tasks that can be loaded in no order, each with the keys of its circle. A table that
// refers to itself is no circle: its rows go in together.
std::map<std::size_t, std::vector<const EnforcedKey*>> circles(const std::vector<LoadDependency>& edges,
                                                               const std::vector<CopyTask>& tasks);

// Those that refer to the tasks, directly or not.
std::set<std::size_t> depending_on(const std::vector<LoadDependency>& edges, const std::set<std::size_t>& tasks);

}  // namespace dbsync
