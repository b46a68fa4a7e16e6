// Keeps the foreign keys and triggers of existing tables from acting while a copy
// loads them, and proves the keys when the rows are in. For each table, the first of
// these that the role may:
//
//   the replica role  session_replication_role = replica, in the loading transactions
//   taking them off   keys are dropped and triggers disabled, as dbsync.copy_guard notes
//                     (guard_journal.h), and come back at the end of the run
//   an order          they act: parents are loaded before children, and what cannot be
//                     is said before a row is written
//
// Threads: one. Errors: of the connection; those of single keys and triggers go to
// the result.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "copy/copy_job.h"
#include "copy/guard_journal.h"
#include "copy/guard_plan.h"
#include "copy/load_journal.h"
#include "pg/enforcement.h"
#include "schema/dialect.h"

namespace dbsync {

// How one task is to be loaded.
struct GuardedTask {
  bool replica = false;            // with session_replication_role = replica
  bool whole = false;              // in one chunk: its rows refer to one another
  std::vector<std::size_t> after;  // tasks whose rows must be in
  std::optional<Error> problem;    // it cannot be loaded
};

class LoadGuards {
 public:
  LoadGuards(const Dialect& dialect, const JobOptions& options) : dialect_(dialect), options_(options) {}

  // Reads what acts on the tables of the tasks in `running`, and decides. `journal`:
  // nullptr when there is none. Says in the log what will be done.
  std::vector<GuardedTask> decide(PgConnection& connection, const LoadJournal* journal,
                                  const std::vector<CopyTask>& tasks, const std::vector<bool>& running);

  // In a transaction of its own, when there is anything to take off.
  void take_off(PgConnection& connection) const;

  // The role in which tables are emptied, for the rest of the caller's transaction.
  void enter_replica_role(PgConnection& connection) const;

  bool may_replica() const { return may_replica_; }
  // Whether the key does not act on the tables of this run.
  bool is_off(const EnforcedKey& key) const { return plan_.off.contains(key.oid); }
  const Enforcement& enforcement() const { return enforcement_; }

  // Puts back what was taken off, by this run or an earlier one. Errors go to `result`.
  // Whether put_back() has to look for any.
  bool any_off() const { return any_off_ && journal_ != nullptr; }
  void put_back(PgConnection& connection, JobResult& result);
  // Whether there are any for prove().
  bool to_prove() const { return !plan_.replica_tables.empty() || any_off_; }
  // Proves the keys of tables that are complete. Errors go to the results of their tables.
  void prove(const std::string& conninfo, JobResult& result, const std::stop_token& drain,
             const std::stop_token& cancel);

 private:
  void order(const std::vector<CopyTask>& tasks, const std::vector<bool>& running, std::vector<GuardedTask>& out) const;
  void say() const;
  std::optional<std::uint32_t> oid_of(const CopyTask& task) const;
  std::vector<EnforcedKey> keys_to_prove(const Enforcement& now, const JobResult& result) const;
  bool sides_complete(const EnforcedKey& key, const Enforcement& now, JobResult& result) const;
  void report(const EnforcedKey& key, const Enforcement& now, Error error, JobResult& result) const;

  const Dialect& dialect_;
  const JobOptions& options_;
  const LoadJournal* journal_ = nullptr;
  Enforcement enforcement_;
  bool may_replica_ = false;
  GuardPlan plan_;
  bool any_off_ = false;
};

}  // namespace dbsync
