// mysql2pgsql: from the command line to an exit status.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "base/log.h"
#include "base/log_error.h"
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

// What was asked for goes to stdout; a full disk there must not look like success.
void write_stdout(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0)
    throw Error(ErrorKind::usage, "cannot write to the standard output").hint("check where it is redirected to");
}

std::optional<Dialect> chosen_dialect(const Options& options) {
  if (options.dialect.empty()) return std::nullopt;
  auto dialect = dialect_by_name(options.dialect);
  if (!dialect)
    throw Error(ErrorKind::usage, fmt::format("--dialect {}: not a dialect that is known", options.dialect))
        .hint("one of postgresql, postgresql12 …, greenplum5, greenplum6, greenplum7, cloudberry, adbpg");
  return dialect;
}

// The dialect for -d: the chosen one, the target's when it answers, PostgreSQL
// otherwise.
Dialect dialect_for_ddl(const Options& options, const Config& config) {
  if (const auto chosen = chosen_dialect(options)) return *chosen;
  if (config.desc_pgsql.empty()) return postgresql_dialect(15);
  try {
    PgConnection target(config.desc_pgsql, "target", kProgram);
    return detect_dialect(target);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::config) throw;
    log::warning("main", fmt::format("the target does not answer, so the DDL is for PostgreSQL 15 (--dialect chooses "
                                     "another): {}", error.what()));
    return postgresql_dialect(15);
  }
}

MapOptions map_options(const Options& options, const Config& config, Dialect dialect) {
  MapOptions out;
  if (!config.storage.empty() && config.storage != "heap") {
    dialect.storage_options = fmt::format("appendonly=true, orientation={}", config.storage == "ao_row" ? "row" : "column");
    if (!config.compress_type.empty() && config.compress_type != "none")
      dialect.storage_options += ", compresstype=" + config.compress_type;
    if (config.compress_level > 0) dialect.storage_options += fmt::format(", compresslevel={}", config.compress_level);
  }
  if (!dialect.distributed) dialect.storage_options.clear();
  out.schema = config.target_schema;
  out.dialect = dialect;
  out.zero_date = config.policies.zero_date;
  out.partitions = !options.no_partitions;
  out.touch_triggers = config.touch_triggers;
  out.lower_case_names = config.lower_case_names;
  for (const IniEntry& entry : config.type_rules)
    out.type_rules.push_back(parse_type_rule(entry.key, entry.value, config.src_mysql.db,
                                             fmt::format("{} line {}", config.path, entry.line)));
  return out;
}

int write_ddl(const Options& options, const Config& config, const std::vector<TableListEntry>& list) {
  const MapOptions mapping = map_options(options, config, dialect_for_ddl(options, config));
  MysqlConnection source(config.src_mysql);
  const MysqlCatalog catalog = read_catalog(source, config.src_mysql.db);
  const MappedSchema schema = map_schema(catalog, mapping);
  const PlanRequest request{source, catalog, schema, mapping, config.distribution_rules, config.path, options.first_column_key};
  const auto tasks = plan_tasks(request, list);
  write_stdout(ddl_of_tasks(tasks, request, options.section));
  int status = 0;
  for (const CopyTask& task : tasks) {
    if (!task.problem) continue;
    log::error("main", *task.problem);
    if (status == 0) status = exit_code(task.problem->kind());
  }
  return status;
}

JobOptions job_options(const Options& options, const Config& config) {
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
  const JobOptions job = job_options(options, config);
  MysqlConnection source(config.src_mysql);
  Dialect dialect;
  {
    PgConnection target(config.desc_pgsql, "target", kProgram);
    dialect = detect_dialect(target);
    facts.target = target.describe();
    facts.target_version = dialect_name(dialect);
  }
  if (const auto chosen = chosen_dialect(options)) dialect = *chosen;
  const MapOptions mapping = map_options(options, config, dialect);
  facts.source = config.src_mysql.describe();
  facts.source_version = fmt::format("{} {}", source.is_mariadb() ? "MariaDB" : "MySQL", source.server_version());
  log::info("main", fmt::format("{} {}: {} ({}) to {} ({}), schema {}; {}", kProgram, kVersion, facts.source,
                                facts.source_version, facts.target, facts.target_version, config.target_schema,
                                options_in_force(options, job)));

  const MysqlCatalog catalog = read_catalog(source, config.src_mysql.db);
  const MappedSchema schema = map_schema(catalog, mapping);
  const PlanRequest request{source, catalog, schema, mapping, config.distribution_rules, config.path, options.first_column_key};
  auto tasks = plan_tasks(request, list);
  if (tasks.empty()) log::warning("main", fmt::format("the database {} has no tables", config.src_mysql.db));

  MysqlSource mysql(config.src_mysql, catalog, mapping, config.policies);
  JobResult result = run_copy_job(mysql, config.desc_pgsql, mapping.dialect, std::move(tasks), job,
                                  shutdown.drain_token(), shutdown.cancel_token());
  if (job.create) result.notes = schema.notes;
  if (!options.quiet || result.exit_status() != 0) print_to_user(summary_text(result));
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
    dbsync::log::error("main", error);
    return dbsync::exit_code(error.kind());
  } catch (const std::exception& e) {
    dbsync::log::error("main", std::string("internal error: ") + e.what());
    return dbsync::exit_code(ErrorKind::internal);
  }
}
