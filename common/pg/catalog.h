// What the target has: server, tables, columns.
//
// Threads: as PgConnection. Errors: from the connection.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pg/connection.h"
#include "schema/dialect.h"
#include "schema/names.h"
#include "schema/table.h"

namespace dbsync {

struct TargetColumn {
  std::string name;
  PgType type;  // a domain shows as its base type
  bool not_null = false;
  bool generated = false;      // GENERATED ALWAYS AS (…) STORED: COPY must not name it
  std::uint32_t type_oid = 0;  // pg_type.oid; of a domain, its base type's
  bool enumeration = false;    // the same for an enum type
  bool required = false;       // NOT NULL, by itself or by its domain, and nothing fills it
  bool as_text = false;        // compared as text: its type has no binary form
};

struct TargetTable {
  QualifiedName name;
  std::vector<TargetColumn> columns;
  bool is_table = true;                   // not a view, a sequence or the like
  bool plain = true;                      // an ordinary table: not partitioned, not foreign
  bool only = false;                      // rows of tables that inherit from it are not its own
  std::vector<std::string> routing = {};  // of a copy into segments: see pg/routing.h
};

// A type as pg_type and pg_attribute describe it; of a domain, oid, typtype and
// typname are its base type's. `text` is format_type's.
PgType pg_type_of(std::uint32_t oid, std::string_view typtype, std::string_view typname, std::string text,
                  std::int64_t typmod);

// The column that a source's column goes into. ErrorKind::target, proposing the
// nearest name, when there is none; `shown`: the table, for the message.
const TargetColumn& required_column(const TargetTable& table, const std::string& name, const std::string& shown);

// Which server this is, by catalog and version() (never by a substring of a name alone).
Dialect detect_dialect(PgConnection& connection);

// The part of it that needs no server: version(), whether pg_catalog has
// gp_distribution_policy, and PQserverVersion. A database or table that is called
// greenplum changes nothing.
Dialect dialect_of_server(std::string_view version, bool distributed, int server_version);

// Those of the relations that exist. What is no table is among them: is_table is
// false then.
std::map<QualifiedName, TargetTable> find_relations(PgConnection& connection, const std::set<QualifiedName>& names);

// The oids of relations of any kind; those that are not there are left out.
std::map<QualifiedName, std::uint32_t> relation_oids(PgConnection& connection, const std::set<QualifiedName>& names);

// The table, or nothing when it does not exist. A view, sequence or other
// relation of that name is an error.
std::optional<TargetTable> find_table(PgConnection& connection, const QualifiedName& name);
// The same of what find_relations has read.
std::optional<TargetTable> find_table(const std::map<QualifiedName, TargetTable>& relations, const QualifiedName& name);

// All names in these schemas that something new could run into. Greenplum 5: none.
std::vector<TakenName> read_taken_names(PgConnection& connection, const Dialect& dialect,
                                        const std::set<std::string>& schemas);
// Those of the types, as written in DDL, that the target does not know.
std::set<std::string> missing_types(PgConnection& connection, const std::set<std::string>& types);

bool schema_exists(PgConnection& connection, const std::string& schema);
bool has_rows(PgConnection& connection, const TargetTable& table);
// Empties the table, not those that inherit from it. The server refuses it for a
// table that foreign keys refer to and proposes CASCADE, which would empty tables
// that nobody named: our hint does not.
void truncate_table(PgConnection& connection, const TargetTable& table);

// What to do about a table that the target has not: tables of any schema that have this
// name, or this name in other letter case, may be what is meant.
std::string missing_table_hint(PgConnection& connection, const QualifiedName& name);

}  // namespace dbsync
