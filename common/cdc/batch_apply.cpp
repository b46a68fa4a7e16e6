#include "cdc/batch_apply.h"

#include "cdc/truncation.h"

namespace dbsync {

namespace {

constexpr std::size_t kMostRetainedBytes = std::size_t{16} << 20;
constexpr std::size_t kMostValues = std::size_t{1} << 20;
constexpr char kAlwaysChanged[] = "an identity column that no UPDATE may write has changed";
constexpr char kContradiction[] = "changes of one row contradict each other";

}  // namespace

void touch_tables(PlanCache& plans, const Cascade& cascade) {
  plans.touch(cascade.first.child);
  if (!cascade.graph) return;
  for (const auto& [table, edges] : *cascade.graph)
    for (const CascadeEdge& edge : edges) plans.touch(edge.child);
}

void BatchApply::reset() {
  batches_.clear();
  touched_.clear();
  last_relation_ = nullptr;
  last_batch_ = nullptr;
  retained_.clear();
  retained_bytes_ = 0;
  values_ = 0;
}

void BatchApply::flush() {
  for (TableBatch* batch : touched_) {
    if (auto failure = writer_.write(*batch)) throw Error(failure->error);
    batch->clear();
  }
  touched_.clear();
  last_relation_ = nullptr;  // the next change, of another transaction perhaps, uses its plan anew
  retained_.clear();
  retained_bytes_ = 0;
  values_ = 0;
}

ApplyPlan& BatchApply::plan_of(const Relation* relation, const Transaction& transaction) {
  if (ApplyPlan* plan = plans_.find(relation)) {
    plans_.use(*plan);
    return *plan;
  }
  flush();
  if (ApplyPlan* plan = plans_.renew(relation, transaction.changes)) {
    plans_.use(*plan);
    return *plan;
  }
  plans_.ask_source(relation, transaction.changes);
  if (auto failure = session_.leave()) throw Error(failure->error);
  ApplyPlan& plan = plans_.make(relation, transaction.changes);
  plans_.use(plan);
  in_order_ = in_order_ || !session_.replica_role() || plan.target().live_triggers;
  return plan;
}

TableBatch& BatchApply::batch_of(const Change& change, const Transaction& transaction) {
  if (change.relation == last_relation_) return *last_batch_;
  ApplyPlan& plan = plan_of(change.relation, transaction);
  auto& batch = batches_[change.relation];
  if (!batch || &batch->plan() != &plan) batch = std::make_unique<TableBatch>(plan);
  last_relation_ = change.relation;
  last_batch_ = batch.get();
  return *batch;
}

void BatchApply::keep_order(const Change& change) {
  // Triggers see every update, not only the last one of a row.
  const bool other = change.relation != last_relation_ || change.kind != last_kind_;
  if (in_order_ && (other || change.kind == ChangeKind::update)) flush();
  last_kind_ = change.kind;
}

void BatchApply::retain(const std::shared_ptr<const std::string>& chunk) {
  if (!chunk || (!retained_.empty() && retained_.back() == chunk)) return;
  retained_.push_back(chunk);
  retained_bytes_ += chunk->size();
}

void BatchApply::apply_update(TableBatch& batch, const Change& change) {
  ApplyPlan& plan = batch.plan();
  change_.read(change, plan);
  const ApplyPlan::MaskId mask = plan.mask_of(change_.row);
  // With nothing else to write, no statement would look at the column.
  const bool unseen = !plan.checked().empty() && plan.set_of(mask).empty() && !change_.key_changed;
  if (change_.always_changed || (unseen && change.old_image != OldImage::full)) {
    if (in_order_) throw Error(ErrorKind::data, kAlwaysChanged);
    flush();
    return writer_.replace_row(plan, change_.row.data(), change_.old_row.data(), mask);
  }
  const bool by_key = plan.match() == ApplyPlan::Match::key;
  if (by_key && !change_.key_changed) {
    if (!batch.update(change_.row)) throw Error(ErrorKind::data, kContradiction);
    return;
  }
  // A changed key is a row that goes and a row that comes, if all of it is known,
  // the target has no columns of its own that would be lost, and no foreign key
  // would take the deletion further.
  if (by_key && change_.whole && plan.replaceable() && !in_order_) {
    if (!batch.remove(change_.old_row) || !batch.insert(change_.row)) throw Error(ErrorKind::data, kContradiction);
    return;
  }
  flush();
  if (change_.key_changed && plan.unguarded_key())
    writer_.look_for_key(plan, change_.row.data(), change_.old_row.data());
  writer_.update_row(plan, change_.row.data(), change_.old_row.data(), mask, change_.key_changed);
}

void BatchApply::apply_remove(TableBatch& batch, const Change& change) {
  ApplyPlan& plan = batch.plan();
  change_.read(change, plan);
  if (plan.match() == ApplyPlan::Match::key) {
    if (!batch.remove(change_.old_row)) throw Error(ErrorKind::data, kContradiction);
    return;
  }
  flush();
  writer_.delete_row(plan, change_.old_row.data());
}

void BatchApply::apply_truncate(const Change& change, const Transaction& transaction) {
  const Truncation truncation =
      truncation_of(change, [&](const Relation* relation) -> ApplyPlan& { return plan_of(relation, transaction); });
  flush();
  if (auto failure = session_.leave()) throw Error(failure->error);
  session_.connection().exec(truncation.sql);
  plans_.emptied(truncation.plans);
}

void BatchApply::apply_cascade(const Change& change) {
  flush();
  if (auto failure = session_.leave()) throw Error(failure->error);
  cascades_.apply(session_.connection(), change);
  touch_tables(plans_, *change.relation->cascade);
}

void BatchApply::apply_change(const Change& change, const Transaction& transaction) {
  if (change.kind == ChangeKind::truncate) return apply_truncate(change, transaction);
  if (change.relation->cascade) return apply_cascade(change);
  keep_order(change);
  TableBatch& batch = batch_of(change, transaction);
  const bool was_empty = batch.empty();
  switch (change.kind) {
    case ChangeKind::insert:
      change_.read(change, batch.plan());
      if (!batch.insert(change_.row)) throw Error(ErrorKind::data, kContradiction);
      break;
    case ChangeKind::update: apply_update(batch, change); break;
    case ChangeKind::remove: apply_remove(batch, change); break;
    case ChangeKind::truncate: break;
  }
  batch.plan().grow(change.kind);
  // A flush in between has emptied the list of touched batches.
  if (!batch.empty() && (was_empty || touched_.empty())) touched_.push_back(&batch);
  values_ += batch.plan().width();
}

void BatchApply::apply(const Transaction& transaction, const std::stop_token& stop) {
  ChangeLog::Reader reader(transaction.changes);
  Change change;
  while (reader.next(change)) {
    apply_change(change, transaction);
    // Behind it: what it writes out on its way forgets all chunks, this one, too, which the
    // batch may point into now.
    retain(reader.chunk());
    if (retained_bytes_ < kMostRetainedBytes && values_ < kMostValues) continue;
    flush();
    if (stop.stop_requested()) throw Error(ErrorKind::interrupted, "stopped within a transaction");
  }
}

}  // namespace dbsync
