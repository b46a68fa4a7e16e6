#include "cdc/exact_apply.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "cdc/batch_apply.h"
#include "cdc/drift_hint.h"
#include "cdc/truncation.h"
#include "pg/hints.h"
#include "pg/sqlstate.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

const char* verb(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::insert: return "INSERT";
    case ChangeKind::update: return "UPDATE";
    case ChangeKind::remove: return "DELETE";
    case ChangeKind::truncate: return "TRUNCATE";
  }
  return "change";
}

bool is_duplicate(const PgPipeline::Failure& failure) { return failure.error.sqlstate() == sqlstate::unique_violation; }

// Of what an UPDATE may write.
bool nothing_to_set(const ApplyPlan& plan, const std::vector<Value>& row) {
  return std::none_of(plan.written().begin(), plan.written().end(), [&](std::size_t i) {
    const auto in = [i](const std::vector<std::size_t>& list) {
      return std::find(list.begin(), list.end(), i) != list.end();
    };
    return row[i].kind != Value::Kind::unchanged && !in(plan.key()) && !in(plan.checked());
  });
}

bool is_missing(const PgPipeline::Failure& failure) { return failure.row_count && failure.changed == 0; }

}  // namespace

ExactApply::ExactApply(TargetSession& session, PlanCache& plans, ConflictPolicy policy)
    : session_(session), plans_(plans), asked_(policy), policy_(policy), writer_(session) {}

std::string ExactApply::describe(const ApplyPlan& plan, const Change& change) {
  const Value* row = change.kind == ChangeKind::insert ? row_.row.data() : row_.old_row.data();
  return fmt::format("{} of {} ({}) in the transaction that ends at {}", verb(change.kind),
                     plan.relation().name.display(), key_text(plan, row, &session_.connection()), end_.text());
}

ApplyPlan& ExactApply::plan_of(const Relation* relation, const Transaction& transaction) {
  try {
    ApplyPlan* found = plans_.find(relation);
    ApplyPlan& plan = found != nullptr ? *found : plans_.make(relation, transaction.changes);
    plans_.use(plan);
    return plan;
  } catch (Error& error) {
    error.context(fmt::format("in the transaction that ends at {}", end_.text()));
    throw;
  }
}

void ExactApply::apply_truncate(const Change& change, const Transaction& transaction) {
  const Truncation truncation =
      truncation_of(change, [&](const Relation* relation) -> ApplyPlan& { return plan_of(relation, transaction); });
  PgConnection& connection = session_.connection();
  connection.exec("SAVEPOINT dbsync_change");
  try {
    connection.exec(truncation.sql);
    connection.exec("RELEASE SAVEPOINT dbsync_change");
    plans_.emptied(truncation.plans);
  } catch (Error& error) {
    if (error.sqlstate() == sqlstate::feature_not_supported) {
      undo_change();
      error.hint(truncate_hint(connection, truncation.tables));
    }
    add_hint(error, PgStep::follow, truncation.tables.empty() ? "" : truncation.tables.front());
    throw error.context(fmt::format("TRUNCATE in the transaction that ends at {}", end_.text()));
  }
}

void ExactApply::apply_cascade(const Change& change) {
  try {
    cascades_.apply(session_.connection(), change);
    touch_tables(plans_, *change.relation->cascade);
  } catch (Error& error) {
    add_hint(error, PgStep::follow, quote_name(change.relation->cascade->first.child));
    throw error.context(fmt::format("in the transaction that ends at {}", end_.text()));
  }
}

// As a unique index would say it, where the target has none over the key.
std::optional<PgPipeline::Failure> ExactApply::find_taken(ApplyPlan& plan, const Change& change) {
  const bool inserts = change.kind == ChangeKind::insert;
  if (!plan.unguarded_key() || !(inserts || (change.kind == ChangeKind::update && row_.key_changed)))
    return std::nullopt;
  writer_.look_for_key(plan, row_.row.data(), inserts ? nullptr : row_.old_row.data());
  auto failure = session_.leave();
  if (!failure || !failure->row_count) return failure;
  Error taken(ErrorKind::data, "a row of the target has this key already, and no unique index there guards it");
  taken.sqlstate(std::string(sqlstate::unique_violation));
  return Failure{std::move(taken)};
}

std::optional<PgPipeline::Failure> ExactApply::try_row(ApplyPlan& plan, const Change& change) {
  if (auto taken = find_taken(plan, change)) return taken;
  switch (change.kind) {
    case ChangeKind::insert: writer_.insert_row(plan, row_.row.data()); break;
    case ChangeKind::update:
      if (must_replace(plan, change)) return replace_row(plan, change);
      writer_.update_row(plan, row_.row.data(), row_.old_row.data(), plan.mask_of(row_.row), row_.key_changed);
      break;
    case ChangeKind::remove: writer_.delete_row(plan, row_.old_row.data()); break;
    case ChangeKind::truncate: break;
  }
  return session_.leave();
}

