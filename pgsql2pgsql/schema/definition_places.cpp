#include "pgsql2pgsql/schema/definition_places.h"

#include <fmt/format.h>

namespace dbsync {

namespace {

// FOR VALUES FROM ('1') TO (MAXVALUE), FOR VALUES IN ('a', NULL) as Greenplum had them
// before 7; "" when there is no such form.
std::string classic_bounds(const std::string& bounds) {
  constexpr std::string_view kList = "FOR VALUES IN ";
  constexpr std::string_view kRange = "FOR VALUES FROM (";
  constexpr std::string_view kTo = ") TO (";
  if (bounds.starts_with(kList)) return "VALUES " + bounds.substr(kList.size());
  const std::size_t to = bounds.find(kTo);
  if (!bounds.starts_with(kRange) || to == std::string::npos || !bounds.ends_with(')')) return {};
  const std::string from = bounds.substr(kRange.size(), to - kRange.size());
  const std::string until = bounds.substr(to + kTo.size(), bounds.size() - to - kTo.size() - 1);
  if (until.find(kTo) != std::string::npos) return {};  // within a text
  std::string out = from == "MINVALUE" ? "" : fmt::format("START ({}) INCLUSIVE", from);
  if (until != "MAXVALUE") out += fmt::format("{}END ({}) EXCLUSIVE", out.empty() ? "" : " ", until);
  return out;
}

// Nothing when a part of it is an expression, or a column that is not copied.
std::optional<PartitionKey> partition_key(PgConnection& source, const PgRelation& relation) {
  const PgResult key = source.exec(
      "SELECT p.partstrat, a.attname FROM pg_catalog.pg_partitioned_table p CROSS JOIN LATERAL "
      "pg_catalog.unnest(p.partattrs::int2[]) WITH ORDINALITY AS u(attnum, n) LEFT JOIN pg_catalog.pg_attribute a "
      "ON a.attrelid = p.partrelid AND a.attnum = u.attnum AND u.attnum > 0 WHERE p.partrelid = $1 ORDER BY u.n",
      {std::to_string(relation.oid)});
  PartitionKey out;
  for (int row = 0; row < key.rows(); ++row) {
    const PgColumn* column = relation.find_column(key.value(row, 1));
    if (column == nullptr) return std::nullopt;
    out.columns.push_back(column->target_name());
  }
  if (key.rows() == 0) return std::nullopt;
  const std::string_view method = key.value(0, 0);
  out.method = method == "r" ? "RANGE" : method == "l" ? "LIST" : "HASH";
  return out;
}

// False when they cannot be made.
bool add_parts(const DefinitionSet& set, const PgRelation& parent, const PartitionKey& key,
               std::vector<Partition>& out) {
  for (const PgRelation& child : set.request.catalog.relations) {
    if (!child.partition || child.parent != parent.oid) continue;
    if (child.kind != 'r' && child.kind != 'p') return false;
    Partition& part = out.emplace_back();
    part.name = child.name.name;
    part.bounds_sql = set.request.catalog.partitions.at(child.name).bound;
    part.is_default = part.bounds_sql == "DEFAULT";
    part.classic_sql = key.columns.size() == 1 ? classic_bounds(part.bounds_sql) : std::string();
    if (const auto place = set.request.catalog.segments.find(child.oid);
        set.request.dialect.distributed && place != set.request.catalog.segments.end())
      part.storage = place->second.storage;
    if (child.kind != 'p') continue;
    const auto below = partition_key(set.source, child);
    if (!below) return false;
    part.key = *below;
    // Without a part it takes no row, and cannot be told from a leaf.
    if (!add_parts(set, child, *below, part.parts) || part.parts.empty()) return false;
  }
  return true;
}

}  // namespace

void define_access_methods(DefinitionSet& set) {
  constexpr int kMethodsSince = 120000;
  // Greenplum has methods of its own, for its append-optimized tables.
  const bool of_segments = set.request.dialect.distributed || !set.request.catalog.segments.empty();
  const bool spoken = !of_segments && set.request.dialect.base >= kMethodsSince / 10000;
  if (set.source.server_version() < kMethodsSince || !spoken) return;
  const PgResult result = set.source.exec(
      "SELECT c.oid, m.amname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_am m ON m.oid = c.relam "
      "WHERE c.relkind = 'r' AND m.amtype = 't' AND m.amname <> 'heap'");
  for (int row = 0; row < result.rows(); ++row)
    if (Table* table = set.find(result, row)) table->access_method = result.text(row, 1);
}

void note_inheritance(DefinitionSet& set) {
  const PgResult result = set.source.exec(
      "SELECT i.inhrelid, i.inhparent::pg_catalog.regclass::text FROM pg_catalog.pg_inherits i "
      "JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid "
      "WHERE NOT coalesce(row_to_json(c)->>'relispartition', 'false')::boolean ORDER BY i.inhrelid, i.inhseqno",
      {});
  for (int row = 0; row < result.rows(); ++row)
    if (Table* table = set.find(result, row))
      table->notes.push_back(fmt::format("it inherited from {}, and is a table of its own here", result.text(row, 1)));
}

void define_partitions(const DefinitionSet& set, const PgRelation& root, Table& table) {
  if (root.kind != 'p') return;
  const auto key = partition_key(set.source, root);
  Partitioning partitioning;
  if (!key || !add_parts(set, root, *key, partitioning.partitions) ||
      (!set.request.dialect.declarative_partitions && !set.request.dialect.distributed)) {
    table.notes.emplace_back(kPartitionsLeftOut);
    return;
  }
  partitioning.method = key->method;
  partitioning.columns = key->columns;
  table.partitioning = std::move(partitioning);
}

}  // namespace dbsync
