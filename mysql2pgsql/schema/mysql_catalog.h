// What the source database holds, from information_schema: plain values, as the
// source writes them.
//
// Errors: from the connection. Threads: as MysqlConnection; the values are free.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/optional_box.h"
#include "config/table_list.h"
#include "copy/table_rules.h"
#include "mysql2pgsql/client/mysql_connection.h"
#include "mysql2pgsql/row/mysql_type.h"

namespace dbsync {

struct MysqlColumn {
  std::string name;
  std::size_t ordinal = 0;  // its place among all columns of the table, from 0
  MysqlType type;
  bool nullable = true;
  bool auto_increment = false;
  bool on_update_timestamp = false;
  // The default as a value: MySQL's and MariaDB's different spellings are
  // settled here. An expression keeps its text. Of `unclear` ones the server does not
  // tell all characters.
  enum class Default { none, null, literal, expression, unclear };
  Default default_kind = Default::none;
  std::string default_text;
  std::string generation_expression;  // "" = an ordinary column
  // Of MariaDB's system versioning: since when the row is as it is, and until when.
  enum class RowBound { none, start, end };
  RowBound row_bound = RowBound::none;
  std::string comment;

  bool operator==(const MysqlColumn&) const = default;
};

struct MysqlIndexPart {
  std::string column;        // "" for an expression
  std::string expression;    // MySQL 8.0.13 and newer
  std::int64_t prefix = -1;  // characters or bytes; -1 = the whole column
  bool descending = false;
};

struct MysqlIndex {
  std::string name;  // PRIMARY for the primary key
  bool unique = false;
  std::string type;  // BTREE, HASH, FULLTEXT, SPATIAL, RTREE
  std::vector<MysqlIndexPart> parts;
  std::string comment;
  bool without_overlaps = false;  // MariaDB: its last two parts are end and start of a period
};

struct MysqlForeignKey {
  std::string name;
  std::vector<std::string> columns = {};
  std::string target_schema;
  std::string target_table;
  std::vector<std::string> target_columns = {};
  std::string on_delete;  // RESTRICT, NO ACTION, CASCADE, SET NULL, SET DEFAULT
  std::string on_update;

  bool operator==(const MysqlForeignKey&) const = default;
};

struct MysqlCheck {
  std::string name;
  std::string clause;
  bool enforced = true;  // MySQL: CHECK … NOT ENFORCED
};

struct MysqlPartition {
  std::string name;
  std::string description;  // upper bound, list of values, or ""
};

struct MysqlPartitioning {
  std::string method;  // RANGE, RANGE COLUMNS, LIST, LIST COLUMNS, HASH, LINEAR HASH, KEY, LINEAR KEY
  std::string expression;
  bool subpartitioned = false;
  std::vector<MysqlPartition> partitions;
};

struct MysqlTable {
  std::string name;
  std::string engine;
  std::vector<MysqlColumn> columns;
  std::vector<MysqlColumn> excluded;  // that my.cfg leaves out
  std::vector<std::string> primary_key;
  bool primary_key_of_prefix = false;  // of the first characters of a column
  std::vector<MysqlIndex> indexes;     // without the primary key
  std::vector<MysqlForeignKey> foreign_keys;
  bool hidden_foreign_keys = false;  // there are some, but the user may not see them
  std::vector<MysqlCheck> checks;
  bool system_versioned = false;      // MariaDB: it keeps a history, which only FOR SYSTEM_TIME shows
  bool key_without_overlaps = false;  // the primary key, as MysqlIndex::without_overlaps
  // Not of PARTITION BY SYSTEM_TIME: it parts the history from the rows, and to
  // name such a partition is to read history.
  std::optional<MysqlPartitioning> partitioning;
  std::string comment;
  std::uint64_t auto_increment = 0;  // next value; 0 = none
  std::uint64_t estimated_rows = 0;  // the engine's guess
  std::uint64_t estimated_bytes = 0;
  bool in_run = true;               // the table list names it, or there is none
  OptionalBox<Error> problem = {};  // the server cannot open it, or the user may not see all of it

  // Excluded ones, too: they are there, for keys and queries to name.
  const MysqlColumn* find_column(std::string_view column) const;
};

// Something of the source that is not migrated: a view, trigger, routine, event
// or sequence.
struct MysqlLeftover {
  std::string kind;  // "view", "trigger", …
  std::string name;
};

struct MysqlCatalog {
  std::string db;
  std::vector<MysqlTable> tables;  // base tables, by name
  std::vector<MysqlLeftover> leftovers;

  const MysqlTable* find_table(std::string_view name) const;
};

// `rules`: which columns are excluded. `list`: the table list; without one all tables
// are in the run. Of other tables only what information_schema has is read: that never
// opens a table that is none of this run's business, or damaged. A table of the run
// whose definition cannot be read has a `problem`; the others do not suffer from it.
MysqlCatalog read_catalog(SourceQueries& source, const std::string& db, const TableRules& rules,
                          const std::vector<TableListEntry>& list);
// Of a session that is for definitions; it takes one statement at a time behind that.
MysqlCatalog read_catalog(MysqlConnection& connection, const std::string& db, const TableRules& rules,
                          const std::vector<TableListEntry>& list);

}  // namespace dbsync