// An identity column that no UPDATE may write has changed; or nothing else has, and
// the old row does not tell.
bool ExactApply::must_replace(const ApplyPlan& plan, const Change& change) {
  if (row_.always_changed) return true;
  return change.old_image != OldImage::full && !plan.checked().empty() && !row_.key_changed &&
         nothing_to_set(plan, row_.row);
}

// Where triggers and foreign keys are at work, a row that goes and comes again is
// more than an UPDATE.
std::optional<PgPipeline::Failure> ExactApply::replace_row(ApplyPlan& plan, const Change& change) {
  if (!session_.replica_role() || plan.target().live_triggers) {
    const std::string column = plan.relation().columns[plan.checked().front()].name;
    throw Error(ErrorKind::target,
                fmt::format("{}: its identity column {} is GENERATED ALWAYS on the target, where no UPDATE "
                            "can write it",
                            describe(plan, change), column))
        .hint(
            fmt::format("run on the target: ALTER TABLE {} ALTER COLUMN {} SET GENERATED BY DEFAULT; then start again",
                        plan.table_sql(), quote_identifier(column)));
  }
  writer_.replace_row(plan, row_.row.data(), row_.old_row.data(), plan.mask_of(row_.row));
  return session_.leave();
}

void ExactApply::undo_change() {
  session_.connection().exec("ROLLBACK TO SAVEPOINT dbsync_change");
  // A statement that was prepared and failed may be known to the server or not.
  session_.connection().forget_prepared();
  plans_.forget_prepared();
}

void ExactApply::apply_row(ApplyPlan& plan, const Change& change) {
  row_.read(change, plan);
  if (plan.match() == ApplyPlan::Match::never && change.kind != ChangeKind::insert)
    throw Error(ErrorKind::data,
                fmt::format("{} has no replica identity, so its row cannot be found", describe(plan, change)))
        .hint("give the table a primary key or REPLICA IDENTITY FULL on the source");
  session_.connection().exec("SAVEPOINT dbsync_change");
  auto failure = try_row(plan, change);
  // Without the old row, only the target knows that an identity column has changed.
  const bool may_replace = change.kind == ChangeKind::update && !plan.checked().empty() && !must_replace(plan, change);
  if (failure && is_missing(*failure) && may_replace) {
    undo_change();
    if (auto replaced = replace_row(plan, change); !replaced || !is_missing(*replaced)) failure = std::move(replaced);
  }
  if (failure) {
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
    if (std::string hint = drift_hint(session_.connection(), failure, plan, plans_.policy()); !hint.empty())
      error.hint(std::move(hint));
    add_hint(error, PgStep::follow, plan.table_sql());
    throw error.context(what);
  }
  const std::string conflict = is_missing(failure) ? "the target has no such row" : failure.error.message();
  if (policy_ == ConflictPolicy::error)
    throw Error(ErrorKind::data, fmt::format("{}: {}", what, conflict))
        .hint(fmt::format("make the target's row what the source's was and start again, or choose what shall happen "
                          "with conflicts: skip or overwrite; where more rows differ, {}",
                          copy_again(change.relation->name)));
  ++(is_missing(failure) ? conflicts_.missing_row : conflicts_.duplicate_key);
  const std::string done =
      fmt::format("conflict: {}: {}; {}", what, conflict, policy_ == ConflictPolicy::skip ? "skipped" : "overwritten");
  if (end_ <= tolerant_until_)
    log::debug("apply", done);
  else
    log::warning("apply", done);
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
    // Under its new key it may be there.
    if (row_.key_changed) {
      writer_.delete_row(plan, row_.row.data());
      result = session_.leave();
      if (result && is_missing(*result)) {
        undo_change();
        result.reset();
      }
    }
    if (!result) {
      writer_.insert_row(plan, row_.row.data());
      result = session_.leave();
    }
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
  if (change.relation->cascade) return apply_cascade(change);
  ApplyPlan& plan = plan_of(change.relation, transaction);
  apply_row(plan, change);
  plan.grow(change.kind);
}

void ExactApply::apply(const Transaction& transaction, const Position& end, const std::stop_token& stop) {
  conflicts_ = {};
  end_ = end;
  policy_ = end <= tolerant_until_ ? ConflictPolicy::overwrite : asked_;
  ChangeLog::Reader reader(transaction.changes);
  Change change;
  while (reader.next(change)) {
    apply_change(change, transaction);
    if (stop.stop_requested()) throw Error(ErrorKind::interrupted, "stopped within a transaction");
  }
}

}  // namespace dbsync
