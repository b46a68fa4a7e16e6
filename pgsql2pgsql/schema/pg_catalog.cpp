#include "pgsql2pgsql/schema/pg_catalog.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "embedded_sql.h"
#include "pg/catalog.h"
#include "pg/together.h"
#include "pgsql2pgsql/schema/catalog_questions.h"

namespace dbsync {

namespace {

constexpr int kDeclarativePartitions = 100000;

std::uint32_t oid_at(const PgResult& result, int row, int column) {
  return result.is_null(row, column) ? 0 : static_cast<std::uint32_t>(result.integer(row, column));
}

std::uint64_t count_at(const PgResult& result, int row, int column) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, result.integer(row, column)));
}

void read_relations(const PgResult& result, PgCatalog& catalog) {
  for (int row = 0; row < result.rows(); ++row) {
    PgRelation& relation = catalog.relations.emplace_back();
    relation.oid = oid_at(result, row, 0);
    relation.name = {result.text(row, 1), result.text(row, 2)};
    relation.kind = result.value(row, 3).front();
    relation.unlogged = result.boolean(row, 4);
    relation.partition = result.boolean(row, 5);
    relation.bytes = count_at(result, row, 6);
    relation.rows = count_at(result, row, 7);
    relation.parent = oid_at(result, row, 8);
    relation.extension = result.text(row, 9);
    if (!result.is_null(row, 10)) relation.configuration = result.text(row, 10);
  }
}

void read_columns(const PgResult& result, PgCatalog& catalog) {
  std::map<std::uint32_t, PgRelation*> by_oid;
  for (PgRelation& relation : catalog.relations) by_oid[relation.oid] = &relation;
  for (int row = 0; row < result.rows(); ++row) {
    const auto owner = by_oid.find(oid_at(result, row, 0));
    if (owner == by_oid.end()) continue;
    PgColumn column;
    column.name = result.text(row, 1);
    column.type_oid = oid_at(result, row, 2);
    column.enumeration = result.value(row, 3) == "e";
    column.type = pg_type_of(column.type_oid, result.value(row, 3), result.value(row, 4), result.text(row, 5),
                             result.integer(row, 6));
    column.not_null = result.boolean(row, 7);
    column.identity = result.boolean(row, 8);
    column.generated = result.boolean(row, 9);
    column.number = static_cast<int>(result.integer(row, 10));
    owner->second->columns.push_back(std::move(column));
  }
}

void read_sequences(const PgResult& result, PgCatalog& catalog) {
  for (int row = 0; row < result.rows(); ++row)
    catalog.sequences.push_back({oid_at(result, row, 0),
                                 {result.text(row, 1), result.text(row, 2)},
                                 {result.text(row, 3), result.text(row, 4)},
                                 result.text(row, 5)});
}

// Greenplum before 7: partitions are tables of their own in pg_class, but a COPY
// of the table at the top gives all their rows.
void hide_classic_partitions(PgConnection& connection, PgCatalog& catalog) {
  const PgResult result = connection.exec(sql::classic_partitions, {});
  std::map<std::uint32_t, std::uint32_t> roots;
  for (int row = 0; row < result.rows(); ++row) roots[oid_at(result, row, 0)] = oid_at(result, row, 1);
  std::map<std::uint32_t, std::pair<std::uint64_t, std::uint64_t>> sizes;
  for (const PgRelation& relation : catalog.relations) {
    const auto root = roots.find(relation.oid);
    if (root == roots.end()) continue;
    auto& [bytes, rows] = sizes[root->second];
    bytes += relation.bytes;
    rows += relation.rows;
  }
  std::erase_if(catalog.relations, [&](const PgRelation& relation) { return roots.contains(relation.oid); });
  for (PgRelation& relation : catalog.relations) {
    const auto size = sizes.find(relation.oid);
    if (size == sizes.end()) continue;
    relation.classic_root = true;
    relation.bytes += size->second.first;
    relation.rows = std::max(relation.rows, size->second.second);
  }
}

// They look like tables before 7.
void mark_external_tables(PgConnection& connection, PgCatalog& catalog) {
  const PgResult result = connection.exec(sql::external_relations, {});
  std::set<std::uint32_t> external;
  for (int row = 0; row < result.rows(); ++row) external.insert(oid_at(result, row, 0));
  for (PgRelation& relation : catalog.relations) {
    if (!external.contains(relation.oid)) continue;
    relation.kind = 'f';
    relation.external = true;
  }
}

