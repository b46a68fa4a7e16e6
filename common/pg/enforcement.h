// What a target enforces while rows are written into its tables: foreign keys, and
// triggers of users. Keys of partitions that come from the partitioned table's own are
// not listed: they come and go with it.
//
// Threads: as the connection. Errors: of the connection.
// Source: pg_constraint, pg_trigger; PostgreSQL's ri_triggers.c for how a key is checked.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "pg/together.h"
#include "schema/table.h"

namespace dbsync {

struct EnforcedKey {
  std::uint32_t oid = 0;
  std::string name;
  std::uint32_t table_oid = 0;
  QualifiedName table;
  bool partitioned = false;
  std::uint32_t referenced_oid = 0;
  QualifiedName referenced;
  bool referenced_partitioned = false;
  std::string definition;  // pg_get_constraintdef, names in full
  bool valid = true;
  bool deferrable = false;
  bool match_full = false;
  bool period = false;      // PERIOD: not compared by equality alone
  bool may_remake = false;  // the role may drop it and add it again
  std::string comment;
  std::string match_sql;   // rows p of the referenced table for a row c
  std::string given_sql;   // no column of c is NULL
  std::string absent_sql;  // all of them are
  std::string shown_sql;   // the values of c as text
  std::string columns;
  std::string referenced_columns;

  std::string display() const;  // "fk_film_language of public.film"
};

struct EnforcedTrigger {
  std::uint32_t table_oid = 0;
  QualifiedName table;
  std::string name;
  char enabled = 'O';     // pg_trigger.tgenabled: O(rigin), R(eplica), A(lways)
  bool on_insert = true;  // else on TRUNCATE only
  bool owned = false;     // the role may turn it off

  std::string display() const;
};

struct Enforcement {
  // The tables asked for and their oids; those that do not exist are left out.
  std::map<QualifiedName, std::uint32_t> tables;
  std::map<std::uint32_t, std::uint32_t> parent;  // of partitions
  std::map<std::uint32_t, QualifiedName> partition_names;
  std::vector<EnforcedKey> keys;
  std::vector<EnforcedTrigger> triggers;
  std::set<std::uint32_t> deferred_unique;  // tables with a deferrable unique, primary or exclusion key

  bool empty() const { return keys.empty() && triggers.empty(); }
  // The same table, or a partition of it at any depth.
  bool is_within(std::uint32_t table, std::uint32_t above) const;
  bool share_rows(std::uint32_t one, std::uint32_t other) const {
    return is_within(one, other) || is_within(other, one);
  }
  // The table at the top of its partition tree: tables that share rows have the same.
  std::uint32_t root_of(std::uint32_t table) const;
};

// In two round trips.
Enforcement read_enforcement(PgConnection& connection, const std::set<QualifiedName>& tables);
// Those of the first, for a PgPrefetch.
std::vector<PgQuery> questions_of_enforcement(const std::set<QualifiedName>& tables);
// Sends those of the second, which the answers to these lead to; nothing where the connection
// has no PgPrefetch.
void prefetch_enforcement(PgConnection& connection, const std::set<QualifiedName>& tables);

// Rows of the key's table that refer to nothing, as a FROM clause with its WHERE.
std::string orphans_from_sql(const EnforcedKey& key);
// How many they are.
std::string orphans_sql(const EnforcedKey& key);
// "Key (a, b)=(1, 2) is not present in table …" of one of them; one row or none.
std::string orphan_example_sql(const EnforcedKey& key);

// Whether the role may turn triggers and foreign keys off for its session. Outside of
// a transaction.
bool may_set_replica_role(PgConnection& connection);

}  // namespace dbsync
