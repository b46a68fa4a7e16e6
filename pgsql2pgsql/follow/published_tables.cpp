#include "pgsql2pgsql/follow/published_tables.h"

#include <set>

#include <fmt/format.h>

namespace dbsync {

namespace {

// Roots of which a leaf with rows is not selected.
std::set<const PgRelation*> roots_in_part(const PgCatalog& catalog, const SelectedTables& selected) {
  const std::set<const PgRelation*> wanted(selected.tables.begin(), selected.tables.end());
  std::set<const PgRelation*> out;
  for (const PgRelation& relation : catalog.relations)
    if (relation.partition && relation.kind == 'r' && !wanted.contains(&relation))
      out.insert(&catalog.root_of(relation));
  return out;
}

}  // namespace

PublishedTables::PublishedTables(const PgCatalog& catalog, const SelectedTables& selected, bool by_root) {
  const auto in_part = roots_in_part(catalog, selected);
  std::map<QualifiedName, std::uint32_t> names;
  for (const PgRelation* table : selected.tables) {
    if (table->unlogged) {
      notes_.push_back(fmt::format("{}: copied and not followed, since it is unlogged", display_name(table->name)));
      continue;
    }
    const PgRelation& root = catalog.root_of(*table);
    const PgRelation& published = by_root && !in_part.contains(&root) ? root : *table;
    by_table_.emplace(table, published.name);
    names.emplace(published.name, published.oid);
  }
  for (const PgRelation* table : selected.extension_tables)
    notes_.push_back(fmt::format("{}: copied and not followed, since it belongs to the extension {}",
                                 display_name(table->name), table->extension));
  for (const TableListEntry* query : selected.queries)
    notes_.push_back(
        fmt::format("{}: copied and not followed, since it is a query", display_name({query->schema, query->table})));
  for (const auto& [name, oid] : names) {
    names_.push_back(name);
    oids_.push_back(oid);
  }
}

std::optional<QualifiedName> PublishedTables::name_of(const PgRelation& table) const {
  const auto found = by_table_.find(&table);
  return found == by_table_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace dbsync
