// What a PostgreSQL source holds: its relations with columns and sizes, its
// partition trees and its sequences, as of the snapshot of the connection that
// reads them.
//
// Ownership: plain values, immutable once read. Threads: any. Errors: of the
// connection (ErrorKind::source). Source: PostgreSQL manual, "System Catalogs";
// Greenplum's pg_partition_rule for sources before Greenplum 7.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "copy/table_rules.h"
#include "pg/connection.h"
#include "pgsql2pgsql/schema/segment_catalog.h"
#include "schema/dialect.h"
#include "schema/table.h"

namespace dbsync {

struct PgColumn {
  std::string name;
  std::string new_name;  // of [column_map]; "" = the same
  PgType type;
  std::uint32_t type_oid = 0;  // of a domain, its base type's
  bool enumeration = false;
  bool not_null = false;
  bool identity = false;
  bool generated = false;
  int number = 0;  // pg_attribute.attnum

  const std::string& target_name() const { return new_name.empty() ? name : new_name; }
};

struct PgRelation {
  std::uint32_t oid = 0;
  QualifiedName name;
  char kind = 'r';  // pg_class.relkind: r, p, f, v, m, S
  bool unlogged = false;
  bool partition = false;
  bool classic_root = false;  // of partitions that are not relations of their own here
  bool external = false;      // rows that are not in the database
  std::uint32_t parent = 0;   // of a partition
  std::uint64_t bytes = 0;    // heap and TOAST
  std::uint64_t rows = 0;     // estimated
  std::string extension;      // that it is a member of; "" = none
  // Of a table of an extension in which its users' rows are kept: which ones, as
  // "WHERE …", "" = all.
  std::optional<std::string> configuration;
  std::vector<PgColumn> columns;  // of tables, without dropped and excluded ones
  // What my.cfg makes of it (mapped_tables.h). A partition is as its root.
  bool mapped = false;                  // its target is not as pg_dump would have it
  std::optional<QualifiedName> target;  // of [table_map]
  std::vector<std::string> excluded;    // columns of [exclude_columns]
  std::optional<OriginColumn> origin;

  const PgColumn* find_column(std::string_view column) const;
};

struct PgSequence {
  std::uint32_t oid = 0;
  QualifiedName name;
  QualifiedName table;  // whose column owns it; empty when none does
  std::string column;
};

// A partition or partitioned table, by name: what decides whether two trees
// take the same rows.
struct PartitionNode {
  std::optional<QualifiedName> parent;
  std::string bound;
  std::string key;
};
using PartitionTree = std::map<QualifiedName, PartitionNode>;

struct PgCatalog {
  std::string database;
  std::vector<PgRelation> relations;  // by schema and name
  std::vector<PgSequence> sequences;
  PartitionTree partitions;
  std::map<std::uint32_t, SegmentTable> segments;  // by oid, of a source with segments

  const PgRelation* find(const QualifiedName& name) const;
  const PgRelation* find(std::uint32_t oid) const;
  // The table at the top of a partition's tree; the relation itself otherwise.
  const PgRelation& root_of(const PgRelation& relation) const;

  // When `relations` is complete: find() is slow without, and with 200,000 partitions
  // far too slow.
  void make_index();

 private:
  std::map<std::uint32_t, std::size_t> by_oid_;
  std::map<QualifiedName, std::size_t> by_name_;
};

PgCatalog read_pg_catalog(PgConnection& connection, const Dialect& dialect);

// Empty on servers without declarative partitions.
PartitionTree read_partition_tree(PgConnection& connection);

// True when a leaf and its ancestors have the same keys and bounds in both trees, so
// that every row of the one fits the other. `b_name` maps names of `a` into `b`.
bool same_partition(const PartitionTree& a, const QualifiedName& leaf, const PartitionTree& b,
                    const QualifiedName& b_leaf);

}  // namespace dbsync
