#include "verify/verify_run.h"

#include <filesystem>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/progress.h"
#include "verify/verify_report.h"

namespace dbsync {

namespace {

namespace fs = std::filesystem;

std::string findings_path(const VerifyRun& run) {
  if (!run.options.verify_report.empty()) return run.options.verify_report;
  return (fs::path(run.config.reject_directory).parent_path() / "verify.jsonl").string();
}

VerifyResult compare(const VerifyRun& run, const std::vector<CopyTask>& tasks) {
  const VerifyRequest request{run.source, run.config.desc_pgsql, tasks, run.job, run.again};
  VerifyResult result = run_verify_job(request, run.drain, run.cancel);
  if (!run.options.quiet || result.exit_status() != 0) print_to_user(summary_text(result));
  const std::string path = findings_path(run);
  if (write_findings(path, result)) log::warning("main", fmt::format("the rows that differ are named in {}", path));
  return result;
}

// Tables of which all tasks are loaded: of others it is known that rows are missing.
std::vector<CopyTask> loaded_tasks(const JobResult& result) {
  std::map<QualifiedName, bool> whole;
  for (std::size_t i = 0; i < result.tasks.size(); ++i) {
    const auto entry = whole.try_emplace(result.tasks[i].compared_with(), true).first;
    entry->second = entry->second && result.results[i].status == TaskStatus::done;
  }
  std::vector<CopyTask> out;
  for (const CopyTask& task : result.tasks)
    if (whole.at(task.compared_with())) out.push_back(task);
  return out;
}

std::uint64_t rejected_rows(const JobResult& result, const QualifiedName& target) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < result.tasks.size(); ++i)
    if (result.tasks[i].compared_with() == target) out += result.results[i].outcome.rejected;
  return out;
}

void note_rejects(const JobResult& job, VerifyResult& result) {
  for (TableVerdict& table : result.tables)
    if (const auto rows = rejected_rows(job, table.target); rows > 0)
      log::warning("verify",
                   fmt::format("{}: {} of its rows were set aside by this run and are missing for that reason",
                               table.name, rows));
}

void write_whole_report(const VerifyRun& run, const JobResult& job, const VerifyResult* verification) {
  if (run.options.report_path.empty()) return;
  if (verification == nullptr) return write_report(run.options.report_path, run.facts, job);
  const nlohmann::json json = verification_json(*verification);
  write_report(run.options.report_path, run.facts, job, &json);
}

}  // namespace

int verify_only(const VerifyRun& run, const std::vector<CopyTask>& tasks) {
  JobResult job;  // one that loaded nothing
  job.snapshot = run.source.open_snapshot(run.job.workers, tasks);
  log::info("main", "snapshot: " + job.snapshot.describe());
  const VerifyResult result = compare(run, tasks);
  write_whole_report(run, job, &result);
  return result.exit_status();
}

VerifyResult compare_loaded(const VerifyRun& run, const JobResult& result) {
  VerifyResult out = compare(run, loaded_tasks(result));
  note_rejects(result, out);
  return out;
}

int report_and_verify(const VerifyRun& run, const JobResult& result) {
  const int status = result.exit_status();
  if (!run.options.quiet || status != 0) print_to_user(summary_text(result));
  const bool any = run.after_copy && !loaded_tasks(result).empty();
  if (!run.compared && (!any || run.drain.stop_requested())) {
    write_whole_report(run, result, nullptr);
    return status;
  }
  const VerifyResult verification = run.compared ? *run.compared : compare_loaded(run, result);
  write_whole_report(run, result, &verification);
  const int compared = verification.exit_status();
  return status != 0 && compared != exit_code(ErrorKind::interrupted) ? status : compared;
}

}  // namespace dbsync
