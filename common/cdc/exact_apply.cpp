#include "cdc/exact_apply.h"

#include <fmt/format.h>

#include "base/log.h"
#include "cdc/batch_apply.h"

namespace dbsync {

namespace {

constexpr char kUniqueViolation[] = "23505";

const char* verb(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::insert: return "INSERT";
    case ChangeKind::update: return "UPDATE";
    case ChangeKind::remove: return "DELETE";
    case ChangeKind::truncate: return "TRUNCATE";
  }
  return "change";
}

bool is_duplicate(const PgPipeline::Failure& failure) { return failure.error.sqlstate() == kUniqueViolation; }

bool is_missing(const PgPipeline::Failure& failure) { return failure.row_count && failure.changed == 0; }

}  // namespace

ExactApply::ExactApply(TargetSession& session, PlanCache& plans, ConflictPolicy policy)
    : session_(session), plans_(plans), policy_(policy), writer_(session) {}

std::string ExactApply::describe(const ApplyPlan& plan, const Change& change) const {
  const Value* row = change.kind == ChangeKind::insert ? row_.row.data() : row_.old_row.data();
  return fmt::format("{} of {} ({}) in the transaction that ends at {}", verb(change.kind),
                     plan.relation().name.display(), key_text(plan, row), end_.text());
}

ApplyPlan& ExactApply::plan_of(const Relation* relation, const Transaction& transaction) {
  if (ApplyPlan* plan = plans_.find(relation)) return *plan;
  try {
    return plans_.make(relation, transaction.changes);
  } catch (Error& error) {
    throw error.context(fmt::format("in the transaction that ends at {}", end_.text()));
  }
}

void ExactApply::apply_truncate(const Change& change, const Transaction& transaction) {
  std::vector<std::string> tables;
  for (const Relation* relation : change.truncated) tables.push_back(plan_of(relation, transaction).table_sql());
  try {
    session_.connection().exec(truncate_sql(tables, change.restart_identity));
  } catch (Error& error) {
    throw error.context(fmt::format("TRUNCATE in the transaction that ends at {}", end_.text()));
  }
}

std::optional<PgPipeline::Failure> ExactApply::try_row(ApplyPlan& plan, const Change& change) {
  switch (change.kind) {
    case ChangeKind::insert: writer_.insert_row(plan, row_.row.data()); break;
    case ChangeKind::update:
      writer_.update_row(plan, row_.row.data(), row_.old_row.data(), plan.mask_of(row_.row), row_.key_changed);
      break;
    case ChangeKind::remove: writer_.delete_row(plan, row_.old_row.data()); break;
    case ChangeKind::truncate: break;
  }
  return session_.leave();
}

void ExactApply::undo_change() {
  session_.connection().exec("ROLLBACK TO SAVEPOINT dbsync_change");
  // A statement that was prepared and failed may be known to the server or not.
  session_.connection().exec("DEALLOCATE ALL");
  plans_.forget_prepared();
}

void ExactApply::apply_row(ApplyPlan& plan, const Change& change) {
  row_.read(change, plan);
  if (plan.match() == ApplyPlan::Match::never && change.kind != ChangeKind::insert)
    throw Error(ErrorKind::data, fmt::format("{} has no replica identity, so its row cannot be found",
                                             describe(plan, change)))
        .hint("give the table a primary key or REPLICA IDENTITY FULL on the source");
  session_.connection().exec("SAVEPOINT dbsync_change");
  if (const auto failure = try_row(plan, change)) {
    undo_change();
    resolve(plan, change, *failure);
  }
  session_.connection().exec("RELEASE SAVEPOINT dbsync_change");
}

void ExactApply::resolve(ApplyPlan& plan, const Change& change, const Failure& failure) {
  const std::string what = describe(plan, change);
  if (failure.row_count && failure.changed > 1)
    throw Error(ErrorKind::data, fmt::format("{}: the target has {} such rows", what, failure.changed))
        .hint("the replica identity's columns must be unique on the target");
  if (!is_duplicate(failure) && !is_missing(failure)) {
    Error error = failure.error;
    throw error.context(what);
  }
  const std::string conflict = is_missing(failure) ? "the target has no such row" : failure.error.message();
  if (policy_ == ConflictPolicy::error)
    throw Error(ErrorKind::data, fmt::format("{}: {}", what, conflict))
        .hint("make the target's row what the source's was and start again, or choose what shall happen with "
              "conflicts: skip or overwrite");
  ++(is_missing(failure) ? conflicts_.missing_row : conflicts_.duplicate_key);
  log::warning("apply", fmt::format("conflict: {}: {}; {}", what, conflict,
                                    policy_ == ConflictPolicy::skip ? "skipped" : "overwritten"));
  if (policy_ == ConflictPolicy::overwrite) {
    try {
      overwrite(plan, change, failure);
    } catch (Error& error) {
      throw error.context(what);
    }
  }
}

void ExactApply::overwrite(ApplyPlan& plan, const Change& change, const Failure& failure) {
  if (change.kind == ChangeKind::remove) return;  // it is gone, as it should be
  const bool missing = is_missing(failure);
  if (missing && !row_.whole)
    throw Error(ErrorKind::data, "the row cannot be made, since the source did not send its unchanged large values")
        .hint("copy the row to the target by hand, then start again");
  std::optional<Failure> result;
  if (missing) {
    writer_.insert_row(plan, row_.row.data());
    result = session_.leave();
  } else {
    // The row that has the key goes; were another unique key at fault, the next
    // statement says so.
    writer_.delete_row(plan, row_.row.data());
    result = session_.leave();
    if (!result) result = try_row(plan, change);
  }
  if (result) {
    Error error = result->error;
    throw error.hint("a row of the target that is in the way has another key: remove it, then start again");
  }
}

void ExactApply::apply_change(const Change& change, const Transaction& transaction) {
  if (change.kind == ChangeKind::truncate) return apply_truncate(change, transaction);
  apply_row(plan_of(change.relation, transaction), change);
}

void ExactApply::apply(const Transaction& transaction, const Position& end, const std::stop_token& stop) {
  conflicts_ = {};
  end_ = end;
  ChangeLog::Reader reader(transaction.changes);
  Change change;
  while (reader.next(change)) {
    apply_change(change, transaction);
    if (stop.stop_requested()) throw Error(ErrorKind::interrupted, "stopped within a transaction");
  }
}

}  // namespace dbsync
