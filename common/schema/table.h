// A table as the target shall have it: plain values that the source programs
// fill in and ddl_writer turns into SQL.
#pragma once

#include <string>
#include <vector>

#include "schema/pg_type.h"

namespace dbsync {

struct QualifiedName {
  std::string schema;  // "" = found by search_path
  std::string name;

  std::string display() const { return schema.empty() ? name : schema + "." + name; }
  friend auto operator<=>(const QualifiedName&, const QualifiedName&) = default;
};

struct Column {
  std::string name;
  PgType type;
  bool nullable = true;
  std::string default_sql;  // "" = none
  std::string comment;
  std::string note;         // becomes an SQL comment behind the column
};

struct PrimaryKey {
  std::vector<std::string> columns;  // empty: the table has none
};

struct Table {
  QualifiedName name;
  std::vector<Column> columns;
  PrimaryKey primary_key;
  std::string comment;
  std::vector<std::string> notes;  // what could not be carried over; SQL comments above the table
};

}  // namespace dbsync
