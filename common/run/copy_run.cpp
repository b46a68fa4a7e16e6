#include "run/copy_run.h"

#include <algorithm>
#include <exception>
#include <optional>

#include <fmt/format.h>

#include "base/freed_memory.h"
#include "base/log.h"
#include "base/worker_pool.h"
#include "copy/job_setup.h"
#include "run/check_run.h"
#include "verify/verify_run.h"
#include "version.h"

namespace dbsync {

namespace {

void log_start(const RunContext& run, const SourceProgram& program) {
  log::info("main", fmt::format("{} {}: {} ({}) to {} ({}){}; {}", run.request.program, kVersion, run.facts.source,
                                run.facts.source_version, run.facts.target, run.facts.target_version, program.place(),
                                options_in_force(run.options, run.job)));
}

// Side by side; an error of the target goes first.
void connect_both(RunContext& run, SourceProgram& program) {
  std::exception_ptr of_source;
  run_workers(2, "connect", [&](unsigned side) {
    if (side == 0) return run.connect_target();
    try {
      program.connect();
    } catch (...) {
      of_source = std::current_exception();
    }
  });
  if (of_source) std::rethrow_exception(of_source);
}

void connect(RunContext& run, SourceProgram& program) {
  run.job.journal_key = program.journal_key();
  connect_both(run, program);
  program.refuse_same_database();
  log_start(run, program);
}

// Only tables whose every part is in are complete, and stay.
std::set<QualifiedName> keep_complete(RunContext& run, SourceProgram& program, const std::vector<CopyTask>& tasks) {
  LoadJournal journal(*run.target, run.job.journal_key);
  const EarlierRun earlier = journal.open();
  const std::set<int> rewritten = journal.rewritten(*run.target);
  std::set<std::string> loaded;
  std::size_t whole_tables = 0;
  for (const CopyTask& one : tasks) {
    if (!one.query.empty()) continue;
    ++whole_tables;
    const JournalTable* known = earlier.find(one);
    if (known == nullptr || !known->loaded() || earlier.begun_anew) continue;
    if (!rewritten.contains(known->task))
      loaded.insert(one.name);
    else
      log::warning("main", fmt::format("{} was emptied, made again or written anew by somebody else since it was "
                                       "loaded, and is loaded again",
                                       one.target.display()));
  }
  auto complete = program.complete_tables(tasks, loaded);
  run.job.start = StartMode::resume;
  run.job.keep = std::move(loaded);
  log::info("main", fmt::format("the copy goes on: {} of {} tables are complete", run.job.keep->size(), whole_tables));
  return complete;
}

bool at_moment(RunContext& run, SourceProgram& program, std::vector<CopyTask>& tasks, const CopyOfTask& task) {
  std::set<QualifiedName> complete;
  if (task.again != nullptr) {
    complete = choose_again(run, program, tasks, *task.again);
    task.at_choice();
  }
  if (!run.moment->position.known()) run.moment->position = program.open_moment(tasks);
  if (task.goes_on && task.again == nullptr) complete = keep_complete(run, program, tasks);
  return task.at_moment(run.moment->position, complete);
}

bool worth_a_retry(const SourceProgram& program, const JobResult& result) {
  const auto cured = [](const Error& error) { return error.retryable() || error.connection_lost(); };
  if (result.count(TaskStatus::interrupted) > 0) return false;
  if (program.snapshot_lost()) return true;
  if (std::any_of(result.errors.begin(), result.errors.end(), cured)) return true;
  return std::any_of(result.results.begin(), result.results.end(), [&](const TaskResult& task) {
    return (task.error && cured(*task.error)) || std::any_of(task.post_errors.begin(), task.post_errors.end(), cured);
  });
}

VerifyRun verification(RunContext& run, SourceProgram& program) {
  return {.source = program.source(),
          .options = run.options,
          .config = run.config,
          .job = run.job,
          .facts = run.facts,
          .drain = run.request.drain,
          .cancel = run.request.cancel,
          .after_copy = run.verify};
}

void observe(RunContext& run, JobStatus& status, const CopyOfTask* task) {
  run.job.observer = [&status, task](const JobView& job) {
    status.observe(job);
    if (task != nullptr && task->observer) task->observer();
  };
}

// What is copied again is compared while it is as of the snapshot.
void meet_at_rows(RunContext& run, SourceProgram& program, const CopyOfTask& task,
                  std::optional<VerifyResult>& compared) {
  run.job.meet = [&](const JobResult& result) {
    if (run.verify) {
      compared = compare_loaded(verification(run, program), result);
      if (compared->exit_status() != 0)
        throw Error(
            compared->exit_status() == exit_code(ErrorKind::interrupted) ? ErrorKind::interrupted : ErrorKind::data,
            "what was copied is not what the source has")
            .hint("the next run copies the tables again");
    }
    task.at_rows();
  };
}

CopyOutcome copy_rows(RunContext& run, SourceProgram& program, JobStatus& status, const CopyOfTask* task) {
  program.make_schema();
  give_back_freed_memory();
  auto tasks = program.plan();
  if (tasks.empty()) log::warning("main", fmt::format("{} has no tables to copy", run.facts.source));
  if (task != nullptr && !at_moment(run, program, tasks, *task)) return {exit_code(ErrorKind::interrupted), false};
  observe(run, status, task);
  status.observe({.tasks = tasks, .views = {}});
  run.target.reset();  // would be idle for as long as the rows take
  give_back_freed_memory();
  std::optional<VerifyResult> compared;
  if (task != nullptr && task->at_rows) meet_at_rows(run, program, *task, compared);
  JobResult result = run_copy_job(program.source(), run.config.desc_pgsql, run.dialect, std::move(tasks), run.job,
                                  run.request.drain, run.request.cancel);
  if (task == nullptr || task->again == nullptr) program.finish_copy(result);
  status.end(result);
  VerifyRun last = verification(run, program);
  last.after_copy = last.after_copy && !run.job.meet;
  last.compared = std::move(compared);
  return {report_and_verify(last, result), worth_a_retry(program, result)};
}

}  // namespace

void go_on_creating(RunContext& run) {
  if (run.job.create || !LoadJournal::has_open_schema(*run.target, run.job.journal_key)) return;
  run.job.create = true;
  log::info("main", "an earlier run with --create did not end well: what the target lacks is made, as with --create");
}

CopyOutcome run_copy(RunContext& run, SourceProgram& program, const CopyOfTask* task) {
  connect(run, program);
  go_on_creating(run);
  if (run.job.create) program.begin_schema();
  program.read_source();
  if (task == nullptr || !task->checked) check_before_load(run, program);
  run.ahead.reset();
  std::optional<JobStatus> own;
  JobStatus& status = task != nullptr ? task->status : own.emplace(run.config, run.facts);
  status.begin();
  try {
    return copy_rows(run, program, status, task);
  } catch (const Error& error) {
    status.fail(error);
    throw;
  }
}

int run_comparison(RunContext& run, SourceProgram& program, bool may_follow) {
  run.copies = false;
  connect(run, program);
  program.read_source();
  const auto tasks = program.plan();
  VerifyRun comparison = verification(run, program);
  if (may_follow) comparison.again = program.verify_again();
  return verify_only(comparison, tasks);
}

}  // namespace dbsync
