// Applies transactions fast: what they come to per row, in sets.
//
// Reads changes in their order and gathers them per table until something needs
// the order: a TRUNCATE, a change that finds its row by all columns, a new
// description of a table, or a limit. Where triggers or foreign keys are at work,
// every change of table or kind does.
//
// Anything that does not go as expected ends in an Error, and the caller rolls
// back and applies the transactions one change at a time (exact_apply.h), which
// tells what is wrong. The caller begins and commits.
//
// Threads: one.
#pragma once

#include <memory>
#include <stop_token>
#include <unordered_map>
#include <vector>

#include "cdc/batch_writer.h"
#include "cdc/cascade_apply.h"
#include "cdc/plan_cache.h"
#include "cdc/row_change.h"
#include "cdc/transaction.h"

namespace dbsync {

class BatchApply {
 public:
  BatchApply(TargetSession& session, PlanCache& plans) : session_(session), plans_(plans), writer_(session) {}

  void apply(const Transaction& transaction, const std::stop_token& stop);
  // Writes what is gathered. The pipeline may still hold unanswered statements.
  void flush();
  // Forgets what is gathered: the transaction was rolled back.
  void reset();

 private:
  TableBatch& batch_of(const Change& change, const Transaction& transaction);
  ApplyPlan& plan_of(const Relation* relation, const Transaction& transaction);
  void apply_change(const Change& change, const Transaction& transaction);
  void apply_update(TableBatch& batch, const Change& change);
  void apply_remove(TableBatch& batch, const Change& change);
  void apply_cascade(const Change& change);
  void apply_truncate(const Change& change, const Transaction& transaction);
  void retain(const std::shared_ptr<const std::string>& chunk);
  void keep_order(const Change& change);

  TargetSession& session_;
  PlanCache& plans_;
  BatchWriter writer_;
  CascadeApply cascades_;
  RowChange change_;
  std::unordered_map<const Relation*, std::unique_ptr<TableBatch>> batches_;
  std::vector<TableBatch*> touched_;  // batches that are not empty, in the order of their first change
  const Relation* last_relation_ = nullptr;
  TableBatch* last_batch_ = nullptr;
  ChangeKind last_kind_ = ChangeKind::insert;
  bool in_order_ = false;
  std::vector<std::shared_ptr<const std::string>> retained_;
  std::size_t retained_bytes_ = 0;
  std::size_t values_ = 0;  // gathered since the last flush
};

// Whatever foreign keys may have written.
void touch_tables(PlanCache& plans, const Cascade& cascade);

}  // namespace dbsync
