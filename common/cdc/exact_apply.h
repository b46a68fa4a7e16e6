// Applies a transaction one change at a time, and knows what to do about changes
// that do not fit the target's rows.
//
// Slow: one round trip a change. For transactions that BatchApply could not
// apply. The caller begins, commits, and rolls back after an Error.
//
// Errors: ErrorKind::data or target, naming table, operation, key and position.
// Threads: one.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "cdc/batch_writer.h"
#include "cdc/cascade_apply.h"
#include "cdc/conflict.h"
#include "cdc/plan_cache.h"
#include "cdc/row_change.h"
#include "cdc/transaction.h"

namespace dbsync {

class ExactApply {
 public:
  ExactApply(TargetSession& session, PlanCache& plans, ConflictPolicy policy);

  // Changes of transactions that end there or before may be in the rows already.
  void tolerate(const Position& until) { tolerant_until_ = until; }

  // `end`: of the transaction that this is or is a part of.
  void apply(const Transaction& transaction, const Position& end, const std::stop_token& stop);
  // Of the last transaction.
  const ConflictCounts& conflicts() const { return conflicts_; }

 private:
  using Failure = PgPipeline::Failure;

  void apply_change(const Change& change, const Transaction& transaction);
  void apply_cascade(const Change& change);
  void apply_truncate(const Change& change, const Transaction& transaction);
  void apply_row(ApplyPlan& plan, const Change& change);
  std::optional<Failure> try_row(ApplyPlan& plan, const Change& change);
  std::optional<Failure> find_taken(ApplyPlan& plan, const Change& change);
  ApplyPlan& plan_of(const Relation* relation, const Transaction& transaction);
  bool must_replace(const ApplyPlan& plan, const Change& change);
  std::optional<Failure> replace_row(ApplyPlan& plan, const Change& change);
  void resolve(ApplyPlan& plan, const Change& change, const Failure& failure);
  void overwrite(ApplyPlan& plan, const Change& change, const Failure& failure);
  void undo_change();
  std::string describe(const ApplyPlan& plan, const Change& change);

  TargetSession& session_;
  PlanCache& plans_;
  const ConflictPolicy asked_;
  ConflictPolicy policy_;  // for this transaction
  Position tolerant_until_;
  BatchWriter writer_;
  CascadeApply cascades_;
  RowChange row_;
  Position end_;
  ConflictCounts conflicts_;
};

}  // namespace dbsync
