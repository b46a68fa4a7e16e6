// The tables that we keep on the target (and of the status, in [local.pgsql]): ours,
// before we write to them or believe them.
//
// A role that may create in the database can make the schema dbsync before we do, or
// be granted rights on tables of ours; a trigger, rule, policy, default or index
// expression there would run with the rights of our session, which may be a
// superuser's. So schema and tables belong to the session's role or to a superuser, and
// carry nothing that we do not make. The owner of the database is not trusted: what it
// owns, runs nothing as us. The owner of a table can give it a trigger at any time,
// which is why a role that is only a member of ours, or we of it, is not enough.
//
// What was found stays known for half a minute, by the server and database: all that begins
// a run asks for it, and far away each question takes its time.
//
// Threads: as the connection. Errors: ErrorKind::target with what was found.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "pg/together.h"

namespace dbsync {

inline constexpr char kBookkeepingSchema[] = "dbsync";
// Behind a task's name: the row of its tables that are copied again in dbsync.apply_progress.
inline constexpr char kResyncRowSuffix[] = " (resync)";

// Those of our tables that stand in a schema, with their columns.
struct BookkeepingTables {
  bool schema = false;  // it exists
  std::map<std::string, std::set<std::string>> columns = {};

  bool has(const std::string& table) const { return columns.contains(table); }
  bool has(const std::string& table, const std::string& column) const {
    const auto found = columns.find(table);
    return found != columns.end() && found->second.contains(column);
  }
};

// What is there, proved. `schema`: where they stand, when it is not our own.
BookkeepingTables bookkeeping_tables(PgConnection& connection, const std::string& schema = kBookkeepingSchema);

// What it asks when that is not known, for a PgPrefetch.
std::vector<PgQuery> questions_of_bookkeeping(const PgConnection& connection,
                                              const std::string& schema = kBookkeepingSchema);

// What is not there passes.
inline void prove_bookkeeping(PgConnection& connection) { bookkeeping_tables(connection); }

// Statements that make what is lacking of what the caller needs; "" = nothing.
using LackingTables = std::function<std::string(const BookkeepingTables&)>;

// Makes what is lacking, the schema too, in one transaction. Two runs that begin at once make it
// once.
void make_bookkeeping(PgConnection& connection, const std::string& schema, const LackingTables& lacking);

// What is there has been changed.
void forget_bookkeeping(const PgConnection& connection);

}  // namespace dbsync
