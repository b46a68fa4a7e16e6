// Which tables can be emptied alone, and which only together, since foreign keys refer
// to them: the server empties a table only together with all tables that refer to it.
//
// Pure: what is known of the keys is given. Source: PostgreSQL manual, TRUNCATE;
// heap_truncate_find_FKs of its heap.c for partitions.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "pg/enforcement.h"
#include "schema/table.h"

namespace dbsync {

enum class EmptyingWay {
  alone,
  together,
  by_delete,  // a table that refers to it keeps its rows
  refused
};

struct EmptyingPlan {
  std::vector<EmptyingWay> ways;               // one per table
  std::vector<std::optional<Error>> refusals;  // of those that are refused
  std::set<std::uint32_t> roots;               // partitioned tables to be named with those that are emptied together
};

// `tables`: oids of those that are to be emptied. `loaded`: of all tables of the run.
// `is_off`: whether a key does not act on the tables of the run.
EmptyingPlan plan_emptying(const Enforcement& enforcement, const std::vector<std::uint32_t>& tables,
                           const std::set<std::uint32_t>& loaded,
                           const std::function<bool(const EnforcedKey&)>& is_off);

}  // namespace dbsync
