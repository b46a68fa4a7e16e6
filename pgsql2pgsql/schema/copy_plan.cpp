#include "pgsql2pgsql/schema/copy_plan.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "pgsql2pgsql/schema/mapped_tables.h"

namespace dbsync {

namespace {

bool has_rows_of_its_own(const PgRelation& relation) { return relation.kind == 'r'; }

class Selector {
 public:
  Selector(const PgCatalog& catalog, const TableChoice& choice) : catalog_(catalog), choice_(choice) {}

  SelectedTables run() {
    if (choice_.list.empty())
      take_matching();
    else
      for (const TableListEntry& entry : choice_.list) take_entry(entry);
    return std::move(out_);
  }

 private:
  void take_matching() {
    out_.whole_database = choice_.filter.everything();
    std::vector<QualifiedName> names;
    for (const PgRelation& relation : catalog_.relations) names.push_back(relation.name);
    if (const auto unmatched = choice_.filter.unmatched(names); !unmatched.empty())
      throw Error(ErrorKind::config,
                  fmt::format("the source {} has no table that matches {}", catalog_.database, join(unmatched, ", ")))
          .hint("patterns are schema.table or table, with * and ?; names are case-sensitive");
    for (const PgRelation& relation : catalog_.relations)
      if (wants(relation)) take(relation);
  }

  // A partition goes with the table at the top of its tree, and may be named itself.
  bool wants(const PgRelation& relation) const {
    const PgRelation& root = catalog_.root_of(relation);
    return choice_.filter.wants(relation.name) ||
           (&root != &relation && choice_.filter.wants(root.name) && !excluded(relation));
  }

  bool excluded(const PgRelation& relation) const { return !choice_.filter.without_include().wants(relation.name); }

  void take(const PgRelation& relation) {
    const std::string name = display_name(relation.name);
    if (!relation.extension.empty()) {
      if (relation.kind == 'r' && relation.configuration) {
        if (seen_.insert(relation.oid).second) out_.extension_tables.push_back(&relation);
        return;
      }
      if (relation.kind == 'r')
        note(fmt::format("{}: left out, since it belongs to the extension {}", name, relation.extension));
    } else if (relation.kind == 'f') {
      note(fmt::format("{}: left out, since it is {} table", name, relation.external ? "an external" : "a foreign"));
    } else if (has_rows_of_its_own(relation) && relation.unlogged && choice_.standby) {
      note(fmt::format("{}: left out, since a standby has no rows of unlogged tables", name));
    } else if (has_rows_of_its_own(relation) && seen_.insert(relation.oid).second) {
      out_.tables.push_back(&relation);
    }
  }

  void take_entry(const TableListEntry& entry) {
    if (!entry.query.empty()) {
      out_.queries.push_back(&entry);
      return;
    }
    const PgRelation& relation = find(entry);
    if (relation.kind != 'r' && relation.kind != 'p')
      throw Error(ErrorKind::config,
                  fmt::format("table list line {}: {} is not a table", entry.line, display_name(relation.name)))
          .hint("rows of views and foreign tables are copied with a query: name : select * from …");
    if (relation.kind == 'r') return take(relation);
    for (const PgRelation* leaf : all_below(relation)) take(*leaf);
  }

  // In the catalog's order.
  std::set<const PgRelation*> all_below(const PgRelation& ancestor) {
    if (parts_.empty())
      for (const PgRelation& relation : catalog_.relations)
        if (relation.partition) parts_[relation.parent].push_back(&relation);
    std::set<const PgRelation*> out;
    std::vector<std::uint32_t> open{ancestor.oid};
    while (!open.empty()) {
      const auto parts = parts_.find(open.back());
      open.pop_back();
      if (parts == parts_.end()) continue;
      for (const PgRelation* part : parts->second)
        if (out.insert(part).second) open.push_back(part->oid);
    }
    return out;
  }

  const std::vector<const PgRelation*>& named(const std::string& name) {
    if (by_name_.empty())
      for (const PgRelation& relation : catalog_.relations)
        if (relation.kind != 'S') by_name_[relation.name.name].push_back(&relation);
    return by_name_[name];
  }

  const PgRelation& find(const TableListEntry& entry) {
    std::vector<const PgRelation*> found;
    for (const PgRelation* relation : named(entry.table))
      if (entry.schema.empty() || entry.schema == relation->name.schema) found.push_back(relation);
    // As a session would find it: public goes before other schemas.
    const auto in_public =
        std::find_if(found.begin(), found.end(), [](const PgRelation* r) { return r->name.schema == "public"; });
    if (found.size() == 1) return *found.front();
    if (in_public != found.end()) return **in_public;
    const std::string wanted = display_name({entry.schema, entry.table});
    if (found.empty()) {
      Error error(ErrorKind::config, fmt::format("table list line {}: the source {} has no table {}", entry.line,
                                                 catalog_.database, wanted));
      std::vector<std::string> names;
      for (const PgRelation& relation : catalog_.relations)
        if (relation.kind != 'S') names.push_back(relation.name.name);
      const std::string near = nearest_name(entry.table, names);
      throw error.hint(near.empty() ? "check the table list; names are case-sensitive"
                                    : fmt::format("did you mean {}?", near));
    }
    throw Error(ErrorKind::config,
                fmt::format("table list line {}: several schemas have a table {}", entry.line, wanted))
        .hint(fmt::format("write {} or {}", display_name(found[0]->name), display_name(found[1]->name)));
  }

