#include "mysql2pgsql/binlog/cascades.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "mysql2pgsql/binlog/binlog_tables.h"
#include "mysql2pgsql/source/column_plan.h"

namespace dbsync {

namespace {

CascadeAction action_of(const std::string& rule, CascadeAction when_cascade) {
  if (rule == "CASCADE") return when_cascade;
  if (rule == "SET NULL" || rule == "SET DEFAULT") return CascadeAction::set_null;
  return CascadeAction::none;
}

// Equal values of both servers are the same values: text compares by its collation there.
bool compares_alike(const MysqlColumn& column) {
  switch (column.type.kind) {
    case MysqlKind::tinyint:
    case MysqlKind::smallint:
    case MysqlKind::mediumint:
    case MysqlKind::integer:
    case MysqlKind::bigint:
    case MysqlKind::decimal:
    case MysqlKind::year:
    case MysqlKind::binary:
    case MysqlKind::varbinary:
    case MysqlKind::uuid: return true;
    case MysqlKind::character: return column.type.collation.ends_with("_bin");
    case MysqlKind::varchar: return column.type.collation.ends_with("_0900_bin");
    default: return false;
  }
}

// One foreign key between two tables of the catalog.
struct Key {
  const MysqlTable* child = nullptr;
  const MysqlForeignKey* key = nullptr;
  std::string parent_db;
  const MysqlTable* parent = nullptr;  // null: of another database
  CascadeEdge edge;
  bool between = false;  // the child is not followed, but matters for those behind it
  std::string obstacle;
};

std::vector<std::size_t> places_in_images(const MysqlTable& table, const std::vector<std::string>& names) {
  std::vector<std::size_t> out;
  for (const std::string& name : names)
    if (const MysqlColumn* column = table.find_column(name)) out.push_back(column->ordinal);
  return out;
}

class CascadePlanner {
 public:
  CascadePlanner(const CascadeRequest& request, BinlogTables& tables) : request_(request), tables_(tables) {
    for (const CopyTask& task : request.tasks) {
      tasks_[task.name] = &task;
      ++sources_of_[task.target];
    }
  }

  void plan();
  // Nothing is known of the target.
  std::vector<std::string> obstacles();
  std::size_t acting() const { return keys_.size(); }

 private:
  void find_all();
  void find_keys();
  void keep_those_that_matter();
  void find_obstacles();
  std::string obstacle_of(const Key& key) const;
  bool leads_to(const Key& first, const Key& next) const;
  void pass_obstacles_back();
  void add_plan(const Key& key, const std::shared_ptr<const CascadeGraph>& graph);
  const CopyTask* task_of(const MysqlTable* table) const;
  std::string name_on_target(const MysqlTable& table, const std::string& column) const;
  FollowedTable key_table(const Key& key, const std::shared_ptr<const CascadeGraph>& graph);

