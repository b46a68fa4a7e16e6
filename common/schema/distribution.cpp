#include "schema/distribution.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "schema/ddl_table.h"

namespace dbsync {

namespace {

using Names = std::vector<std::string>;

bool contains_all(const Names& whole, const Names& part) {
  return std::all_of(part.begin(), part.end(), [&](const std::string& name) {
    return std::find(whole.begin(), whole.end(), name) != whole.end();
  });
}

// Columns of a unique index; empty when one of its keys is an expression.
Names columns_of(const Index& index) {
  Names out;
  for (const IndexKey& key : index.keys) {
    if (key.column.empty()) return {};
    out.push_back(key.column);
  }
  return out;
}

Names intersection(const Names& a, const Names& b) {
  Names out;
  for (const auto& name : a)
    if (std::find(b.begin(), b.end(), name) != b.end()) out.push_back(name);
  return out;
}

Names hashable(const Table& table, Names names) {
  const bool all = std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    const Column* column = table.find_column(name);
    return column != nullptr && can_distribute_by(column->type);
  });
  return all ? names : Names{};
}

// The columns that the primary key has in common with the other unique keys, or
// the primary key alone; without one, the first unique key.
Names choose_columns(const Table& table) {
  Names chosen = hashable(table, table.primary_key.columns);
  for (const Index& index : table.indexes) {
    if (!index.unique) continue;
    const Names columns = hashable(table, columns_of(index));
    if (columns.empty()) continue;
    if (chosen.empty()) {
      chosen = columns;
    } else if (const Names common = intersection(chosen, columns); !common.empty()) {
      chosen = common;
    }
  }
  return chosen;
}

Distribution choose(const Table& table, bool first_column) {
  if (first_column && !table.columns.empty() && can_distribute_by(table.columns.front().type))
    return {Distribution::Kind::by_columns, {table.columns.front().name}};
  Names columns = choose_columns(table);
  if (columns.empty()) return {Distribution::Kind::randomly, {}};
  return {Distribution::Kind::by_columns, std::move(columns)};
}

// Whether a unique key over these columns can exist under the distribution.
bool allows_unique(const Table& table, const Names& columns) {
  const Distribution& distribution = *table.distribution;
  if (table.partitioning && !contains_all(columns, partition_columns(*table.partitioning))) return false;
  switch (distribution.kind) {
    case Distribution::Kind::replicated: return true;
    case Distribution::Kind::randomly: return false;
    case Distribution::Kind::by_columns: return !columns.empty() && contains_all(columns, distribution.columns);
  }
  return false;
}

void adapt_keys(Table& table, const Dialect& dialect) {
  const bool no_unique = table.storage.append_only && !dialect.unique_on_append_only;
  if (!table.primary_key.columns.empty() && (no_unique || !allows_unique(table, table.primary_key.columns))) {
    table.notes.push_back(fmt::format("the primary key is a plain index here: {}",
                                      no_unique ? "append-optimized tables have no unique keys"
                                                : "it does not contain the distribution or partition key"));
    Index index{.name = table.primary_key.name};
    for (const auto& column : table.primary_key.columns) index.keys.push_back({column, {}, false});
    table.indexes.insert(table.indexes.begin(), std::move(index));
    table.primary_key = {};
  }
  for (Index& index : table.indexes) {
    if (!index.unique || (!no_unique && allows_unique(table, columns_of(index)))) continue;
    index.unique = false;
    table.notes.push_back(fmt::format(
        "the unique index {} is a plain one here: a unique key must contain the distribution key", index.name));
  }
}

// Ranges and lists over one column, the same key in all partitions of a level.
bool has_classic_form(const PartitionKey& key, const std::vector<Partition>& partitions,
                      std::vector<PartitionKey>& levels, std::size_t level) {
  if (key.method == "HASH" || key.columns.size() != 1) return false;
  if (level == levels.size()) levels.push_back(key);
  if (levels[level] != key) return false;
  const bool parted = !partitions.empty() && !partitions.front().parts.empty();
  return std::all_of(partitions.begin(), partitions.end(), [&](const Partition& p) {
    return (p.is_default || !p.classic_sql.empty()) && p.parts.empty() != parted &&
           (!parted || has_classic_form(p.key, p.parts, levels, level + 1));
  });
}

