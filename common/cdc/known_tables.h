// What a task knows of its source, kept on the target: the server, the tables that
// are followed, and their columns as the target was fitted to them last.
//
// Columns are written in the transaction that applies the changes, so that they are
// those of its position. Threads: as the connection. Errors: ErrorKind::target.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cdc/relation.h"
#include "pg/connection.h"

namespace dbsync {

struct KnownSource {
  std::string system_identifier;  // "" = the source did not tell
  std::string timeline;
};

struct KnownTable {
  QualifiedName name;
  std::uint32_t oid = 0;
  std::uint32_t published = 0;  // number of its entry in the publication; 0 = it was missing, and this was said
};

// Creates the tables where they are missing; after ensure_progress_table.
void ensure_known_tables(PgConnection& connection);
bool known_tables_exist(PgConnection& connection);

std::optional<KnownSource> read_known_source(PgConnection& connection, const std::string& task);
void write_known_source(PgConnection& connection, const std::string& task, const KnownSource& source);

std::vector<KnownTable> read_known_tables(PgConnection& connection, const std::string& task);
void write_known_table(PgConnection& connection, const std::string& task, const KnownTable& table);
void forget_known_table(PgConnection& connection, const std::string& task, const QualifiedName& name);

// Names, numbers and types of the columns, in their order.
std::optional<Relation> read_known_columns(PgConnection& connection, const std::string& task, const QualifiedName& name);
void write_known_columns(PgConnection& connection, const std::string& task, const Relation& relation);

// All of the task.
void forget_source(PgConnection& connection, const std::string& task);

}  // namespace dbsync
