// The rows that users keep in tables of extensions: pg_partman's part_config, the
// reference systems that somebody added to PostGIS. CREATE EXTENSION makes the tables,
// and fills in what is the extension's own; an extension says which of the rows are
// its users' (pg_extension_config_dump), and those are copied as pg_dump does it.
//
// They are few, and they are compared first, as text, in memory: what is the same
// stays, what is missing is added, and other rows are replaced where the run may
// replace rows or has made the extension. All of it is one transaction, after the rows
// of all other tables, to which they may refer.
//
// Threads: one. Errors: what goes wrong with a table becomes its result; the rest is
// of the connections. Source: PostgreSQL manual, "Extension Configuration Tables".
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "copy/copy_job.h"
#include "pg/connection.h"
#include "pgsql2pgsql/schema/copy_plan.h"

namespace dbsync {

std::set<std::string> extensions_of(PgConnection& connection);

class ExtensionRows {
 public:
  // `tables`: of the source's catalog; must outlive the object.
  explicit ExtensionRows(const std::vector<const PgRelation*>& tables) : tables_(tables) {}

  // Finds the target's tables, by extension and name. Those that it has not are left
  // out; `notes` names the ones that hold rows of users.
  void plan(PgConnection& source, PgConnection& target, std::vector<std::string>& notes);

  // The tables that were found, for the copy's result and for a comparison.
  const std::vector<CopyTask>& tasks() const { return tasks_; }
  std::map<std::string, const PgRelation*> relations() const;  // by task name

  // `replaces`: other rows of the target may go; `adds`: they stay beside ours.
  // `before`: the extensions that the target had when the run began.
  struct Rules {
    bool replaces = false;
    bool adds = false;
    std::set<std::string> before;
  };
  // Adds a result for each table.
  void copy(PgConnection& source, PgConnection& target, const Rules& rules, JobResult& result) const;

 private:
  const std::vector<const PgRelation*>& tables_;
  std::vector<CopyTask> tasks_;
  std::vector<const PgRelation*> found_;  // one per task
};

}  // namespace dbsync
