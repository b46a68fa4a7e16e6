#include "cdc/plan_cache.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "cdc/drift_hint.h"
#include "cdc/target_proof.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

// Of a change of the target's tables meanwhile the plan would know nothing.
constexpr std::chrono::seconds kAheadHolds{5};
constexpr std::size_t kMostAhead = 100;  // tables

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

TargetStorage storage_of(const TargetFiles& table) {
  TargetStorage out{{}, table.files.front().rows == RowsSeen::some};
  for (const TargetFile& file : table.files) out.files.emplace_back(file.oid, file.file);
  return out;
}

}  // namespace

// unnest in the list, since Greenplum 5 has no other.
PlanCache::PlanCache(TargetSession& session, SchemaPolicy policy, std::string task)
    : session_(session), policy_(std::move(policy)), task_(std::move(task)), renewal_(policy_) {
  policy_.task = task_;
  policy_.takes_text = session_.distributed();
  proof_.name = "same_tables";
  proof_.sql =
      "SELECT 1 FROM (SELECT count(*) AS n FROM (SELECT unnest($1::name[]) AS nspname, unnest($2::name[]) AS relname, "
      "unnest($3::oid[]) AS oid) w JOIN pg_catalog.pg_class c ON c.oid = w.oid AND c.relname = w.relname "
      "JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace AND s.nspname = w.nspname) x, (SELECT count(*) AS n "
      "FROM "
      "(SELECT unnest($5::oid[]) AS oid, unnest($6::oid[]) AS file) w JOIN pg_catalog.pg_class c ON c.oid = w.oid AND "
      "c.relfilenode = w.file) y WHERE x.n = $4::bigint AND y.n = $7::bigint";
  rows_note_.name = "rows_note";
  rows_note_.sql =
      "UPDATE dbsync.apply_files SET rows = 'r' WHERE task = $1 AND table_oid = ANY ($2::bigint[]) AND part_oid = "
      "table_oid AND rows <> 'r'";
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
  TargetRelation target = fit_known(now, before, table ? table->target : 0);
  if (!task_.empty() && (before == nullptr || !same_columns(*before, now)))
    write_known_columns(session_.connection(), task_, now);
  const std::pair key(now.id, now.name);
  known_.insert_or_assign(key, std::move(now));
  return target;
}

// The files of a table that its followers know must be those before anything is changed;
// what a column that is added makes of them is our own doing.
TargetRelation PlanCache::fit_known(const Relation& now, const Relation* before, std::uint32_t target_oid) {
  PgConnection& connection = session_.connection();
  std::optional<TargetFiles> files;
  const bool altered = before != nullptr && !same_columns(*before, now);
  if (!task_.empty()) files = prove_target(connection, task_, now.name, altered);
  TargetRelation target = fit_target(connection, now, before, policy_, target_oid);
  if (!files) return target;
  refuse_other_target(connection, task_, {now.name, target.name, target.oid}, files->table);
  if (altered) {
    TargetFiles after = read_target_files(connection, {{now.name, {}, target.oid}}).front();
    after.files.front().rows = files->files.front().rows;
    if (!after.same_files(*files)) write_known_files(connection, task_, {{now.name, after}});
    files = std::move(after);
  }
  target.storage = storage_of(*files);
  if (altered) note_storage(target.oid, target.storage);
  return target;
}

// Of all plans of the table, those of older descriptions too.
void PlanCache::note_storage(std::uint32_t table, const TargetStorage& storage) {
  for (auto& [relation, plan] : plans_)
    if (plan->target().oid == table && !plan->storage().files.empty()) plan->storage() = storage;
}

void PlanCache::emptied(const std::vector<ApplyPlan*>& plans) {
  if (task_.empty()) return;
  std::set<std::uint32_t> tables;
  for (ApplyPlan* plan : plans) {
    filling_.erase(plan);
    if (!plan->storage().files.empty()) tables.insert(plan->target().oid);
  }
  if (tables.empty()) return;
  note_emptied(session_.connection(), task_, tables);
  for (const std::uint32_t table : tables) {
    TargetStorage storage = storage_of(read_target_files(session_.connection(), {{{}, {}, table}}).front());
    storage.filled = false;
    note_storage(table, storage);
  }
}

