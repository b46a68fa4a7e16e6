// Where the rows of a table lie on the target: in which partitions, on which segments,
// and in what storage. Plain values, part of schema/table.h; *_sql as there.
#pragma once

#include <string>
#include <vector>

namespace dbsync {

// How a column of a column-oriented table is compressed.
struct ColumnEncoding {
  std::string column;
  std::string options_sql;  // inside ENCODING (…)

  friend bool operator==(const ColumnEncoding&, const ColumnEncoding&) = default;
};

// How a distributed target keeps the rows of a table, or of a partition.
struct Storage {
  std::string options_sql;                     // inside WITH (…); "" = as the database does by itself
  bool append_only = false;                    // what these make of it
  std::vector<ColumnEncoding> encodings = {};  // of the columns that are not as these say
};

struct PartitionKey {
  std::string method;  // RANGE, LIST, HASH
  std::vector<std::string> columns;

  friend bool operator==(const PartitionKey&, const PartitionKey&) = default;
};

struct Partition {
  std::string name;
  // Declarative: "FOR VALUES FROM (…) TO (…)", "FOR VALUES IN (…)", "FOR VALUES
  // WITH (MODULUS 4, REMAINDER 0)", "DEFAULT".
  std::string bounds_sql;
  // Classic (Greenplum before 7): "START (…) END (…)" or "VALUES (…)"; "" when
  // it has no classic form.
  std::string classic_sql;
  bool is_default = false;
  bool for_nulls = false;  // a default one that is there for rows whose key is NULL, and no others
  Storage storage = {};    // where it is not the table's
  PartitionKey key = {};   // of its parts
  std::vector<Partition> parts = {};
};

struct Partitioning {
  std::string method;  // RANGE, LIST, HASH
  std::vector<std::string> columns;
  std::vector<Partition> partitions;
  // For classic targets: the keys of the levels below, the same in all branches.
  std::vector<PartitionKey> below = {};
  // The whole clause of all levels, as a source with classic partitions writes it; "" = by
  // what stands above. `columns` are those of all levels then.
  std::string classic_clause_sql = {};
  // Statements, in their order, that tell what parts a partition gets that is added later.
  std::vector<std::string> template_statements = {};
};

// Of all levels, each once.
std::vector<std::string> partition_columns(const Partitioning& partitioning);

// How a distributed target spreads the rows.
struct Distribution {
  enum class Kind { by_columns, randomly, replicated };
  Kind kind = Kind::randomly;
  std::vector<std::string> columns;
  // Of the columns, one by one, "" = the type's own; empty = all have that.
  std::vector<std::string> operator_classes_sql = {};
};

}  // namespace dbsync
