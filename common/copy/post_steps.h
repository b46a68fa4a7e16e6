// Runs what completes a target table after its rows: indexes, keys, comments. Each
// statement and its mark in the journal are one transaction, so that over all runs
// it is done once. What fails is written into the result of its table; what needs that
// is not tried, for it would only fail, too. A lost connection is made again and the
// step tried anew, where a journal tells whether it was done.
//
// Threads: any, each with a session of its own. Errors: none leave it.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "copy/job_ledger.h"
#include "copy/load_journal.h"
#include "copy/target_preparer.h"
#include "copy/violation.h"
#include "copy/work_queue.h"
#include "copy/worker_session.h"

namespace dbsync {

// What the journal calls the statement of the unit.
std::string step_of(const DdlUnit& unit, const std::string& statement);

class PostSteps {
 public:
  // All must outlive it; `journal`: nullptr when there is none. `one_moment`: the rows
  // are of one snapshot.
  PostSteps(const LoadJournal* journal, const std::vector<PreparedTask>& prepared, JobLedger& ledger, bool one_moment,
            const RetryOptions& retry, const std::stop_token& drain, const std::stop_token& cancel);

  // One entry per unit of the item: whether it succeeded.
  std::vector<bool> run(const WorkItem& item, WorkerSession& worker);

  // Steps of the task that this run has done. After the workers have ended.
  const std::set<std::string>& done(std::size_t task) const { return done_[task]; }
  // What has become of the task's steps so far, of which `planned` are all.
  StepSummary summary(std::size_t task, const std::vector<DdlUnit>& planned) const;

 private:
  std::optional<bool> run_at_once(const WorkItem& item, WorkerSession& worker);
  void run_together(const WorkItem& item, WorkerSession& worker);
  bool run_unit(const DdlUnit& unit, std::size_t statements, std::size_t task, WorkerSession& worker);
  std::optional<Error> attempt(std::size_t task, WorkerSession& worker, const std::function<void()>& work);
  std::optional<Error> attempt_once(WorkerSession& worker, const std::function<void()>& work);
  void read_done(std::size_t task, WorkerSession& worker);
  bool is_done(std::size_t task, const std::string& step);
  bool is_derived(const DdlUnit& unit, std::size_t task, const std::string& component);
  std::string missing_for(const DdlUnit& unit, std::size_t task) const;
  void run_step(const DdlUnit& unit, std::size_t index, std::size_t task, WorkerSession& worker);
  void note(std::size_t task, std::vector<std::string> steps);
  void add_seconds(std::size_t task, const std::vector<const DdlUnit*>& units, double seconds);
  LoadedRows rows_of(std::size_t task) const;
  void explain_violation(const DdlUnit& unit, std::size_t task, Error& error, WorkerSession& worker);
  void fail(const DdlUnit& unit, std::size_t task, Error error, WorkerSession& worker);
  bool warn(const DdlUnit& unit, std::size_t task, const Error& error, const WorkerSession& worker);

  const LoadJournal* journal_;
  const std::vector<PreparedTask>& prepared_;
  JobLedger& ledger_;
  bool one_moment_;
  std::map<QualifiedName, std::vector<std::size_t>> tasks_of_;  // by target table
  RetryOptions retry_;
  std::atomic<bool> server_gone_ = false;  // all tries of a step were in vain: the others have none
  std::stop_token drain_;
  std::stop_token cancel_;
  mutable std::mutex mutex_;                            // guards what follows; taken before the ledger's
  std::vector<std::set<std::string>> done_;             // by task
  std::vector<std::set<std::string>> failed_;           // units, by task: what failed or was left out
  std::set<std::size_t> failed_keys_;                   // tasks whose keys cannot be referred to
  std::vector<std::map<std::string, double>> seconds_;  // of units, by task
};

}  // namespace dbsync
