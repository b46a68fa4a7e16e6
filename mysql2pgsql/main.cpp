// mysql2pgsql: from the command line to an exit status.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>

#include <fmt/format.h>

#include "base/log.h"
#include "base/progress.h"
#include "base/shutdown.h"
#include "config/config.h"
#include "config/options.h"
#include "config/table_list.h"
#include "copy/copy_job.h"
#include "copy/job_report.h"
#include "mysql2pgsql/migration.h"
#include "mysql2pgsql/mysql_source.h"
#include "pg/catalog.h"
#include "version.h"

namespace dbsync {
namespace {

constexpr char kProgram[] = "mysql2pgsql";
constexpr Program kWhich = Program::mysql2pgsql;

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm tm{};
  gmtime_r(&now, &tm);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                     tm.tm_min, tm.tm_sec);
}

void report_error(const Error& error) {
  log::error("main", error.what());
  if (!error.hint().empty()) log::error("main", "HINT: " + error.hint());
}

// What was asked for goes to stdout; a full disk there must not look like success.
void write_stdout(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0)
    throw Error(ErrorKind::usage, "cannot write to the standard output").hint("check where it is redirected to");
}

// The dialect for -d: the target's when it answers, PostgreSQL otherwise.
Dialect dialect_for_ddl(const Config& config) {
  if (config.desc_pgsql.empty()) return postgresql_dialect(15);
  try {
    PgConnection target(config.desc_pgsql, "target", kProgram);
    return detect_dialect(target);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::config) throw;
    log::warning("main", fmt::format("the target does not answer, so the DDL is for PostgreSQL: {}", error.what()));
    return postgresql_dialect(15);
  }
}

int write_ddl(const Options& options, const Config& config, const std::vector<TableListEntry>& list) {
  MysqlConnection source(config.src_mysql);
  const auto catalog = read_catalog(source, config.src_mysql.db);
  const PlanRequest request{source, catalog, config.src_mysql.db, config.target_schema, dialect_for_ddl(config)};
  const auto tasks = plan_tasks(request, list);
  write_stdout(ddl_of_tasks(tasks, request, !options.no_partitions));
  int status = 0;
  for (const CopyTask& task : tasks) {
    if (!task.problem) continue;
    report_error(*task.problem);
    if (status == 0) status = exit_code(task.problem->kind());
  }
  return status;
}

JobOptions job_options(const Options& options) {
  JobOptions out;
  out.workers = options.jobs;
  out.format = options.copy_format;
  if (options.buffer_kb) out.buffer_bytes = std::size_t{*options.buffer_kb} * 1024;
  out.mode = options.append ? LoadMode::append : options.truncate ? LoadMode::truncate : LoadMode::refuse;
  out.create = options.create;
  out.application_name = kProgram;
  return out;
}

std::string options_in_force(const Options& options, const JobOptions& job) {
  return fmt::format("{} workers{}{}{}{}", job.workers,
                     options.table_list.empty() ? ", all tables" : ", tables of " + options.table_list,
                     job.create ? ", missing tables are created" : "",
                     job.mode == LoadMode::append     ? ", append"
                     : job.mode == LoadMode::truncate ? ", truncate first"
                                                      : "",
                     job.format == CopyFormatChoice::text     ? ", text COPY"
                     : job.format == CopyFormatChoice::binary ? ", binary COPY"
                                                              : "");
}

int copy_tables(const Options& options, const Config& config, const std::vector<TableListEntry>& list,
                const Shutdown& shutdown) {
  RunFacts facts{kProgram, {}, {}, {}, {}, utc_now()};
  const JobOptions job = job_options(options);
  MysqlConnection source(config.src_mysql);
  Dialect dialect;
  {
    PgConnection target(config.desc_pgsql, "target", kProgram);
    dialect = detect_dialect(target);
    facts.target = target.describe();
    facts.target_version = dialect_name(dialect);
  }
  facts.source = config.src_mysql.describe();
  facts.source_version = fmt::format("{} {}", source.is_mariadb() ? "MariaDB" : "MySQL", source.server_version());
  log::info("main", fmt::format("{} {}: {} ({}) to {} ({}), schema {}; {}", kProgram, kVersion, facts.source,
                                facts.source_version, facts.target, facts.target_version, config.target_schema,
                                options_in_force(options, job)));

  const auto catalog = read_catalog(source, config.src_mysql.db);
  const PlanRequest request{source, catalog, config.src_mysql.db, config.target_schema, dialect};
  auto tasks = plan_tasks(request, list);
  if (tasks.empty()) log::warning("main", fmt::format("the database {} has no tables", config.src_mysql.db));

  MysqlSource mysql(config.src_mysql, catalog, dialect, ValuePolicies{});
  const JobResult result = run_copy_job(mysql, config.desc_pgsql, dialect, std::move(tasks), job,
                                        shutdown.drain_token(), shutdown.cancel_token());
  print_to_user(summary_text(result));
  if (!options.report_path.empty()) write_report(options.report_path, facts, result);
  return result.exit_status();
}

int run(int argc, char** argv) {
  const Options options = parse_options(kWhich, argc, argv);
  if (options.help) {
    write_stdout(help_text(kWhich));
    return 0;
  }
  if (options.version) {
    write_stdout(fmt::format("{} {}\n", kProgram, kVersion));
    return 0;
  }
  if (options.verbose) log::set_level(log::Level::debug);
  if (options.quiet) log::set_level(log::Level::warning);

  Config config = load_config(options.config_path, kWhich, !options.ddl_only);
  if (!options.schema.empty()) config.target_schema = options.schema;
  const auto list = options.table_list.empty() ? std::vector<TableListEntry>{} : read_table_list(options.table_list);
  for (const auto& warning : config.warnings) log::warning("main", warning);

  const Shutdown shutdown;
  const MysqlLibrary library;
  return options.ddl_only ? write_ddl(options, config, list) : copy_tables(options, config, list, shutdown);
}

}  // namespace
}  // namespace dbsync

int main(int argc, char** argv) {
  using dbsync::ErrorKind;
  try {
    return dbsync::run(argc, argv);
  } catch (const dbsync::Error& error) {
    dbsync::report_error(error);
    return dbsync::exit_code(error.kind());
  } catch (const std::exception& e) {
    dbsync::log::error("main", std::string("internal error: ") + e.what());
    return dbsync::exit_code(ErrorKind::internal);
  }
}
