// A row change's values, completed from its old image, ready to be applied.
//
// Threads: one. Values point into the change's tuples.
#pragma once

#include <string>
#include <vector>

#include "cdc/apply_plan.h"
#include "cdc/change.h"
#include "cdc/tuple.h"

namespace dbsync {

struct RowChange {
  std::vector<Value> row;      // new values; the old ones for a delete
  std::vector<Value> old_row;  // what finds the row: the key's values at least
  bool key_changed = false;
  bool always_changed = false;  // an identity column GENERATED ALWAYS, outside of the key, as far as the old row tells
  bool whole = true;            // no value of `row` that is written is unchanged

  // Replaces the content; memory is used again. Errors: ErrorKind::data when the
  // row cannot be found from what was sent.
  void read(const Change& change, const ApplyPlan& plan);
};

// "id = 42, region = north", for messages; cut when long.
// `connection`: of the target, to write values of
// any type; without it, or when it cannot, those that are not text show their bytes.
std::string key_text(const ApplyPlan& plan, const Value* row, PgConnection* connection = nullptr);

}  // namespace dbsync
