// Descriptions that a source sends anew without a change: it does so whenever it looks at
// the table's definition again, behind each VACUUM and ANALYZE. The plan of the description
// before serves on, provided that the source says that the columns are still those that the
// target was fitted to. It is asked when all of a transaction of the target is written, since
// an answer from before a description could be from before the change that it came for, and
// the answer is taken before the commit: nothing waits meanwhile.
//
// Threads: as the connections of the policy. Errors: of the source's connection, and
// confirm()'s own.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "cdc/apply_plan.h"
#include "cdc/relation.h"
#include "cdc/schema_policy.h"

namespace dbsync {

// The same but for the transaction that it came with.
bool same_description(const Relation& a, const Relation& b);

class PlanRenewal {
 public:
  explicit PlanRenewal(const SchemaPolicy& policy) : policy_(policy) {}

  // Sources whose descriptions may leave out what has changed cannot be asked without it.
  bool possible() const { return policy_.prefetch_columns && policy_.number_columns; }

  struct Renewed {
    std::shared_ptr<const Relation> relation;
    std::shared_ptr<const ApplyPlan> plan;
    Relation known;  // what the target was fitted to
  };
  void add(Renewed renewed) { renewed_.push_back(std::move(renewed)); }
  // Sends what confirm() will ask the source.
  void ask();
  // Throws when one of them is not as its plan has it; forgets them.
  void confirm();
  void forget();

 private:
  void confirm(const Renewed& one) const;

  const SchemaPolicy& policy_;
  std::vector<Renewed> renewed_;
  std::shared_ptr<void> answers_;
};

}  // namespace dbsync
