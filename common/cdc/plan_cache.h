// The plans of all tables that changes have come for.
//
// A plan belongs to one description of its source table. When a new one comes,
// fit_target runs in the caller's transaction, out of pipeline mode; the old plan
// stays until purge(), since changes made before may still wait to be written.
//
// A plan's statements name the target's table, which may be renamed while they are in
// use: prove_tables() makes the transaction fail then, and the next plan is made anew. So
// it is when the table was emptied or written anew by somebody else (target_proof.h).
//
// Threads: one.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cdc/apply_plan.h"
#include "cdc/change_log.h"
#include "cdc/known_tables.h"
#include "cdc/plan_renewal.h"
#include "cdc/schema_policy.h"
#include "cdc/table_growth.h"
#include "cdc/target_files.h"
#include "cdc/target_session.h"
#include "pg/prefetch.h"

namespace dbsync {

class PlanCache {
 public:
  // `task`: whose known columns (known_tables.h) are compared and kept; "" = of none.
  PlanCache(TargetSession& session, SchemaPolicy policy, std::string task = {});

  // Null when the plan must be made first.
  ApplyPlan* find(const Relation* relation) const {
    const auto found = plans_.find(relation);
    return found == plans_.end() ? nullptr : found->second.get();
  }
  // What plans of these tables will ask the target is sent while the session has nothing else
  // to do. It serves the first ones only, and not for long.
  void ask_ahead(const std::vector<FollowedTarget>& tables);
  // make() comes next: what it will ask the source is sent.
  void ask_source(const Relation* relation, const ChangeLog& log);
  // With those of the transaction's other tables that have none yet.
  ApplyPlan& make(const Relation* relation, const ChangeLog& log);
  // The plan of a description that says what the one before said, and of those of the
  // transaction's other tables that do; null when it must be made. Before the commit comes
  // confirm().
  ApplyPlan* renew(const Relation* relation, const ChangeLog& log);
  // When all is written, and behind the answers to that: throws when a plan of renew() should
  // have been made.
  void ask_renewed() { renewal_.ask(); }
  void confirm() { renewal_.confirm(); }
  // Changes are written by it in this transaction.
  void use(ApplyPlan& plan) {
    used_.insert(&plan);
    if (!plan.storage().filled) filling_.insert(&plan);
  }
  // Their tables were emptied by the task itself, out of pipeline mode.
  void emptied(const std::vector<ApplyPlan*>& plans);
  // A table of the target was written without a plan.
  void touch(const QualifiedName& table) { touched_.insert(table); }
  // Sent behind them: the tables that were written, and so are locked, have the names
  // and files that the plans know them by.
  void prove_tables();
  // Tables of the target that were written since the last call.
  std::set<QualifiedName> take_touched() { return std::exchange(touched_, {}); }

  // The target is made to fit a table whose changes have not come; within the caller's
  // transaction, out of pipeline mode.
  TargetRelation fit(const Relation& relation);

  const SchemaPolicy& policy() const { return policy_; }
  TableGrowth& growth() { return growth_; }

  // The server may not have the statements that were prepared.
  void forget_prepared();
  // The transaction was committed: older descriptions are done with. True when
  // plans were dropped; nothing may refer to them any more.
  bool committed();
  // It was rolled back, and with it what was changed on the target.
  void rolled_back();

 private:
  std::optional<KnownTable> known_table(const Relation& relation);
  TargetRelation fit_known(const Relation& now, const Relation* before, std::uint32_t target);
  void note_storage(std::uint32_t table, const TargetStorage& storage);
  void note_rows();
  std::vector<std::shared_ptr<const Relation>> lacking(const Relation* first, const ChangeLog& log) const;
  void add_questions_of_books(std::uint32_t id, const QualifiedName& source, std::vector<PgQuery>& out) const;
  void add_questions_of_target(const FollowedTarget& table, std::vector<PgQuery>& out) const;
  void prefetch(const std::vector<std::shared_ptr<const Relation>>& relations);
  void make_one(const std::shared_ptr<const Relation>& relation);
  std::optional<PlanRenewal::Renewed> renewable(const std::shared_ptr<const Relation>& relation) const;

  TargetSession& session_;
  SchemaPolicy policy_;
  std::string task_;
  TableGrowth growth_;
  unsigned made_ = 0;
  std::unique_ptr<PgPrefetch> ahead_;  // of the target
  std::chrono::steady_clock::time_point asked_ahead_{};
  std::shared_ptr<void> columns_;  // asked of the source
  std::unordered_set<ApplyPlan*> used_;
  std::unordered_set<ApplyPlan*> filling_;  // used, and that its table has got rows is not noted
  std::set<QualifiedName> touched_;
  PgStatement proof_;
  PgStatement rows_note_;
  PlanRenewal renewal_;
  std::unordered_map<const Relation*, std::shared_ptr<ApplyPlan>> plans_;  // one may have several
  std::map<QualifiedName, std::shared_ptr<const Relation>> committed_;     // last description of each
  std::map<QualifiedName, std::shared_ptr<const Relation>> latest_;        // of this transaction
  std::map<std::pair<std::uint32_t, QualifiedName>, Relation> known_;      // what the target was fitted to
};

}  // namespace dbsync
