// What a task knows of its source, kept on the target: the server, the tables that
// are followed and the target's tables that hold their rows, and their columns as
// the target was fitted to them last.
//
// Tables are known by their oids; names are those that both sides agreed on last.
//
// Columns are written in the transaction that applies the changes, so that they are
// those of its position. Threads: as the connection. Errors: ErrorKind::target.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cdc/relation.h"
#include "pg/connection.h"
#include "pg/together.h"

namespace dbsync {

struct KnownSource {
  std::string system_identifier;  // "" = the source did not tell
  std::string timeline;
};

struct KnownTable {
  QualifiedName name;
  std::uint32_t oid = 0;
  std::uint32_t published = 0;  // number of its entry in the publication; 0 = it was missing, and this was said
  std::uint32_t target = 0;     // oid of the target's table; 0 = not noted yet
};

// Creates the tables where they are missing; after ensure_progress_table.
void ensure_known_tables(PgConnection& connection);
bool known_tables_exist(PgConnection& connection);
bool known_triggers_exist(PgConnection& connection);  // dbsync.apply_triggers

// As the functions below ask, for PgPrefetch.
PgQuery question_of_known_source(const std::string& task);
PgQuery question_of_known_tables(const std::string& task);
PgQuery question_of_known_table(const std::string& task, std::uint32_t oid, const QualifiedName& name);
PgQuery question_of_known_columns(const std::string& task, const QualifiedName& name);
PgQuery question_of_choice(const std::string& task);

std::optional<KnownSource> read_known_source(PgConnection& connection, const std::string& task);
void write_known_source(PgConnection& connection, const std::string& task, const KnownSource& source);

// How the tables of the task were chosen, as the user wrote it.
std::optional<std::string> read_choice(PgConnection& connection, const std::string& task);
void write_choice(PgConnection& connection, const std::string& task, const std::string& choice);

std::vector<KnownTable> read_known_tables(PgConnection& connection, const std::string& task);
// The table of that oid; else the one of that name.
std::optional<KnownTable> find_known_table(PgConnection& connection, const std::string& task, std::uint32_t oid,
                                           const QualifiedName& name);
// Of a task that has none yet; without their targets.
void write_known_tables(PgConnection& connection, const std::string& task, const std::vector<KnownTable>& tables);
void write_known_table(PgConnection& connection, const std::string& task,
                       const KnownTable& table);  // without its target
void write_known_target(PgConnection& connection, const std::string& task, std::uint32_t oid, std::uint32_t target);
void forget_known_table(PgConnection& connection, const std::string& task, const QualifiedName& name);
// Tables and their columns have other names now, which may be each other's.
void rename_known_tables(PgConnection& connection, const std::string& task,
                         const std::vector<std::pair<KnownTable, QualifiedName>>& renamed);

// Names, numbers and types of the columns, in their order.
std::optional<Relation> read_known_columns(PgConnection& connection, const std::string& task,
                                           const QualifiedName& name);
std::map<QualifiedName, Relation> read_all_known_columns(PgConnection& connection, const std::string& task);
void write_known_columns(PgConnection& connection, const std::string& task, const Relation& relation);

// Tables that are being copied again (--resync), by the names under which their changes
// come; all others are at the task's position. Written in the caller's transaction.
std::set<QualifiedName> read_resync(PgConnection& connection, const std::string& task);
void write_resync(PgConnection& connection, const std::string& task, const std::set<QualifiedName>& tables);

// All of the task.
void forget_source(PgConnection& connection, const std::string& task);

}  // namespace dbsync
