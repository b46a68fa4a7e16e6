// What a source with segments (Greenplum and its relatives) says of where its tables' rows
// are: distribution, storage, classic partitions, external tables.
//
// Plain values; reading: threads and errors as the connection. Source: the servers'
// catalogs, gp_distribution_policy, pg_attribute_encoding, pg_class.relstorage and
// pg_partition before 7, pg_class.relam, declarative partitions and gp_partition_template
// from 7 on, pg_exttable.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "schema/dialect.h"
#include "schema/placement.h"
#include "schema/table.h"

namespace dbsync {

// What parts a partition of a level gets that is added later.
struct PartitionTemplate {
  int level = 0;  // 1 = of the partitions at the top
  // From 7 on "SUBPARTITION TEMPLATE(…)"; "" where the server cannot write it (Cloudberry).
  // Before 7 the ALTER TABLE statements of all levels, of level 0 here.
  std::string text;
};

struct SegmentTable {
  std::optional<Distribution> distribution;  // by the source's column names
  // Of the key's columns, one by one; without a name: the type's own.
  std::vector<QualifiedName> operator_classes;
  Storage storage;  // with encodings by the source's column names
  // Before 7, of a table at the top of classic partitions: the clause as the server writes
  // it, and the columns of the keys of all levels.
  std::string partition_clause;
  std::vector<std::string> partition_columns;
  std::vector<PartitionTemplate> templates;  // the lowest level first
};

// By oid; tables of the coordinator alone are not in it.
std::map<std::uint32_t, SegmentTable> read_segment_tables(PgConnection& source, const Dialect& dialect);

// What follows WITH (…) of a table whose storage is `kind` (relstorage, or the name of the
// access method) and whose reloptions are these.
Storage storage_of(const std::string& kind, const std::vector<std::string>& options);

// Those of the columns' encodings that say something else than the options of their table.
// Servers give every column of a column-oriented table an entry.
std::vector<ColumnEncoding> own_encodings(const std::vector<std::string>& options,
                                          const std::vector<ColumnEncoding>& encodings);

struct ExternalTable {
  QualifiedName name;
  std::string columns_sql;  // "id" integer, …
  std::vector<std::string> locations;
  std::string command;  // instead of locations
  std::string format;   // text, csv, custom
  std::string format_options;
  std::string encoding;
  std::string reject_limit;  // "10 ROWS"; "" = none
  bool log_errors = false;
  bool writable = false;
};

// Before 7; they are foreign tables from then on.
std::vector<ExternalTable> read_external_tables(PgConnection& source);
std::string external_table_sql(const ExternalTable& table);

}  // namespace dbsync
