// From the source's catalog to the target's tables: names, types, keys,
// constraints, partitions. Everything that has no counterpart becomes a note on
// its table; nothing disappears silently.
//
// Tables that my.cfg maps to one target share its definition, each with its own
// order of columns; where theirs cannot be one, all of them have the problem.
//
// Deterministic: the whole database is mapped, whatever part of it is copied,
// so that a table gets the same names in every run. Pure; plain values.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/optional_box.h"
#include "copy/table_rules.h"
#include "mysql2pgsql/row/row_encoder.h"
#include "mysql2pgsql/schema/expression_map.h"
#include "mysql2pgsql/schema/mysql_catalog.h"
#include "mysql2pgsql/schema/type_map.h"
#include "schema/dialect.h"
#include "schema/names.h"
#include "schema/table.h"

namespace dbsync {

// What the target has, where it was asked.
struct TargetFacts {
  std::vector<TakenName> taken;                     // in the schemas of the run, by name
  std::set<std::string> missing_types;              // of [types], that the target does not know
  std::map<std::string, std::string> type_schemas;  // of types that the server may not have

  bool has_table(const QualifiedName& name) const;
  // What stands in the way of a table of this name: a view, an index, a type. Nothing else.
  const TakenName* in_place_of(const QualifiedName& name) const;

 private:
  std::span<const TakenName> named(const QualifiedName& name) const;
};

struct MapOptions {
  std::string schema = "public";
  Dialect dialect;
  std::vector<TypeRule> type_rules;
  ZeroDatePolicy zero_date = ZeroDatePolicy::null_value;
  bool partitions = true;
  bool touch_triggers = false;  // on_update_timestamp = trigger
  bool lower_case_names = false;
  GeneratedColumns generated_columns = GeneratedColumns::check;
  bool keep_index_names = false;  // index_names = keep
  TargetFacts target;
  TableRules rules;
};

struct MappedTable {
  Table table;                         // columns in the order of the source's
  std::optional<OriginColumn> origin;  // the last column of `table`, which the source has not
  std::vector<DoubtfulColumn> doubts;  // generated columns, for generated_check.h
  OptionalBox<Error> problem;          // the table cannot be mapped: an unsupported type, a rule that cannot be
};

struct MappedSchema {
  std::vector<MappedTable> tables;  // one per catalog table, in its order
  std::vector<std::string> notes;   // what concerns no single table: views, routines, …

  const MappedTable* find(const MysqlCatalog& catalog, std::string_view source_table) const;
};

MappedSchema map_schema(const MysqlCatalog& catalog, const MapOptions& options);

// A table for a query's result: catalog properties where a column comes
// straight from a table, the result's own metadata elsewhere. Two result columns
// of one name are an error (ErrorKind::source), as is an unsupported type.
Table map_result(const QualifiedName& target, const std::vector<ResultColumn>& columns, const MysqlCatalog& catalog,
                 const MapOptions& options);

// A source name as the target shall have it: folded if asked for, at most 63 bytes.
std::string target_name(std::string_view name, const MapOptions& options);

}  // namespace dbsync
