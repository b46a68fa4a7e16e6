#include "copy/journal_end.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/log_error.h"
#include "base/text.h"
#include "copy/journal_proof.h"

namespace dbsync {

namespace {

Error lost(const std::string& what) {
  Error error(ErrorKind::target, fmt::format("the target crashed and lost {} that it had confirmed", what));
  return error.hint("--resume does that again").mark_retryable();
}

void compare_with_journal(const CopyTask& task, const JournalTable& there, const std::set<std::string>& steps,
                          TaskResult& result) {
  if (there.chunks_done() < result.chunks_done) {
    const std::string what =
        fmt::format("{} of {} chunks", result.chunks_done - there.chunks_done(), result.chunks_done);
    result.chunks_done = there.chunks_done();
    result.outcome.rows = result.outcome.bytes = 0;
    for (const JournalChunk& chunk : there.chunks) {
      result.outcome.rows += chunk.rows;
      result.outcome.bytes += chunk.bytes;
    }
    return report_failure("main", task, lost(what), result);
  }
  for (const std::string& step : steps)
    if (!there.steps.contains(step)) {
      result.post_errors.push_back(lost(one_line(step)));
      log::error("main", result.post_errors.back());
    }
}

// "2 of its 7 chunks": what stands on the target of a task that did not end well.
std::string kept_part(const TaskResult& result) {
  return fmt::format("{} of its {} chunks are on the target", result.chunks_done, result.chunks);
}

void interrupt_open_steps(const CopyTask& task, TaskResult& result, bool journaled) {
  const std::string open = open_text(result.steps);
  if (result.status != TaskStatus::done || open.empty()) return;
  result.status = TaskStatus::interrupted;
  result.error = Error(ErrorKind::interrupted, "interrupted; its rows are on the target, not made yet: " + open);
  if (journaled) result.error->hint("--resume makes them");
  log::warning("main", fmt::format("{}: {}", task.name, result.error->what()));
}

void settle(const CopyTask& task, TaskResult& result, bool journaled, bool stopped) {
  if (stopped) interrupt_open_steps(task, result, journaled);
  if (result.status == TaskStatus::interrupted && result.error) return;
  if (result.status == TaskStatus::waiting || result.status == TaskStatus::running)
    result.status = TaskStatus::interrupted;
  if (result.status == TaskStatus::interrupted) {
    result.error = Error(ErrorKind::interrupted, result.chunks_done > 0 ? "interrupted; " + kept_part(result)
                                                                        : "interrupted; nothing of it was kept");
    if (result.chunks_done > 0) log::warning("main", fmt::format("{}: {}", task.name, result.error->what()));
  } else if (result.status == TaskStatus::failed && result.error && result.chunks_done > 0) {
    const std::string hint = result.error->hint();
    result.error->hint(fmt::format("{}{}; {}--truncate loads the table again from its start", kept_part(result),
                                   hint.empty() ? "" : "; " + hint, journaled ? "--resume loads the others, " : ""));
  }
}

}  // namespace

void find_lost_commits(ControlSession& control, const LoadJournal& journal, const std::vector<PreparedTask>& prepared,
                       const PostSteps& steps, JobResult& result, std::vector<PgQuery> ahead) {
  if (control.answers(std::move(ahead))) return;
  try {
    const auto there = journal.read(control.open());
    for (std::size_t i = 0; i < result.results.size(); ++i) {
      const auto found = there.find(prepared[i].journal);
      if (prepared[i].journal >= 0)
        compare_with_journal(result.tasks[i], found == there.end() ? JournalTable{} : found->second, steps.done(i),
                             result.results[i]);
    }
  } catch (Error& error) {
    error.context("what the target holds after its sessions were lost");
    log::error("main", error);
    result.errors.push_back(error.hint("--resume looks at it again"));
  }
}

void find_rewritten(ControlSession& control, const LoadJournal& journal, const std::vector<PreparedTask>& prepared,
                    JobResult& result) {
  if (!control.is_open()) return;
  try {
    const std::set<int> rewritten = LoadJournal::rewritten(control.durable({journal.ask_rewritten()}).front());
    if (rewritten.empty()) return;
    PgConnection& connection = control.get();
    std::map<QualifiedName, std::uint64_t> rows;
    for (std::size_t i = 0; i < result.results.size(); ++i)
      rows[result.tasks[i].target] += result.results[i].outcome.rows;
    for (std::size_t i = 0; i < result.results.size(); ++i) {
      if (!rewritten.contains(prepared[i].journal) || result.results[i].status != TaskStatus::done) continue;
      if (auto error = rewritten_error(connection, prepared[i].target, rows[result.tasks[i].target]))
        report_failure("main", result.tasks[i], std::move(*error), result.results[i]);
    }
  } catch (Error& error) {
    error.context("whether the tables are those into which rows were put");
    log::error("main", error);
    result.errors.push_back(error.hint("--resume looks at it again"));
  }
}

void settle_results(JobResult& result, bool journaled, bool stopped) {
  for (std::size_t i = 0; i < result.results.size(); ++i)
    settle(result.tasks[i], result.results[i], journaled, stopped);
}

void note_rows_to_mend(ControlSession& control, const LoadJournal& journal, bool goes_on, const JobResult& result) {
  const auto breaks = [](const Error& error) { return error.kind() == ErrorKind::data; };
  const bool any = std::any_of(result.errors.begin(), result.errors.end(), breaks) ||
                   std::any_of(result.results.begin(), result.results.end(), [&](const TaskResult& task) {
                     return std::any_of(task.post_errors.begin(), task.post_errors.end(), breaks);
                   });
  if (!any && !goes_on) return;
  try {
    journal.note_rows_to_mend(control.durable(), any);
  } catch (const Error& error) {
    log::warning("main", fmt::format("the journal could not be closed: {}", error.what()));
  }
}

void close_journal(ControlSession& control, const LoadJournal& journal, const JobOptions& options,
                   const JobResult& result, std::optional<bool> open_schema) {
  if (result.exit_status() != 0 || options.more_follows) return;
  try {
    if (!open_schema) open_schema = control.durable({journal.ask_open_schema()}).front().rows() > 0;
    journal.finish(control.get(), result.tasks, *open_schema);  // with this commit, all are on the disk
  } catch (const Error& error) {
    log::warning("main", fmt::format("the journal could not be closed: {}", error.what()));
  }
}

}  // namespace dbsync
