#include "copy/target_looks.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "pg/enforcement.h"
#include "pg/relation_questions.h"

namespace dbsync {

namespace {

// A statement locks all of its tables and their indexes.
constexpr std::size_t kTablesTogether = 100;
// Of more, the answers are not to be held: they take room, and other things take the time.
constexpr std::size_t kMostAhead = 1000;

std::set<QualifiedName> targets_of(const std::vector<CopyTask>& tasks) {
  std::set<QualifiedName> out;
  for (const CopyTask& task : tasks) out.insert(task.target);
  return out;
}

}  // namespace

TargetLooks::TargetLooks(PgConnection& target, const Dialect& dialect, const std::vector<CopyTask>& tasks,
                         const JobOptions& options, const std::vector<bool>& running, const std::vector<PgQuery>& first)
    : target_(target), tasks_(tasks), options_(options), one_server_(!dialect.distributed), ahead_(target, first) {
  for (std::size_t i = 0; i < tasks.size(); ++i)
    if (running[i]) names_.insert(tasks[i].target);
  guarded_ = names_;
  guarded_.insert(options.beside.begin(), options.beside.end());
  if (const auto all = targets_of(tasks); !all.empty() && all.size() <= kMostAhead) {
    ahead_.more({question_of_relations(all), question_of_oids(all)});
    if (one_server_) ahead_.more(questions_of_enforcement(guarded_));
  }
  for (const PgQuery& statement : first) ask(target, statement);
}

void TargetLooks::go_on(const std::map<QualifiedName, TargetTable>& relations) {
  add_batches(relations);
  // What is made now would have them asked again.
  const bool makes =
      std::any_of(names_.begin(), names_.end(), [&](const QualifiedName& name) { return !relations.contains(name); });
  if ((options_.create && makes) || relations.size() > kMostAhead) return;
  std::vector<PgQuery> questions;
  for (const Batch& batch : batches_) questions.push_back(batch.question);
  ahead_.more(std::move(questions));
  if (one_server_) prefetch_enforcement(target_, guarded_);
}

// Only of what was found to be a table: a view would be run.
void TargetLooks::add_batches(const std::map<QualifiedName, TargetTable>& relations) {
  // Where data is distributed each table of a statement is a slice of its plan.
  if (!one_server_ || options_.mode != LoadMode::refuse || options_.start != StartMode::fresh) return;
  std::set<QualifiedName> wanted;
  for (const CopyTask& task : tasks_)
    if (task.query.empty() && names_.contains(task.target)) wanted.insert(task.target);
  for (const QualifiedName& name : wanted) {
    const auto found = relations.find(name);
    if (found == relations.end() || !found->second.plain) continue;
    if (batches_.empty() || batches_.back().tables.size() == kTablesTogether) batches_.emplace_back();
    auto& [tables, question] = batches_.back();
    if (!tables.empty()) question.sql += " UNION ALL ";
    question.sql += number_if_filled_sql(tables.size(), name, found->second.only);
    tables.push_back(name);
  }
}

bool TargetLooks::has_rows(const TargetTable& table) {
  for (const Batch& batch : std::exchange(batches_, {})) read(batch);
  const auto known = have_rows_.find(table.name);
  return known != have_rows_.end() ? known->second : dbsync::has_rows(target_, table);
}

// One that may not be read, or is gone, must not keep the others: each is asked for alone then.
void TargetLooks::read(const Batch& batch) {
  try {
    const PgResult filled = ask(target_, batch.question);
    for (const QualifiedName& table : batch.tables) have_rows_[table] = false;
    for (int row = 0; row < filled.rows(); ++row)
      have_rows_[batch.tables.at(static_cast<std::size_t>(filled.integer(row, 0)))] = true;
  } catch (const Error& error) {
    if (error.connection_lost()) throw;
    log::debug("main", error.what());
  }
}

}  // namespace dbsync