  const CascadeRequest& request_;
  BinlogTables& tables_;
  std::map<std::string, const CopyTask*> tasks_;  // that are followed, by source table
  std::map<QualifiedName, unsigned> sources_of_;  // tables that a target is filled from
  std::vector<Key> keys_;
  std::uint32_t ids_ = 0;
};

const CopyTask* CascadePlanner::task_of(const MysqlTable* table) const {
  if (table == nullptr) return nullptr;
  const auto found = tasks_.find(table->name);
  return found == tasks_.end() ? nullptr : found->second;
}

// "" when the target does not have it.
std::string CascadePlanner::name_on_target(const MysqlTable& table, const std::string& column) const {
  const CopyTask* task = task_of(&table);
  if (task == nullptr) return column;
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    if (table.columns[i].name == column) return task->definition->columns.at(i).name;
  return {};
}

void CascadePlanner::find_keys() {
  for (const MysqlTable& child : request_.catalog.tables)
    for (const MysqlForeignKey& key : child.foreign_keys) {
      Key found;
      found.child = &child;
      found.key = &key;
      found.parent_db = key.target_schema.empty() ? request_.catalog.db : key.target_schema;
      if (found.parent_db == request_.catalog.db) found.parent = request_.catalog.find_table(key.target_table);
      found.edge.on_delete = action_of(key.on_delete, CascadeAction::remove);
      found.edge.on_update = action_of(key.on_update, CascadeAction::take_over);
      if (found.edge.on_delete == CascadeAction::none && found.edge.on_update == CascadeAction::none) continue;
      const CopyTask* task = task_of(&child);
      found.edge.child = task == nullptr ? QualifiedName{found.parent_db, child.name} : task->target;
      found.between = task == nullptr;
      keys_.push_back(std::move(found));
    }
}

// Through tables that are not followed, too: what happens to those is not in the binlog,
// either, and what follows from it even less.
void CascadePlanner::keep_those_that_matter() {
  std::set<const MysqlTable*> matter;
  for (std::size_t before = keys_.size() + 1; before != matter.size();) {
    before = matter.size();
    for (const Key& key : keys_)
      if (key.parent != nullptr && (!key.between || matter.contains(key.child))) matter.insert(key.parent);
  }
  std::erase_if(keys_, [&](const Key& key) { return key.between && !matter.contains(key.child); });
}

std::string CascadePlanner::obstacle_of(const Key& key) const {
  if (key.between) return fmt::format("{} is not followed, but the keys behind it are", key.child->name);
  if (key.parent == nullptr) return fmt::format("the key refers to another database, {}", key.parent_db);
  const CopyTask& task = *task_of(key.child);
  if (sources_of_.at(task.target) > 1) return fmt::format("{} is filled from several tables", task.target.display());
  const FollowedTable& child = *tables_.find(request_.catalog.db, key.child->name);
  if (!child.origin_field.empty()) return fmt::format("{} has an origin column", task.target.display());
  if (key.key->on_delete == "SET DEFAULT" || key.key->on_update == "SET DEFAULT") return "SET DEFAULT";
  for (std::size_t i = 0; i < key.key->columns.size(); ++i) {
    const std::string& name = key.key->columns[i];
    const auto column = std::find_if(child.columns.begin(), child.columns.end(),
                                     [&](const FollowedColumn& candidate) { return candidate.source.name == name; });
    if (column == child.columns.end() || column->place < 0)
      return fmt::format("the target takes no values of {}.{}", key.child->name, name);
    const MysqlColumn* parent = key.parent->find_column(key.key->target_columns.at(i));
    if (parent == nullptr || !compares_alike(*parent) || !compares_alike(column->source))
      return fmt::format("{}.{} is compared by a collation or in a way that PostgreSQL does not have", key.child->name,
                         name);
  }
  const bool sets = key.edge.on_delete == CascadeAction::set_null || key.edge.on_update != CascadeAction::none;
  for (const FollowedColumn& column : child.columns)
    if (sets && column.place >= 0 && !column.source.generation_expression.empty())
      return fmt::format("{}.{} is generated there and an ordinary column on the target", key.child->name,
                         column.source.name);
  return {};
}

void CascadePlanner::find_obstacles() {
  for (Key& key : keys_) {
    key.obstacle = obstacle_of(key);
    for (const std::string& column : key.key->columns) key.edge.columns.push_back(name_on_target(*key.child, column));
    if (key.parent != nullptr)
      for (const std::string& column : key.key->target_columns)
        key.edge.referred.push_back(name_on_target(*key.parent, column));
  }
}

// Whether what `first` does makes `next` act.
bool CascadePlanner::leads_to(const Key& first, const Key& next) const {
  if (next.parent != first.child) return false;
  if (first.edge.on_delete == CascadeAction::remove && next.edge.on_delete != CascadeAction::none) return true;
  const bool sets = first.edge.on_delete == CascadeAction::set_null || first.edge.on_update != CascadeAction::none;
  if (!sets || next.edge.on_update == CascadeAction::none) return false;
  const auto& changed = first.key->columns;
  return std::any_of(next.key->target_columns.begin(), next.key->target_columns.end(), [&](const std::string& name) {
    return std::find(changed.begin(), changed.end(), name) != changed.end();
  });
}

void CascadePlanner::pass_obstacles_back() {
  for (bool changed = true; changed;) {
    changed = false;
    for (Key& first : keys_)
      for (const Key& next : keys_) {
        if (!first.obstacle.empty() || next.obstacle.empty() || !leads_to(first, next)) continue;
        first.obstacle = next.obstacle;
        changed = true;
      }
  }
}

// The table that is referred to, with nothing but the columns of the key, which are
// encoded for those that refer to them.
FollowedTable CascadePlanner::key_table(const Key& key, const std::shared_ptr<const CascadeGraph>& graph) {
  const TargetTable& target = request_.relations.at(key.edge.child);
  CascadeEdge edge = key.edge;
  edge.columns.clear();
  edge.referred.clear();
  FollowedTable out = make_key_table(*key.parent, [&](const MysqlColumn& column) -> std::optional<ColumnPlan> {
    const auto& referred = key.key->target_columns;
    const auto place =
        static_cast<std::size_t>(std::find(referred.begin(), referred.end(), column.name) - referred.begin());
    if (place == referred.size()) return std::nullopt;
    edge.columns.push_back(key.edge.columns[place]);
    edge.referred.push_back(key.edge.referred[place]);
    return plan_column(key.edge.columns[place], column.type, wire_of(column.type), target, request_.policies);
  });
  out.db = request_.catalog.db;
  Relation relation;
  relation.id = request_.first_id + ids_++;
  relation.name = {request_.catalog.db, key.parent->name};
  relation.identity = ReplicaIdentity::full;
  relation.values = RelationValues::target_text;
  for (const std::string& name : edge.columns) relation.columns.push_back({.name = name, .key = true});
  relation.cascade = std::make_shared<const Cascade>(Cascade{std::move(edge), graph});
  out.relation = std::make_shared<const Relation>(std::move(relation));
  return out;
}

void CascadePlanner::add_plan(const Key& key, const std::shared_ptr<const CascadeGraph>& graph) {
  CascadePlan plan;
  plan.child = key.child->name;
  plan.child_name = {request_.catalog.db, key.child->name};
  plan.on_delete = key.edge.on_delete != CascadeAction::none;
  plan.on_update = key.edge.on_update != CascadeAction::none;
  plan.obstacle = key.obstacle;
  plan.ends_at_child = std::none_of(keys_.begin(), keys_.end(), [&](const Key& next) { return leads_to(key, next); });
  if (key.parent != nullptr) plan.places = places_in_images(*key.parent, key.key->target_columns);
  if (plan.obstacle.empty()) {
    try {
      plan.keys = std::make_unique<FollowedTable>(key_table(key, graph));
    } catch (const Error& error) {
      plan.obstacle = error.message();
    }
  }
  if (!plan.obstacle.empty() && key.parent != nullptr) {
    plan.keys = std::make_unique<FollowedTable>(
        make_key_table(*key.parent, [](const MysqlColumn&) { return std::optional<ColumnPlan>(); }));
    plan.keys->db = key.parent_db;
  }
  tables_.add_cascade(key.parent_db, key.key->target_table, std::move(plan));
}

void CascadePlanner::find_all() {
  find_keys();
  keep_those_that_matter();
  find_obstacles();
  pass_obstacles_back();
}

std::vector<std::string> CascadePlanner::obstacles() {
  find_all();
  std::vector<std::string> out;
  for (const Key& key : keys_) {
    CascadePlan plan;
    plan.child = key.child->name;
    plan.obstacle = key.obstacle;
    if (!plan.obstacle.empty()) out.push_back(cascade_to_stop_at(key.parent_db + "." + key.key->target_table, plan));
  }
  return out;
}

void CascadePlanner::plan() {
  find_all();
  auto graph = std::make_shared<CascadeGraph>();
  for (const Key& key : keys_)
    if (const CopyTask* parent = task_of(key.parent); parent != nullptr && !key.between)
      (*graph)[parent->target].push_back(key.edge);
  for (const Key& key : keys_) add_plan(key, graph);
}

}  // namespace

namespace {}  // namespace

bool acts(const MysqlForeignKey& key) {
  return action_of(key.on_delete, CascadeAction::remove) != CascadeAction::none ||
         action_of(key.on_update, CascadeAction::take_over) != CascadeAction::none;
}

void leave_out_before_cascades(const MysqlCatalog& catalog, std::set<std::string>& others) {
  for (bool changed = true; changed;) {
    changed = false;
    for (const MysqlTable& table : catalog.tables) {
      if (!table.in_run || others.contains(table.name)) continue;
      for (const MysqlForeignKey& key : table.foreign_keys) {
        const MysqlTable* parent = catalog.find_table(key.target_table);
        if (!acts(key) || parent == nullptr) continue;
        const auto& keys = parent->foreign_keys;
        if (std::any_of(keys.begin(), keys.end(), acts)) changed = others.erase(parent->name) > 0 || changed;
      }
    }
  }
}

void leave_out_behind_cascades(const MysqlCatalog& catalog, std::set<std::string>& loaded) {
  const auto stands_between = [&](const MysqlTable& table, const MysqlForeignKey& key) {
    if (!acts(key) || key.target_table == table.name) return false;
    return std::any_of(catalog.tables.begin(), catalog.tables.end(), [&](const MysqlTable& parent) {
      return parent.name == key.target_table && parent.in_run && !loaded.contains(parent.name) &&
             std::any_of(parent.foreign_keys.begin(), parent.foreign_keys.end(), acts);
    });
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (const MysqlTable& table : catalog.tables) {
      const bool behind = std::any_of(table.foreign_keys.begin(), table.foreign_keys.end(),
                                      [&](const MysqlForeignKey& key) { return stands_between(table, key); });
      changed = (behind && loaded.erase(table.name) > 0) || changed;
    }
  }
}

bool cascades_are_logged(SourceQueries& source) {
  constexpr unsigned kSince = 90600;  // of MySQL, which left it to the engine before
  if (source.is_mariadb() || source.version_number() < kSince) return false;
  const auto by_engine = source.query("SHOW GLOBAL VARIABLES LIKE 'innodb_native_foreign_keys'");
  return by_engine.empty() || by_engine[0].size() < 2 || by_engine[0][1] != "ON";
}

std::string cascade_to_stop_at(const std::string& parent, const CascadePlan& plan) {
  return fmt::format("of {} in {} ({})", parent, plan.child, plan.obstacle);
}

std::vector<std::string> cascades_to_stop_at(const MysqlCatalog& catalog, const std::vector<CopyTask>& tasks,
                                             const TableRules& rules, std::size_t& acting) {
  BinlogTables tables([](const std::string&) { return std::vector<SourceQueries::Row>(); });
  for (const CopyTask& task : tasks) {
    FollowedTable table;
    table.db = catalog.db;
    table.name = task.name;
    if (rules.origin({catalog.db, task.name})) table.origin_field = "taken";
    const MysqlTable& source = *catalog.find_table(task.name);
    for (std::size_t i = 0; i < source.columns.size(); ++i) {
      const bool computed = !task.definition->columns.at(i).generated_sql.empty();
      table.columns.push_back({source.columns[i], computed ? -1 : static_cast<int>(i)});
    }
    table.relation = std::make_shared<const Relation>();
    tables.add(std::move(table));
  }
  const std::map<QualifiedName, TargetTable> unknown;
  const ValuePolicies policies;
  const CascadeRequest request{
      .catalog = catalog, .tasks = tasks, .relations = unknown, .policies = policies, .first_id = 0};
  CascadePlanner planner(request, tables);
  auto out = planner.obstacles();
  acting = planner.acting();
  return out;
}

void add_cascades(const CascadeRequest& request, BinlogTables& tables) { CascadePlanner(request, tables).plan(); }

}  // namespace dbsync
