// A TRUNCATE of the source as the target is to run it: all tables of the change in one
// statement, as foreign keys between them may want.
//
// Pure but for the plans, which are made as whoever asks makes them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cdc/apply_plan.h"
#include "cdc/change.h"

namespace dbsync {

struct Truncation {
  std::vector<ApplyPlan*> plans;    // of the tables
  std::vector<std::string> tables;  // their names on the target, quoted
  std::string sql;
};

Truncation truncation_of(const Change& change, const std::function<ApplyPlan&(const Relation*)>& plan_of);

}  // namespace dbsync
