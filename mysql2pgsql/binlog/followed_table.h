// A source table whose changes are followed, and how its row images become rows of the
// target.
//
// What the encoders write is for the target's columns: the same bytes that a copy
// sends. Tuples have the source's columns that the target takes, in their order, then
// the origin column of [origin_column].
//
// Errors: ErrorKind::target and source as for a copy. Threads: one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cdc/relation.h"
#include "config/policies.h"
#include "copy/table_rules.h"
#include "mysql2pgsql/row/row_encoder.h"
#include "mysql2pgsql/schema/mysql_catalog.h"
#include "pg/catalog.h"

namespace dbsync {

struct FollowedColumn {
  MysqlColumn source;
  int place = -1;  // in the tuple; -1 = not taken
};

struct FollowedTable {
  std::string db;
  std::string name;
  bool transactional = true;
  std::vector<FollowedColumn> columns;     // in the order of the images
  std::vector<ColumnPlan> plans;           // by place; without the origin column
  CopyFormat format = CopyFormat::binary;  // binary when every column has a binary form
  std::shared_ptr<const Relation> relation;
  std::vector<std::size_t> key;  // places of the columns that find a row; empty: all of them
  std::string origin_field;      // behind the columns; "" = no origin column
  // What an INSERT that leaves a column out has meant for it, as a field of the tuple; ""
  // = not known. By place.
  std::vector<std::string> fills;
};

// Its images are text of the column's character set.
inline bool is_converted(MysqlKind kind) {
  return kind == MysqlKind::character || kind == MysqlKind::varchar || kind == MysqlKind::text;
}

// How a column of this type lies in SourceValue.
Wire wire_of(const MysqlType& type);

struct FollowedTableFacts {
  std::string db;
  const MysqlTable* source = nullptr;   // of the catalog
  const Table* definition = nullptr;    // what it is mapped to
  const TargetTable* target = nullptr;  // what the target has
  std::optional<OriginColumn> origin;
  ValuePolicies policies;
  bool text = false;     // values in text form, as Greenplum's COPY wants them
  std::uint32_t id = 0;  // a number of its own
};

FollowedTable make_followed_table(const FollowedTableFacts& facts);

// A table of which only the columns are taken that `plan` has a plan for, as text. The
// relation is the caller's to make.
FollowedTable make_key_table(const MysqlTable& source,
                             const std::function<std::optional<ColumnPlan>(const MysqlColumn&)>& plan);

}  // namespace dbsync
