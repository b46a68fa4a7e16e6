// What the target has: server, tables, columns.
//
// Threads: as PgConnection. Errors: from the connection.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "schema/dialect.h"
#include "schema/table.h"

namespace dbsync {

struct TargetColumn {
  std::string name;
  PgType type;            // a domain shows as its base type
  bool not_null = false;
  bool generated = false; // GENERATED ALWAYS AS (…) STORED: COPY must not name it
};

struct TargetTable {
  QualifiedName name;
  std::vector<TargetColumn> columns;
};

// Applies the settings of a loading session (share/sql/target_session.sql).
void prepare_target_session(PgConnection& connection);

// Which server this is, by catalog and version() (never by a substring of a name alone).
Dialect detect_dialect(PgConnection& connection);

// The table, or nothing when it does not exist. A view, sequence or other
// relation of that name is an error.
std::optional<TargetTable> find_table(PgConnection& connection, const QualifiedName& name);

bool schema_exists(PgConnection& connection, const std::string& schema);
bool has_rows(PgConnection& connection, const QualifiedName& name);

// TRUNCATE TABLE. The server refuses it for a table that foreign keys refer to and
// proposes CASCADE, which would empty tables that nobody named: our hint does not.
void truncate_table(PgConnection& connection, const QualifiedName& name);

// Tables of any schema that have this name, or this name in other letter case: for hints.
std::vector<std::string> similar_tables(PgConnection& connection, const QualifiedName& name);

}  // namespace dbsync
