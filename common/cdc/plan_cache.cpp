#include "cdc/plan_cache.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "cdc/drift_hint.h"
#include "schema/quote.h"

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

// unnest in the list, since Greenplum 5 has no other.
PlanCache::PlanCache(TargetSession& session, SchemaPolicy policy, std::string task)
    : session_(session), policy_(std::move(policy)), task_(std::move(task)) {
  policy_.task = task_;
  policy_.takes_text = session_.distributed();
  proof_.name = "same_tables";
  proof_.sql =
      "SELECT 1 FROM (SELECT count(*) AS n FROM (SELECT unnest($1::name[]) AS nspname, unnest($2::name[]) AS relname, "
      "unnest($3::oid[]) AS oid) w JOIN pg_catalog.pg_class c ON c.oid = w.oid AND c.relname = w.relname "
      "JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace AND s.nspname = w.nspname) x WHERE x.n = $4::bigint";
}

// Its place in the books; nothing when the table is not in them. What its name was when
// the changes were made does not count.
std::optional<KnownTable> PlanCache::known_table(const Relation& relation) {
  if (task_.empty() || !policy_.ids_stay) return std::nullopt;
  auto known = find_known_table(session_.connection(), task_, relation.id, relation.name);
  if (!known || known->oid == relation.id) return known;
  if (known->target == 0) return std::nullopt;
  throw Error(ErrorKind::source,
              fmt::format("the source sends changes of {}, which is another table there than the one of that name "
                          "that was followed",
                          relation.name.display()))
      .hint(copy_again(known->name) + "; the start after this says how to go on with the new table");
}

TargetRelation PlanCache::fit(const Relation& relation) {
  Relation now = relation;
  const auto table = known_table(relation);
  if (table) now.name = table->name;
  auto known = known_.find({now.id, now.name});
  if (known == known_.end() && !task_.empty())
    if (auto columns = read_known_columns(session_.connection(), task_, now.name))
      known = known_.emplace(std::pair(now.id, now.name), std::move(*columns)).first;
  const Relation* before = known == known_.end() ? nullptr : &known->second;
  if (policy_.number_columns) policy_.number_columns(now, before);
  TargetRelation target = fit_target(session_.connection(), now, before, policy_, table ? table->target : 0);
  if (!task_.empty() && (before == nullptr || !same_columns(*before, now)))
    write_known_columns(session_.connection(), task_, now);
  const std::pair key(now.id, now.name);
  known_.insert_or_assign(key, std::move(now));
  return target;
}

void PlanCache::prove_tables() {
  std::vector<std::string> schemas;
  std::vector<std::string> names;
  std::vector<std::string> oids;
  for (ApplyPlan* plan : used_) {
    growth_.add(plan->target().name, plan->take_growth());
    schemas.push_back(plan->target().name.schema);
    names.push_back(plan->target().name.name);
    oids.push_back(std::to_string(plan->target().oid));
  }
  used_.clear();
  if (oids.empty()) return;
  PgParameters parameters;
  const std::array<std::string, 4> values{array_text(schemas), array_text(names), array_text(oids),
                                          std::to_string(oids.size())};
  for (const std::string& value : values) parameters.add(value.c_str(), value.size(), PgParameters::Format::text);
  session_.pipeline().send(proof_, parameters, 1);
}

ApplyPlan& PlanCache::make(const Relation* relation, const ChangeLog& log) {
  const auto& relations = log.relations();
  const auto shared = std::find_if(relations.begin(), relations.end(),
                                   [&](const auto& candidate) { return candidate.get() == relation; });
  if (shared == relations.end()) throw Error(ErrorKind::internal, "a change of a relation that its transaction lacks");
  const auto before = latest_.find(relation->name);
  TargetRelation target = fit(*relation);
  auto plan = std::make_unique<ApplyPlan>(*shared, std::move(target), TargetTraits{session_.distributed()},
                                          fmt::format("p{}", ++made_));
  if (before == latest_.end()) tell_about(*plan);
  latest_[relation->name] = *shared;
  return *(plans_[relation] = std::move(plan));
}

void PlanCache::forget_prepared() {
  proof_.prepared = false;
  for (auto& [relation, plan] : plans_) plan->forget_prepared();
}

bool PlanCache::committed() {
  growth_.committed();
  if (latest_ == committed_) return false;
  committed_ = latest_;
  return std::erase_if(plans_, [&](const auto& entry) {
           return latest_.at(entry.second->relation().name).get() != entry.first;
         }) > 0;
}

void PlanCache::rolled_back() {
  plans_.clear();
  used_.clear();
  growth_.rolled_back();
  proof_.prepared = false;
  known_.clear();
  latest_ = committed_;
}

}  // namespace dbsync
