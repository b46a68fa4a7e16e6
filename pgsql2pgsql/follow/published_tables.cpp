#include "pgsql2pgsql/follow/published_tables.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "pgsql2pgsql/follow/replica_identity.h"
#include "pgsql2pgsql/follow/replication_slot.h"
#include "pgsql2pgsql/source/standby.h"

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
      left_.push_back({table->name, "it is unlogged"});
      continue;
    }
    const PgRelation& root = catalog.root_of(*table);
    const PgRelation& published = by_root && !in_part.contains(&root) ? root : *table;
    by_table_.emplace(table, published.name);
    names.emplace(published.name, published.oid);
  }
  for (const PgRelation* table : selected.extension_tables)
    left_.push_back({table->name, "it belongs to the extension " + table->extension});
  for (const TableListEntry* query : selected.queries)
    left_.push_back({{query->schema, query->table}, "it is a query"});
  for (const auto& [name, oid] : names) {
    names_.push_back(name);
    oids_.push_back(oid);
  }
}

void PublishedTables::leave(UnfitTable table) {
  const auto found = std::find(oids_.begin(), oids_.end(), table.oid);
  if (found == oids_.end()) return;  // left already
  const auto place = found - oids_.begin();
  table.name = names_[static_cast<std::size_t>(place)];
  left_.push_back({table.name, fmt::format("{}; to have its changes, run on {}: {}; then add it to the task's "
                                           "publication and --resync it, or a task of its own "
                                           "(--include, `task` in [local.pgsql])",
                                           table.fact, table.place, table.statement)});
  oids_.erase(found);
  names_.erase(names_.begin() + place);
  std::erase_if(by_table_, [&](const auto& entry) { return entry.second == table.name; });
  unfit_.push_back(std::move(table));
}

std::optional<QualifiedName> PublishedTables::name_of(const PgRelation& table) const {
  const auto found = by_table_.find(&table);
  return found == by_table_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<PgQuery> questions_of_followed(const PgConnection& source, const PgCatalog& catalog,
                                           const SelectedTables& selected, FollowConfig::WithoutKey without_key) {
  if (without_key != FollowConfig::WithoutKey::leave) return {};
  const PublishedTables all(catalog, selected, publishes_roots(source));
  return {question_of_leaves(all.oids()), question_without_identity(source, all.oids())};
}

PublishedTables followed_tables(PgConnection& source, const PgCatalog& catalog, const SelectedTables& selected,
                                FollowConfig::WithoutKey without_key) {
  PublishedTables out(catalog, selected, publishes_roots(source));
  if (without_key != FollowConfig::WithoutKey::leave) return out;
  const std::string place = place_of_statements(source);
  for (const LeafOfOtherIdentity& one : leaves_of_other_identity(source, out.oids()))
    out.leave({.oid = one.published,
               .name = {},
               .fact = fmt::format("its partition {} has another replica identity, so that some changes would not say "
                                   "which row they are of",
                                   display_name(one.leaf)),
               .statement = one.remedy_sql,
               .place = place});
  for (const TableWithoutIdentity& table : tables_without_identity(source, out.oids()))
    out.leave({.oid = table.published,
               .name = {},
               .fact = table.fact() + ", so that the source would refuse its UPDATEs and DELETEs",
               .statement = table.remedy_sql(),
               .place = place});
  return out;
}

}  // namespace dbsync