void PlanCache::note_rows() {
  std::vector<std::string> oids;
  for (ApplyPlan* plan : std::exchange(filling_, {})) {
    oids.push_back(std::to_string(plan->target().oid));
    TargetStorage storage = plan->storage();
    storage.filled = true;
    note_storage(plan->target().oid, storage);
  }
  if (oids.empty()) return;
  const std::array<std::string, 2> values{task_, array_text(oids)};
  PgParameters parameters;
  for (const std::string& value : values) parameters.add(value.c_str(), value.size(), PgParameters::Format::text);
  session_.pipeline().send(rows_note_, parameters, PgPipeline::kAnyRows);
}

void PlanCache::prove_tables() {
  note_rows();
  std::vector<std::string> schemas;
  std::vector<std::string> names;
  std::vector<std::string> oids;
  std::vector<std::string> parts;
  std::vector<std::string> files;
  for (ApplyPlan* plan : used_) {
    growth_.add(plan->target().name, plan->take_growth());
    touched_.insert(plan->target().name);
    schemas.push_back(plan->target().name.schema);
    names.push_back(plan->target().name.name);
    oids.push_back(std::to_string(plan->target().oid));
    for (const auto& [part, file] : plan->target().storage.files) {
      parts.push_back(std::to_string(part));
      files.push_back(std::to_string(file));
    }
  }
  used_.clear();
  if (oids.empty()) return;
  PgParameters parameters;
  const std::array<std::string, 7> values{array_text(schemas),         array_text(names), array_text(oids),
                                          std::to_string(oids.size()), array_text(parts), array_text(files),
                                          std::to_string(parts.size())};
  for (const std::string& value : values) parameters.add(value.c_str(), value.size(), PgParameters::Format::text);
  session_.pipeline().send(proof_, parameters, 1);
}

// Tables of a transaction that have no plan yet, `first` before the others. Of those that it
// describes more than once only the first description: what it fits may be made to fit the
// next one when changes before are written.
std::vector<std::shared_ptr<const Relation>> PlanCache::lacking(const Relation* first, const ChangeLog& log) const {
  const auto& relations = log.relations();
  const auto shared =
      std::find_if(relations.begin(), relations.end(), [&](const auto& candidate) { return candidate.get() == first; });
  if (shared == relations.end()) throw Error(ErrorKind::internal, "a change of a relation that its transaction lacks");
  std::vector<std::shared_ptr<const Relation>> out{*shared};
  std::set<QualifiedName> seen{first->name};
  for (const auto& relation : relations)
    if (seen.insert(relation->name).second && !relation->cascade && find(relation.get()) == nullptr)
      out.push_back(relation);
  return out;
}

// What the plan of a table asks of what the task knows of it.
void PlanCache::add_questions_of_books(std::uint32_t id, const QualifiedName& source, std::vector<PgQuery>& out) const {
  if (policy_.ids_stay) out.push_back(question_of_known_table(task_, id, source));
  out.push_back(question_of_known_columns(task_, source));
  out.push_back(question_of_known_files(task_, source));
}

// And of the target's table.
void PlanCache::add_questions_of_target(const FollowedTarget& table, std::vector<PgQuery>& out) const {
  out.push_back(question_of_target_files(session_.connection(), {{table.source, {}, table.oid}}));
  for (PgQuery& question : questions_of_relation(table.oid, table.name)) out.push_back(std::move(question));
}

void PlanCache::ask_ahead(const std::vector<FollowedTarget>& tables) {
  if (task_.empty() || tables.size() > kMostAhead) return;
  std::vector<PgQuery> questions;
  for (const FollowedTarget& table : tables) {
    if (table.oid == 0) continue;
    add_questions_of_books(table.id, table.source, questions);
    add_questions_of_target(table, questions);
  }
  asked_ahead_ = std::chrono::steady_clock::now();
  ahead_ = std::make_unique<PgPrefetch>(session_.connection(), std::move(questions));
}

