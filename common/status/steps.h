// What follows the rows of a copy: indexes, keys, checks, foreign keys, ANALYZE. How many,
// of how much work, and what is missing.
//
// Plain values. Threads: as any value.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "schema/ddl_writer.h"

namespace dbsync {

// Of what follows the rows of a table. A key that takes two statements is one step.
struct StepCounts {
  std::size_t done = 0;  // by this run or an earlier one
  std::size_t failed = 0;
  std::size_t open = 0;  // not made yet
  double seconds = 0;    // of this run; of several at once, each one's own

  std::size_t all() const { return done + failed + open; }
  StepCounts& operator+=(const StepCounts& other);
};
using StepSummary = std::map<StepKind, StepCounts>;
StepSummary& operator+=(StepSummary& all, const StepSummary& more);

// "index", "indexes", …: the word for so many of them.
std::string step_name(StepKind kind, std::size_t count);
// "3 indexes, 1 foreign key": those that are open.
std::string open_text(const StepSummary& steps);

// "5 indexes (0.01 s), 2 keys (0.03 s, 1 FAILED)"
std::string steps_text(const StepSummary& steps);
// By kind: done, failed, open, seconds.
nlohmann::json steps_json(const StepSummary& steps);
// What steps_json wrote; what cannot be read is left out.
StepSummary steps_of(const nlohmann::json& json);

}  // namespace dbsync
