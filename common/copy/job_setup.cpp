#include "copy/job_setup.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "base/log.h"
#include "base/log_error.h"
#include "copy/guard_journal.h"
#include "status/metrics.h"
#include "version.h"

namespace dbsync {

JobOptions job_options(const Options& options, const Config& config, const std::string& program) {
  JobOptions out;
  out.workers = options.jobs;
  out.format = options.copy_format;
  if (options.buffer_kb) out.buffer_bytes = std::size_t{*options.buffer_kb} * 1024;
  out.mode = options.append ? LoadMode::append : options.truncate ? LoadMode::truncate : LoadMode::refuse;
  out.create = options.create;
  out.chunk_bytes = options.chunk_bytes;
  out.max_rate = options.max_rate;
  out.reject_limit = config.reject_limit;
  out.reject_directory = config.reject_directory;
  out.application_name = program;
  out.start = options.resume ? StartMode::resume : options.restart ? StartMode::restart : StartMode::fresh;
  out.retry = {config.retry_times, config.retry_interval};
  return out;
}

std::string options_in_force(const Options& options, const JobOptions& job) {
  return fmt::format("{} workers{}{}{}{}{}", job.workers,
                     options.table_list.empty() ? ", all tables" : ", tables of " + options.table_list,
                     job.create ? ", missing tables are created" : "",
                     job.start == StartMode::resume    ? ", resume"
                     : job.start == StartMode::restart ? ", start over"
                                                       : "",
                     job.mode == LoadMode::append     ? ", append"
                     : job.mode == LoadMode::truncate ? ", truncate first"
                                                      : "",
                     job.format == CopyFormatChoice::text     ? ", text COPY"
                     : job.format == CopyFormatChoice::binary ? ", binary COPY"
                                                              : "");
}

std::optional<Dialect> chosen_dialect(const Options& options) {
  if (options.dialect.empty()) return std::nullopt;
  auto dialect = dialect_by_name(options.dialect);
  if (!dialect)
    throw Error(ErrorKind::usage, fmt::format("--dialect {}: not a dialect that is known", options.dialect))
        .hint("one of postgresql, postgresql12 …, greenplum5, greenplum6, greenplum7, cloudberry, adbpg");
  return dialect;
}

int remove_journal(const Config& config, const JournalKey& key) {
  PgConnection target(config.desc_pgsql, "target", key.program);
  const auto problems = put_back_guards(target, key);
  for (const Error& error : problems) log::error("main", error);
  // What is still off must not be forgotten; a key whose rows are wrong stands again.
  if (std::any_of(problems.begin(), problems.end(), [](const Error& error) { return error.kind() != ErrorKind::data; }))
    return exit_code(ErrorKind::target);
  const RunEnd end = LoadJournal::end_of(target, key);
  if (end == RunEnd::in_parts)
    log::warning(
        "main",
        fmt::format(
            "the copy of {} for {} did not end well, and what it left open is forgotten: its tables may lack rows, "
            "keys and indexes. HINT: drop these tables before they are loaded again with --create",
            key.program, key.source));
  if (end == RunEnd::at_nothing)
    log::info("main", fmt::format("the copy of {} for {} ended before it had made or loaded anything", key.program,
                                  key.source));
  LoadJournal::remove(target, key);
  log::info("main", fmt::format("the bookkeeping of {} for {} is removed from the target", key.program, key.source));
  return 0;
}

bool answer_or_set_verbosity(const Options& options, Program which, const std::string& program) {
  if (options.help || options.version) {
    write_stdout(options.help ? help_text(which) : fmt::format("{} {}\n", program, kVersion));
    return true;
  }
  if (options.verbose) log::set_level(log::Level::debug);
  if (options.quiet) log::set_level(log::Level::warning);
  if (options.json_log) log::set_format(log::Format::json);
  if (!options.metrics_path.empty()) metrics::open(options.metrics_path, program, kVersion);
  return false;
}

void write_stdout(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0)
    throw Error(ErrorKind::usage, "cannot write to the standard output").hint("check where it is redirected to");
}

}  // namespace dbsync