void PlanCache::ask_source(const Relation* relation, const ChangeLog& log) {
  if (!policy_.prefetch_columns) return;
  std::vector<std::uint32_t> ids;
  for (const auto& one : lacking(relation, log)) ids.push_back(one->id);
  columns_ = policy_.prefetch_columns(ids);
}

// What their plans will ask for, in two round trips for all of them, or in none.
void PlanCache::prefetch(const std::vector<std::shared_ptr<const Relation>>& relations) {
  if (!ahead_ || std::chrono::steady_clock::now() - asked_ahead_ > kAheadHolds)
    ahead_ = std::make_unique<PgPrefetch>(session_.connection(), std::vector<PgQuery>{});
  PgPrefetch& ahead = *ahead_;
  std::vector<PgQuery> questions;
  for (const auto& relation : relations) add_questions_of_books(relation->id, relation->name, questions);
  ahead.more(std::exchange(questions, {}));
  for (const auto& relation : relations)
    if (const auto known = find_known_files(session_.connection(), task_, relation->name))
      add_questions_of_target({relation->name, known->files.front().name, known->table}, questions);
  ahead.more(std::move(questions));
}

void PlanCache::make_one(const std::shared_ptr<const Relation>& relation) {
  const auto before = latest_.find(relation->name);
  TargetRelation target = fit(*relation);
  auto plan = std::make_shared<ApplyPlan>(relation, std::move(target), TargetTraits{session_.distributed()},
                                          fmt::format("p{}", ++made_));
  if (before == latest_.end()) tell_about(*plan);
  latest_[relation->name] = relation;
  plans_[relation.get()] = std::move(plan);
}

ApplyPlan& PlanCache::make(const Relation* relation, const ChangeLog& log) {
  const auto relations = lacking(relation, log);
  if (!columns_) ask_source(relation, log);
  const auto columns = std::exchange(columns_, nullptr);
  if (!task_.empty()) prefetch(relations);
  const auto ahead = std::exchange(ahead_, nullptr);
  for (const auto& one : relations) make_one(one);
  return *plans_.at(relation);
}

std::optional<PlanRenewal::Renewed> PlanCache::renewable(const std::shared_ptr<const Relation>& relation) const {
  const auto latest = latest_.find(relation->name);
  const auto known = known_.find({relation->id, relation->name});
  if (latest == latest_.end() || known == known_.end() || !same_description(*latest->second, *relation))
    return std::nullopt;
  const auto plan = plans_.find(latest->second.get());
  if (plan == plans_.end()) return std::nullopt;
  return PlanRenewal::Renewed{relation, plan->second, known->second};
}

ApplyPlan* PlanCache::renew(const Relation* relation, const ChangeLog& log) {
  if (task_.empty() || !renewal_.possible()) return nullptr;
  std::vector<PlanRenewal::Renewed> renewed;
  for (const auto& one : lacking(relation, log)) {
    auto found = renewable(one);
    if (!found && one.get() == relation) return nullptr;
    if (found) renewed.push_back(std::move(*found));
  }
  for (PlanRenewal::Renewed& one : renewed) {
    auto& latest = latest_.at(one.relation->name);
    plans_[one.relation.get()] = plans_.at(latest.get());
    latest = one.relation;
    renewal_.add(std::move(one));
  }
  return find(relation);
}

void PlanCache::forget_prepared() {
  proof_.prepared = rows_note_.prepared = false;
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
  renewal_.forget();
  ahead_.reset();
  columns_.reset();
  plans_.clear();
  used_.clear();
  growth_.rolled_back();
  filling_.clear();
  proof_.prepared = rows_note_.prepared = false;
  known_.clear();
  latest_ = committed_;
}

}  // namespace dbsync
