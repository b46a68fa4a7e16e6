// The tables whose definitions are being read from the source's catalog (table_ddl.h): found
// again by what the rows of a catalog query say, with names and expressions as the target
// is to have them.
//
// Ownership: the request and what it points to must outlive it. Threads and errors: as the
// connection.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pg/connection.h"
#include "pgsql2pgsql/schema/table_ddl.h"
#include "schema/table.h"

namespace dbsync {

class DefinitionSet {
 public:
  DefinitionSet(PgConnection& connection, const DefinitionRequest& asked) : source(connection), request(asked) {}

  // Adds a table with its columns; a second time it does nothing.
  void add(const PgRelation& relation);

  // Rows of catalog queries name the table by its oid in the first column, and a column by
  // name in the second. Null for tables that are not defined here, and columns that are not
  // copied.
  Table* find(const PgResult& result, int row);
  Column* find_column(const PgResult& result, int row);
  const PgRelation& relation_at(const PgResult& result, int row) const;

  // An expression over the table's columns in the target's names; nothing when it
  // needs a column that is not copied.
  std::optional<std::string> expression(const PgRelation& relation, const std::string& text) const;
  // A name of the source's, "schema.name" ready quoted, in the target's schema.
  std::string renamed(const std::string& name) const;

  PgConnection& source;
  const DefinitionRequest& request;
  std::map<std::uint32_t, Table> tables;  // by oid of the source
  std::vector<std::uint32_t> order;       // as they were added
};

// The names of columns on the target; nothing when one is not copied.
std::optional<std::vector<std::string>> target_names(const PgRelation& relation, std::vector<std::string> names);

// A type of the source's as a column of the target is to have it.
PgType column_type(const PgColumn& column, const DefinitionRequest& request);

// Once, whoever finds it.
void note_left_out(Table& table, std::string_view what, const std::string& name, std::string_view reason);
inline constexpr char kPartitionsLeftOut[] = "its partitions were left out: all rows are in one table";

}  // namespace dbsync
