#include "copy/job_status.h"

#include <utility>

#include "base/log.h"
#include "pg/left_tables.h"
#include "pg/not_valid.h"
#include "pg/resync_notes.h"
#include "status/pg_status_store.h"

namespace dbsync {

namespace {

std::string state_word(TaskStatus status) {
  switch (status) {
    case TaskStatus::waiting: return "waiting";
    case TaskStatus::running: return "running";
    case TaskStatus::done: return "done";
    case TaskStatus::failed: return "failed";
    case TaskStatus::interrupted: return "interrupted";
  }
  return "waiting";
}

TableStatus table_status(const CopyTask& task, const TaskView& view) {
  TableStatus out{.name = task.name,
                  .target = task.target.display(),
                  .state = state_word(view.status),
                  .rows = view.rows,
                  .bytes = view.bytes,
                  .estimated_bytes = task.estimated_bytes};
  out.estimated_rows = task.estimated_rows;
  out.chunks = view.chunks;
  out.chunks_done = view.chunks_done;
  out.retries = view.retries;
  out.rejected = view.rejected;
  return out;
}

RunStatus run_status(const Config& config, const RunFacts& facts) {
  RunStatus run;
  run.task = config.task;
  run.program = facts.program;
  run.source = facts.source;
  run.destination = facts.target;
  return run;
}

// The target may be out of reach while its status, kept elsewhere, is read.
void add_from_target(const std::string& conninfo, StatusReport& out) {
  if (conninfo.empty()) return;
  try {
    PgConnection target(conninfo, "target", "dbsync");
    for (const ConstraintNotValid& constraint : constraints_not_valid(target))
      out.not_valid.push_back({constraint.describe(), constraint.validate_sql()});
    for (const LeftTable& table : read_left_tables(target)) out.left.push_back(table.describe());
    out.resync = resync_notes(target);
  } catch (const Error& error) {
    log::warning("status", std::string("whether keys of the target are left unchecked is not known: ") + error.what());
  }
}

std::string first_message(const JobResult& result) {
  for (const TaskResult& task : result.results) {
    if (task.error) return task.error->what();
    if (!task.post_errors.empty()) return task.post_errors.front().what();
  }
  return result.errors.empty() ? "" : result.errors.front().what();
}

}  // namespace

JobStatus::JobStatus(const Config& config, const RunFacts& facts, bool follows)
    : writer_(std::make_unique<PgStatusStore>(status_place(config.local_pgsql, config.desc_pgsql)),
              run_status(config, facts)),
      follows_(follows) {
  if (!follows) begin();
}

void JobStatus::observe(const JobView& job) {
  std::vector<TableStatus> tables;
  for (std::size_t i = 0; i < job.tasks.size(); ++i)
    tables.push_back(table_status(job.tasks[i], i < job.views.size() ? job.views[i] : TaskView{}));
  writer_.update(std::move(tables), {job.steps, job.spent, job.snapshot, job.snapshot_seconds});
}

void JobStatus::end(const JobResult& result) {
  std::vector<TableStatus> tables;
  for (std::size_t i = 0; i < result.tasks.size(); ++i) {
    const TaskResult& task = result.results[i];
    tables.push_back(table_status(result.tasks[i], {task.status, task.outcome.rows, task.outcome.bytes, task.chunks,
                                                    task.chunks_done, task.retries, task.outcome.rejected}));
    if (task.error) tables.back().message = task.error->what();
  }
  const int status = result.exit_status();
  const std::string well = follows_ ? "following" : "done";
  writer_.end_copy(tables,
                   status == 0                                 ? well
                   : result.count(TaskStatus::interrupted) > 0 ? "interrupted"
                                                               : "failed",
                   status, first_message(result), {.steps = result.steps(), .spent = result.spent});
}

void JobStatus::fail(const Error& error) {
  writer_.end_copy({}, error.kind() == ErrorKind::interrupted ? "interrupted" : "failed", exit_code(error.kind()),
                   error.what(), {});
}

std::string recorded_status(const Config& config, bool json) {
  const StatusPlace place = status_place(config.local_pgsql, config.desc_pgsql);
  if (place.conninfo.empty())
    throw Error(ErrorKind::config,
                "neither [local.pgsql] nor [desc.pgsql] has a connect_string, so there is no status to read");
  PgStatusStore store(place);
  auto report = store.latest(config.task);
  if (report) add_from_target(config.desc_pgsql, *report);
  return json ? status_json(report) : status_text(report, config.task);
}

}  // namespace dbsync
