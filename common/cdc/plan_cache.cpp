#include "cdc/plan_cache.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "cdc/known_tables.h"

namespace dbsync {

namespace {

void tell_about(const ApplyPlan& plan) {
  const Relation& relation = plan.relation();
  if (plan.match() == ApplyPlan::Match::whole_row)
    log::warning("apply", fmt::format("{}: rows are found by all their columns, since neither replica identity nor "
                                      "target has a unique key: updates and deletes are slow",
                                      relation.name.display()));
  if (plan.match() == ApplyPlan::Match::key && plan.target().keys.empty())
    log::warning("apply", fmt::format("{}: the target has no unique key: updates and deletes are slow",
                                      plan.target().name.display()));
}

}  // namespace

bool same_columns(const Relation& a, const Relation& b) {
  const auto same = [](const RelationColumn& x, const RelationColumn& y) {
    return x.name == y.name && x.number == y.number && x.type_oid == y.type_oid && x.typmod == y.typmod;
  };
  return std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(), same);
}

PlanCache::PlanCache(TargetSession& session, SchemaPolicy policy, bool binary, std::string task)
    : session_(session), policy_(std::move(policy)), binary_(binary), task_(std::move(task)) {}

TargetRelation PlanCache::fit(const Relation& relation) {
  auto known = known_.find(relation.name);
  if (known == known_.end() && !task_.empty())
    if (auto columns = read_known_columns(session_.connection(), task_, relation.name))
      known = known_.emplace(relation.name, std::move(*columns)).first;
  const Relation* before = known == known_.end() ? nullptr : &known->second;
  Relation now = relation;
  if (policy_.number_columns) policy_.number_columns(now, before);
  TargetRelation target = fit_target(session_.connection(), now, before, policy_);
  if (!task_.empty() && (before == nullptr || !same_columns(*before, now))) write_known_columns(session_.connection(), task_, now);
  known_.insert_or_assign(relation.name, std::move(now));
  return target;
}

ApplyPlan& PlanCache::make(const Relation* relation, const ChangeLog& log) {
  const auto& relations = log.relations();
  const auto shared = std::find_if(relations.begin(), relations.end(),
                                   [&](const auto& candidate) { return candidate.get() == relation; });
  if (shared == relations.end()) throw Error(ErrorKind::internal, "a change of a relation that its transaction lacks");
  const auto before = latest_.find(relation->name);
  TargetRelation target = fit(*relation);
  auto plan = std::make_unique<ApplyPlan>(*shared, std::move(target), TargetTraits{binary_, session_.distributed()},
                                          fmt::format("p{}", ++made_));
  if (before == latest_.end()) tell_about(*plan);
  latest_[relation->name] = *shared;
  return *(plans_[relation] = std::move(plan));
}

void PlanCache::forget_prepared() {
  for (auto& [relation, plan] : plans_) plan->forget_prepared();
}

bool PlanCache::committed() {
  if (latest_ == committed_) return false;
  committed_ = latest_;
  return std::erase_if(plans_, [&](const auto& entry) { return latest_.at(entry.second->relation().name).get() != entry.first; }) >
         0;
}

void PlanCache::rolled_back() {
  plans_.clear();
  known_.clear();
  latest_ = committed_;
}

}  // namespace dbsync