PartitionTree partition_tree_of(const PgResult& result) {
  PartitionTree tree;
  for (int row = 0; row < result.rows(); ++row) {
    PartitionNode node{std::nullopt, result.text(row, 4), result.text(row, 5)};
    if (!result.is_null(row, 3)) node.parent = QualifiedName{result.text(row, 2), result.text(row, 3)};
    tree.emplace(QualifiedName{result.text(row, 0), result.text(row, 1)}, std::move(node));
  }
  return tree;
}

}  // namespace

const PgColumn* PgRelation::find_column(std::string_view column) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const PgColumn& c) { return c.name == column; });
  return found == columns.end() ? nullptr : &*found;
}

void PgCatalog::make_index() {
  by_oid_.clear();
  by_name_.clear();
  for (std::size_t i = 0; i < relations.size(); ++i) {
    by_oid_.emplace(relations[i].oid, i);
    by_name_.emplace(relations[i].name, i);
  }
}

const PgRelation* PgCatalog::find(const QualifiedName& name) const {
  if (by_name_.size() == relations.size()) {
    const auto place = by_name_.find(name);
    return place == by_name_.end() ? nullptr : &relations[place->second];
  }
  const auto found = std::find_if(relations.begin(), relations.end(),
                                  [&](const PgRelation& relation) { return relation.name == name; });
  return found == relations.end() ? nullptr : &*found;
}

const PgRelation* PgCatalog::find(std::uint32_t oid) const {
  if (by_oid_.size() == relations.size()) {
    const auto place = by_oid_.find(oid);
    return place == by_oid_.end() ? nullptr : &relations[place->second];
  }
  const auto found =
      std::find_if(relations.begin(), relations.end(), [&](const PgRelation& relation) { return relation.oid == oid; });
  return found == relations.end() ? nullptr : &*found;
}

const PgRelation& PgCatalog::root_of(const PgRelation& relation) const {
  const PgRelation* root = &relation;
  while (root->partition) {
    const PgRelation* parent = find(root->parent);
    if (parent == nullptr) break;
    root = parent;
  }
  return *root;
}

std::vector<PgQuery> questions_of_catalog(const PgConnection& connection) {
  std::vector<PgQuery> questions{{"SELECT pg_catalog.current_database()"},
                                 {sql::source_relations},
                                 {sql::source_columns},
                                 {sql::source_sequences}};
  if (connection.server_version() >= kDeclarativePartitions) questions.push_back({sql::partition_tree});
  return questions;
}

PgCatalog read_pg_catalog(PgConnection& connection, const Dialect& dialect) {
  PgCatalog catalog;
  const bool trees = connection.server_version() >= kDeclarativePartitions;
  const auto answers = ask_together(connection, questions_of_catalog(connection));
  catalog.database = answers[0].text(0, 0);
  read_relations(answers[1], catalog);
  if (dialect.distributed) catalog.segments = read_segment_tables(connection, dialect);
  if (dialect.distributed && !dialect.declarative_partitions) {
    hide_classic_partitions(connection, catalog);
    mark_external_tables(connection, catalog);
  }
  catalog.make_index();
  read_columns(answers[2], catalog);
  read_sequences(answers[3], catalog);
  if (trees) catalog.partitions = partition_tree_of(answers[4]);
  return catalog;
}

PartitionTree read_partition_tree(PgConnection& connection) {
  if (connection.server_version() < kDeclarativePartitions) return {};
  return partition_tree_of(connection.exec(sql::partition_tree, {}));
}

bool same_partition(const PartitionTree& a, const QualifiedName& leaf, const PartitionTree& b,
                    const QualifiedName& b_leaf) {
  const auto in_a = a.find(leaf);
  const auto in_b = b.find(b_leaf);
  if (in_a == a.end() || in_b == b.end()) return in_a == a.end() && in_b == b.end();
  const PartitionNode& x = in_a->second;
  const PartitionNode& y = in_b->second;
  if (x.bound != y.bound || x.key != y.key || x.parent.has_value() != y.parent.has_value()) return false;
  return !x.parent || same_partition(a, *x.parent, b, *y.parent);
}

}  // namespace dbsync