// Greenplum before 7 has one form for the whole tree.
void adapt_partitions(Table& table, const Dialect& dialect) {
  if (!table.partitioning || dialect.declarative_partitions || !table.partitioning->classic_clause_sql.empty()) return;
  Partitioning& partitioning = *table.partitioning;
  std::vector<PartitionKey> levels;
  if (has_classic_form({partitioning.method, partitioning.columns}, partitioning.partitions, levels, 0)) {
    partitioning.below.assign(levels.begin() + 1, levels.end());
    return;
  }
  table.notes.push_back(fmt::format("not partitioned: {} has no form for PARTITION BY {} over {} columns{}",
                                    dialect_name(dialect), partitioning.method, partitioning.columns.size(),
                                    levels.size() > 1 ? ", or for its parts" : ""));
  table.partitioning.reset();
}

// A default partition forbids ADD PARTITION, so it is made only where rows need it: a key
// that cannot be NULL needs none for NULLs.
void drop_idle_default(Table& table) {
  if (!table.partitioning) return;
  const bool never_null =
      std::all_of(table.partitioning->columns.begin(), table.partitioning->columns.end(), [&](const std::string& name) {
        const Column* column = table.find_column(name);
        return (column != nullptr && !column->nullable) || contains_all(table.primary_key.columns, {name});
      });
  if (never_null) std::erase_if(table.partitioning->partitions, [](const Partition& p) { return p.for_nulls; });
}

void check_replicated(const Table& table, const Dialect& dialect) {
  if (!table.partitioning || !table.distribution || table.distribution->kind != Distribution::Kind::replicated) return;
  throw Error(ErrorKind::config, fmt::format("[distribution] says that {} is replicated, and {} cannot replicate a "
                                             "table with partitions",
                                             table.name.display(), dialect_name(dialect)))
      .hint("name columns in [distribution], or make the table without partitions (-n of mysql2pgsql)");
}

// What the servers would take and not do, or what is not done there.
void note_what_does_not_act(Table& table, const Dialect& dialect) {
  for (const ForeignKey& key : table.foreign_keys)
    table.notes.push_back(fmt::format("foreign key {} ({}) -> {} ({}) is not made: {} does not enforce it", key.name,
                                      identifier_list(key.columns), key.target.display(),
                                      identifier_list(key.target_columns), dialect_name(dialect)));
  table.foreign_keys.clear();
  for (const Column& column : table.columns)
    if (column.touch)
      table.notes.push_back(
          fmt::format("the trigger that sets {} at each UPDATE is not made on {}", column.name, dialect_name(dialect)));
}

// Types without a kind of their own here that have a hash on all of these servers.
bool hashes_by_name(const std::string& name) {
  constexpr std::array kNames{"oid", "name", "\"char\"", "cidr", "macaddr", "time with time zone"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace

bool can_distribute_by(const PgType& type) {
  switch (type.kind) {
    case PgKind::json:
    case PgKind::geometry:
    case PgKind::float4_array: return false;
    case PgKind::other: return hashes_by_name(type.name);
    default: return true;
  }
}

void plan_distribution(Table& table, const Dialect& dialect, bool first_column) {
  if (!dialect.distributed) return;
  adapt_partitions(table, dialect);
  if (table.distribution && table.distribution->kind == Distribution::Kind::replicated && !dialect.replicated_tables) {
    table.notes.push_back(fmt::format("{} has no replicated tables", dialect_name(dialect)));
    table.distribution.reset();
  }
  check_replicated(table, dialect);
  if (!table.distribution) table.distribution = choose(table, first_column);
  adapt_keys(table, dialect);
  drop_idle_default(table);
  note_what_does_not_act(table, dialect);
}

}  // namespace dbsync
