// Decides which of a target's foreign keys and triggers do not act during a load, and
// by which means. Pure: what there is and what the role may do is given.
//
// Under session_replication_role = replica, triggers that are ENABLE ALWAYS or REPLICA
// act, and keys that are DEFERRABLE and UNIQUE are not checked: the former are disabled,
// tables with the latter are loaded without it.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "pg/enforcement.h"

namespace dbsync {

struct GuardRights {
  bool replica_role = false;  // the role may set session_replication_role
  bool journal = false;       // what is taken off can be noted, so that no kill loses it
  bool empties = false;       // tables are emptied: triggers on TRUNCATE count
};

// What stands in `enforcement`, by pointers into it.
struct GuardPlan {
  std::set<std::uint32_t> replica_tables;  // loaded in the replica role
  std::set<std::uint32_t> off;             // oids of keys that do not act
  std::vector<const EnforcedKey*> to_drop;
  std::vector<const EnforcedKey*> staying;
  std::vector<const EnforcedTrigger*> to_disable;
  std::vector<const EnforcedTrigger*> acting;
};

// How a role gets one of the better ways.
inline constexpr char kGuardWayOut[] =
    "let the role of [desc.pgsql] set session_replication_role (a superuser, or GRANT SET ON PARAMETER from PostgreSQL "
    "15 on), "
    "or own the tables and CREATE in the database (for the journal)";

// Oids.
struct GuardedTables {
  std::set<std::uint32_t> loaded;
  std::set<std::uint32_t> beside;  // of the same moment already: only their keys to the loaded ones count
};

GuardPlan plan_guards(const Enforcement& enforcement, const GuardedTables& tables, const GuardRights& rights);

// "fk_a of public.a, fk_b of public.b and 5 more"
std::string names_of(const std::vector<const EnforcedKey*>& keys);
std::string names_of(const std::vector<const EnforcedTrigger*>& triggers);

// What a load says that it does with them.
std::string drops_of(const GuardPlan& plan);
std::string disables_of(const GuardPlan& plan);

}  // namespace dbsync
