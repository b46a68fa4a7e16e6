#include "pgsql2pgsql/schema/mapped_tables.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace dbsync {

namespace {

bool is_table(const PgRelation& relation) {
  return (relation.kind == 'r' || relation.kind == 'p') && relation.extension.empty();
}

// `name`: of the table at the top.
void apply_to_columns(PgRelation& relation, const QualifiedName& name, const TableRules& rules) {
  std::erase_if(relation.columns, [&](const PgColumn& column) {
    if (!rules.excludes(name, column.name)) return false;
    relation.excluded.push_back(column.name);
    return true;
  });
  std::map<std::string, std::string> names;  // the source's, by the target's
  for (PgColumn& column : relation.columns) {
    column.new_name = rules.column_name(name, column.name).value_or("");
    const auto [other, fresh] = names.emplace(column.target_name(), column.name);
    if (!fresh) throw same_new_name(display_name(name), other->second, column.name, column.target_name());
  }
  relation.origin = rules.origin(name);
  if (relation.origin && names.contains(relation.origin->name))
    throw origin_column_taken(display_name(name), relation.origin->name);
}

void apply_to_table(PgRelation& relation, const QualifiedName& root, const TableRules& rules, const SchemaMap& map) {
  if (const auto target = rules.target(root))
    relation.target = QualifiedName{target->schema.empty() ? map.of(root.schema) : target->schema, target->name};
  apply_to_columns(relation, root, rules);
  const bool renamed = std::any_of(relation.columns.begin(), relation.columns.end(),
                                   [](const PgColumn& column) { return !column.new_name.empty(); });
  relation.mapped = relation.target || renamed || !relation.excluded.empty() || relation.origin;
  // All of the tree goes where its top goes.
  if (relation.mapped && relation.partition && !relation.target) relation.target = map.of(root);
}

// A table that has by itself the name that a rule gives to another one.
void map_sharers(PgCatalog& catalog, const SchemaMap& map) {
  std::set<QualifiedName> given;
  for (const PgRelation& relation : catalog.relations)
    if (relation.target) given.insert(*relation.target);
  for (PgRelation& relation : catalog.relations) {
    if (!is_table(relation) || relation.mapped) continue;
    const QualifiedName target = map.of(catalog.root_of(relation).name);
    if (!given.contains(target)) continue;
    relation.mapped = true;
    if (relation.partition) relation.target = target;
  }
}

}  // namespace

std::vector<std::string> apply_table_rules(PgCatalog& catalog, const TableRules& rules, const SchemaMap& map) {
  if (rules.empty()) return {};
  std::vector<TableRules::SourceTable> tables;
  for (const PgRelation& relation : catalog.relations) {
    if (!is_table(relation) || relation.partition) continue;
    TableRules::SourceTable& table = tables.emplace_back();
    table.name = relation.name;
    for (const PgColumn& column : relation.columns) table.columns.push_back(column.name);
  }
  for (PgRelation& relation : catalog.relations)
    if (is_table(relation)) apply_to_table(relation, catalog.root_of(relation).name, rules, map);
  map_sharers(catalog, map);
  return rules.idle(tables);
}

QualifiedName target_of(const PgRelation& relation, const SchemaMap& map) {
  return relation.target ? *relation.target : map.of(relation.name);
}

bool shares_target(const PgRelation& relation, const PgCatalog& catalog, const SchemaMap& map) {
  if (!relation.mapped) return false;
  const QualifiedName target = target_of(relation, map);
  const PgRelation& root = catalog.root_of(relation);
  return std::any_of(catalog.relations.begin(), catalog.relations.end(), [&](const PgRelation& other) {
    return other.mapped && &catalog.root_of(other) != &root && target_of(other, map) == target;
  });
}

}  // namespace dbsync
