#include "copy/load_guards.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include <fmt/format.h>

#include "base/log.h"
#include "base/log_error.h"
#include "base/text.h"
#include "base/worker_pool.h"
#include "copy/key_proof.h"
#include "copy/load_order.h"
#include "pg/catalog.h"

namespace dbsync {

namespace {

// The foreign keys among them, by table and name.
std::map<std::pair<QualifiedName, std::string>, const GuardRecord*> keys_of(const std::vector<GuardRecord>& records) {
  std::map<std::pair<QualifiedName, std::string>, const GuardRecord*> out;
  for (const GuardRecord& record : records)
    if (record.key) out.emplace(std::pair{record.table, record.name}, &record);
  return out;
}

}  // namespace

std::vector<GuardedTask> LoadGuards::decide(PgConnection& connection, const LoadJournal* journal,
                                            const std::vector<CopyTask>& tasks, const std::vector<bool>& running) {
  std::vector<GuardedTask> out(tasks.size());
  journal_ = journal;
  if (dialect_.distributed) return out;  // its keys are not enforced
  any_off_ = journal != nullptr && !GuardJournal(journal->run()).read(connection).empty();
  std::set<QualifiedName> names;
  for (std::size_t i = 0; i < tasks.size(); ++i)
    if (running[i]) names.insert(tasks[i].target);
  if (names.empty()) return out;
  const std::set<QualifiedName> loaded = names;
  names.insert(options_.beside.begin(), options_.beside.end());
  enforcement_ = read_enforcement(connection, names);
  if (enforcement_.empty()) return out;
  may_replica_ = may_set_replica_role(connection);
  std::set<std::uint32_t> tables;
  std::set<std::uint32_t> beside;
  for (const auto& [name, oid] : enforcement_.tables) (loaded.contains(name) ? tables : beside).insert(oid);
  const bool empties = options_.mode == LoadMode::truncate || options_.start != StartMode::fresh;
  plan_ = plan_guards(enforcement_, {tables, beside}, {may_replica_, journal != nullptr, empties});
  for (std::size_t i = 0; i < tasks.size(); ++i)
    if (const auto oid = running[i] ? oid_of(tasks[i]) : std::nullopt)
      out[i].replica = plan_.replica_tables.contains(*oid);
  order(tasks, running, out);
  say();
  if (!plan_.to_drop.empty() || !plan_.to_disable.empty()) {
    any_off_ = true;
    GuardJournal::make_table(connection);
  }
  return out;
}

std::optional<std::uint32_t> LoadGuards::oid_of(const CopyTask& task) const {
  const auto found = enforcement_.tables.find(task.target);
  if (found == enforcement_.tables.end()) return std::nullopt;
  return found->second;
}

// Keys that stay in force: what they refer to comes first.
void LoadGuards::order(const std::vector<CopyTask>& tasks, const std::vector<bool>& running,
                       std::vector<GuardedTask>& out) const {
  std::vector<LoadDependency> edges;
  std::map<std::uint32_t, std::vector<std::pair<std::size_t, std::uint32_t>>> trees;  // task and oid, by the top's oid
  for (std::size_t i = 0; i < tasks.size(); ++i)
    if (const auto oid = running[i] ? oid_of(tasks[i]) : std::nullopt)
      trees[enforcement_.root_of(*oid)].emplace_back(i, *oid);
  const auto with_rows_of = [&](std::uint32_t table) {
    std::vector<std::size_t> found;
    for (const auto& [task, oid] : trees[enforcement_.root_of(table)])
      if (enforcement_.share_rows(table, oid)) found.push_back(task);
    return found;
  };
  for (const EnforcedKey* key : plan_.staying) {
    const std::vector<std::size_t> parents = with_rows_of(key->referenced_oid);
    for (const std::size_t child : with_rows_of(key->table_oid))
      if (!out[child].replica)
        for (const std::size_t parent : parents) edges.push_back({child, parent, key});
  }
  for (const LoadDependency& edge : edges) {
    if (tasks[edge.child].target == tasks[edge.parent].target)
      out[edge.child].whole = true;
    else
      out[edge.child].after.push_back(edge.parent);
  }
  std::set<std::size_t> impossible;
  for (const auto& [task, keys] : circles(edges, tasks)) {
    Error error(ErrorKind::target,
                fmt::format("foreign keys that stay at work form a circle, so that no order of loading fits: {}",
                            names_of(keys)));
    out[task].problem = error.hint(kGuardWayOut);
    impossible.insert(task);
  }
  std::vector<std::string> others;
  for (const std::size_t task : depending_on(edges, impossible)) others.push_back(one_line(tasks[task].name));
  if (!others.empty())
    log::warning(
        "main",
        fmt::format("tables that cannot be loaded are referred to by {}: these fail, too, unless the rows are there",
                    join(others, ", ")));
}

void LoadGuards::say() const {
  if (!plan_.replica_tables.empty())
    log::info("main", fmt::format("{} tables have foreign keys or triggers: they do not act during the load "
                                  "(session_replication_role = replica), and the keys are proved at its end",
                                  plan_.replica_tables.size()));
  if (!plan_.to_drop.empty()) log::info("main", drops_of(plan_));
  if (!plan_.to_disable.empty()) log::info("main", disables_of(plan_));
  if (!plan_.staying.empty())
    log::warning(
        "main",
        fmt::format("foreign keys stay at work, since the role may neither set session_replication_role nor drop "
                    "and add them: tables that they refer to are loaded first, and a row that refers to nothing "
                    "fails its table: {}. HINT: {}",
                    names_of(plan_.staying), kGuardWayOut));
  if (!plan_.acting.empty())
    log::warning("main", fmt::format("triggers act on the rows that are loaded, since the role may neither set "
                                     "session_replication_role nor disable them: {}. HINT: {}",
                                     names_of(plan_.acting), kGuardWayOut));
}

void LoadGuards::take_off(PgConnection& connection) const {
  if (plan_.to_drop.empty() && plan_.to_disable.empty()) return;
  PgTransaction transaction(connection);
  const GuardJournal guards(journal_->run());
  for (const EnforcedTrigger* trigger : plan_.to_disable) guards.take_off(connection, *trigger);
  for (const EnforcedKey* key : plan_.to_drop) guards.take_off(connection, *key);
  transaction.commit();
}

void LoadGuards::enter_replica_role(PgConnection& connection) const {
  if (may_replica_) connection.exec("SET LOCAL session_replication_role = replica");
}

void LoadGuards::put_back(PgConnection& connection, JobResult& result) {
  if (!any_off()) return;
  const GuardJournal guards(journal_->run());
  for (const GuardRecord& record : guards.read(connection)) {
    try {
      guards.put_back(connection, record);
    } catch (Error& error) {
      if (error.connection_lost()) throw;
      error.context((record.key ? "foreign key " : "trigger ") + record.display() +
                    " was taken off for the load and is not back");
      if (error.hint().empty()) error.hint("mend what the error says; --resume or --cleanup then puts it back");
      log::error("main", error);
      result.errors.push_back(error);
    }
  }
}

std::vector<EnforcedKey> LoadGuards::keys_to_prove(const Enforcement& now, const JobResult& result) const {
  std::set<QualifiedName> ours;
  for (std::size_t i = 0; i < result.tasks.size(); ++i)
    if (result.results[i].created) ours.insert(result.tasks[i].target);
  std::set<std::uint32_t> before;
  for (const EnforcedKey& key : enforcement_.keys) before.insert(key.oid);
  std::map<std::uint32_t, std::vector<std::uint32_t>> replica;  // by the oid of the tree's top
  for (const std::uint32_t table : plan_.replica_tables) replica[now.root_of(table)].push_back(table);
  std::vector<EnforcedKey> out;
  for (const EnforcedKey& key : now.keys) {
    // A key of ours that is not valid yet is validated by the steps after the load.
    const bool stood = before.contains(key.oid) && (key.valid || !ours.contains(key.table));
    const auto loaded = [&](std::uint32_t side) {
      const auto& tables = replica[now.root_of(side)];
      return std::any_of(tables.begin(), tables.end(),
                         [&](std::uint32_t table) { return now.share_rows(side, table); });
    };
    if (stood && (loaded(key.table_oid) || (options_.mode != LoadMode::append && loaded(key.referenced_oid))))
      out.push_back(key);
  }
  return out;
}

// Rows of a table that is not complete would be missed; its own error tells.
bool LoadGuards::sides_complete(const EnforcedKey& key, const Enforcement& now, JobResult& result) const {
  for (std::size_t i = 0; i < result.tasks.size(); ++i) {
    if (result.results[i].status == TaskStatus::done) continue;
    const auto found = now.tables.find(result.tasks[i].target);
    if (found == now.tables.end()) continue;
    if (!now.share_rows(key.table_oid, found->second) && !now.share_rows(key.referenced_oid, found->second)) continue;
    result.notes.push_back(
        fmt::format("foreign key {}: not proved, since {} is not complete", key.display(), result.tasks[i].name));
    return false;
  }
  return true;
}

void LoadGuards::report(const EnforcedKey& key, const Enforcement& now, Error error, JobResult& result) const {
  log::error("main", error);
  for (std::size_t i = 0; i < result.tasks.size(); ++i) {
    const auto found = now.tables.find(result.tasks[i].target);
    if (found != now.tables.end() && now.share_rows(key.table_oid, found->second))
      return result.results[i].post_errors.push_back(std::move(error));
  }
  result.errors.push_back(std::move(error));
}

void LoadGuards::prove(const std::string& conninfo, JobResult& result, const std::stop_token& drain,
                       const std::stop_token& cancel) {
  if (!to_prove()) return;
  PgConnection control(conninfo, "target", options_.application_name);
  const std::optional<GuardJournal> guards = journal_ ? std::optional<GuardJournal>(journal_->run()) : std::nullopt;
  const auto records = guards ? guards->read(control) : std::vector<GuardRecord>{};
  std::set<QualifiedName> names;
  for (const CopyTask& task : result.tasks) names.insert(task.target);
  for (const GuardRecord& record : records) names.insert(record.table);
  const Enforcement now = read_enforcement(control, names);
  const auto known = keys_of(records);
  std::vector<std::pair<EnforcedKey, const GuardRecord*>> keys;
  for (const EnforcedKey& key : now.keys)
    if (const auto record = known.find({key.table, key.name}); record != known.end() && !record->second->taken_off)
      keys.emplace_back(key, record->second);
  for (EnforcedKey& key : keys_to_prove(now, result))
    if (!known.contains({key.table, key.name})) keys.emplace_back(std::move(key), nullptr);
  std::erase_if(keys, [&](const auto& key) { return !sides_complete(key.first, now, result); });
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  const auto work = [&](unsigned) {
    PgConnection connection(conninfo, "target", options_.application_name);
    connection.exec("SET synchronous_commit = on");
    const std::stop_callback stop(cancel, [&connection] { connection.cancel(); });
    for (std::size_t i = next++; i < keys.size() && !drain.stop_requested(); i = next++) {
      auto error = prove_key(connection, keys[i].first, keys[i].second, guards ? &*guards : nullptr);
      const std::lock_guard lock(mutex);
      if (error) report(keys[i].first, now, std::move(*error), result);
    }
  };
  if (!keys.empty())
    run_workers(static_cast<unsigned>(std::min<std::size_t>(options_.workers, keys.size())), "proof", work);
  if (next < keys.size())
    throw Error(ErrorKind::interrupted, "interrupted before the foreign keys were proved").hint("--resume proves them");
  if (!keys.empty()) log::info("main", fmt::format("{} foreign keys are proved", keys.size()));
}

}  // namespace dbsync