  void note(std::string text) { out_.notes.push_back(std::move(text)); }

  const PgCatalog& catalog_;
  const TableChoice& choice_;
  std::set<std::uint32_t> seen_;
  std::map<std::string, std::vector<const PgRelation*>> by_name_;  // for table lists, made once it is asked for
  std::map<std::uint32_t, std::vector<const PgRelation*>> parts_;  // of partitioned tables, likewise
  SelectedTables out_;
};

// Two tables of the source in one of the target would be a mixture nobody asked for.
void refuse_collisions(const PgCatalog& catalog, const SelectedTables& selected, const SchemaMap& map) {
  std::map<QualifiedName, QualifiedName> taken;
  for (const PgRelation* relation : selected.tables) {
    if (relation->mapped) continue;  // my.cfg names its target
    const QualifiedName& name = catalog.root_of(*relation).name;
    const auto [first, added] = taken.emplace(map.of(name), name);
    if (!added && first->second != name)
      throw Error(ErrorKind::config, fmt::format("{} and {} would both become {}", display_name(first->second),
                                                 display_name(name), display_name(map.of(name))))
          .hint("leave one of them out, or map their schemas to different ones with [schema_map]");
  }
}

QualifiedName target_in(const PgCatalog& catalog, const PgRelation& relation, const SchemaMap& map,
                        const PartitionTree& target) {
  if (relation.mapped) return target_of(relation, map);
  const QualifiedName own = map.of(relation.name);
  if (!relation.partition || same_partition(catalog.partitions, relation.name, target, own)) return own;
  return map.of(catalog.root_of(relation).name);
}

const QualifiedName& top_of(const PartitionTree& tree, const QualifiedName& leaf) {
  const auto found = tree.find(leaf);
  return found == tree.end() || !found->second.parent ? leaf : top_of(tree, *found->second.parent);
}

std::map<QualifiedName, std::set<QualifiedName>> leaves_by_top(const PartitionTree& tree) {
  std::map<QualifiedName, std::set<QualifiedName>> out;
  for (const auto& [name, node] : tree)
    if (node.parent && node.key.empty()) out[top_of(tree, name)].insert(name);
  return out;
}

// Leaves that only the target has may hold rows: the tree is compared as a whole then,
// provided that all of the source's leaves are part of this run.
void find_other_leaves(const PgCatalog& catalog, const PartitionTree& target, PlannedTasks& planned) {
  std::map<std::uint32_t, std::size_t> leaves;  // by the root on the source
  for (const PgRelation& relation : catalog.relations)
    if (relation.partition && relation.kind != 'p') ++leaves[catalog.root_of(relation).oid];
  if (leaves.empty()) return;
  const auto of_target = leaves_by_top(target);
  std::map<std::uint32_t, std::vector<CopyTask*>> trees;
  for (CopyTask& task : planned.tasks) {
    const auto relation = planned.relations.find(task.name);
    if (relation != planned.relations.end() && relation->second->partition)
      trees[catalog.root_of(*relation->second).oid].push_back(&task);
  }
  for (const auto& [root, tasks] : trees) {
    const QualifiedName top = top_of(target, tasks.front()->target);
    const auto all = of_target.find(top);
    if (all == of_target.end() || tasks.size() != leaves[root]) continue;
    std::set<QualifiedName> filled;
    for (const CopyTask* task : tasks)
      if (all->second.contains(task->target)) filled.insert(task->target);
    if (filled.size() != tasks.size() || filled == all->second) continue;
    for (CopyTask* task : tasks) task->target_tree = top;
  }
}

}  // namespace

bool SelectedTables::contains(const PgRelation& relation) const {
  return std::find(tables.begin(), tables.end(), &relation) != tables.end();
}

SelectedTables select_tables(const PgCatalog& catalog, const TableChoice& choice) {
  return Selector(catalog, choice).run();
}

PlannedTasks plan_tasks(const PgCatalog& catalog, const SelectedTables& selected, const SchemaMap& map,
                        const PartitionTree& target, const std::string& query_schema) {
  refuse_collisions(catalog, selected, map);
  PlannedTasks out;
  out.tasks.reserve(selected.tables.size() + selected.queries.size());
  for (const PgRelation* relation : selected.tables) {
    CopyTask task;
    task.name = display_name(relation->name);
    // Control characters may make two names look alike.
    while (!out.relations.emplace(task.name, relation).second) task.name += fmt::format(" ({})", relation->oid);
    task.target = target_in(catalog, *relation, map, target);
    task.estimated_bytes = relation->bytes;
    task.estimated_rows = relation->rows;
    out.tasks.push_back(std::move(task));
  }
  find_other_leaves(catalog, target, out);
  for (const TableListEntry* entry : selected.queries) {
    CopyTask task;
    task.target = {entry->schema.empty() ? query_schema : entry->schema, entry->table};
    task.name = display_name({entry->schema, entry->table});
    task.query = entry->query;
    out.tasks.push_back(std::move(task));
  }
  return out;
}

}  // namespace dbsync
