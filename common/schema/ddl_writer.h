// Writes DDL for a target dialect. The text that -d prints and the statements
// that --create runs come from here, so that they cannot differ.
//
// A table is made in steps, in this order:
//   create       before the load: CREATE TABLE without keys, comments
//   indexes      after its load, in parallel: one unit per index
//   finish       after its indexes: primary key, NOT NULL, checks, sequence, ANALYZE
//   foreign keys after every table is finished
//
// Pure: values in, SQL out. No statement ends in a semicolon.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schema/dialect.h"
#include "schema/table.h"

namespace dbsync {

// What a step behind the rows makes, for counts.
enum class StepKind : std::uint8_t { index, key, check, foreign_key, statistics, other };

// Statements that belong together; each runs by itself, in order.
struct DdlUnit {
  std::string what;  // "index film_idx_title": for messages
  std::vector<std::string> statements;
  // Counts the rows that break the rule which the last statement checks; "" for
  // other units.
  std::string violations_sql = {};
  // Of these rows, those that break it as the source compares, too; "" = it compares as
  // the target does.
  std::string true_violations_sql = {};
  std::vector<std::string> columns = {};        // of its table, that the rule is about
  std::optional<QualifiedName> refers_to = {};  // a foreign key's other table
  std::size_t task = 0;                         // for whoever runs it
  StepKind kind = StepKind::other;
  std::string violation_hint = {};  // what to do about rows that break it, where that is known
  std::string object = {};          // the index or constraint that it makes; "" = no such thing
  bool makes_key = false;           // others may refer to it
  bool stands = false;              // a foreign key that is there: its rows are to be checked only
};

// CREATE SCHEMA; "" when none is needed (public is always there).
std::string create_schema_sql(const std::string& schema, const Dialect& dialect);

// CREATE TYPE, CREATE TABLE with its partitions, triggers and COMMENTs.
std::vector<std::string> create_table_sql(const Table& table, const Dialect& dialect);

// Undoes create_table_sql.
std::vector<std::string> drop_table_sql(const Table& table);

// The last of the units of a table.
DdlUnit statistics_unit(const QualifiedName& table);

std::vector<DdlUnit> index_units(const Table& table, const Dialect& dialect);

// `zero_dates`: columns that got a NULL for a zero date stay without NOT NULL.
std::vector<DdlUnit> finish_units(const Table& table, const Dialect& dialect,
                                  const std::vector<std::string>& zero_dates = {});

std::vector<DdlUnit> foreign_key_units(const Table& table, const Dialect& dialect);

struct DdlScript {
  std::string title;
  std::vector<std::string> notes;
  std::string schema;
  std::vector<Table> tables;
  bool qualified = false;  // nothing is to be found by search_path
  bool pre_data = true;    // tables
  bool post_data = true;   // indexes, keys, checks, sequences, foreign keys
};

// The script of -d, loadable by psql, in sections.
std::string ddl_script(const DdlScript& script, const Dialect& dialect);

}  // namespace dbsync
