// mysql2pgsql: from the command line to an exit status.
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_error.h"
#include "base/shutdown.h"
#include "base/standard_streams.h"
#include "config/config.h"
#include "config/options.h"
#include "config/table_list.h"
#include "copy/copy_job.h"
#include "copy/job_report.h"
#include "copy/job_setup.h"
#include "copy/job_status.h"
#include "mysql2pgsql/generated_check.h"
#include "mysql2pgsql/migration.h"
#include "mysql2pgsql/mysql_source.h"
#include "mysql2pgsql/precheck.h"
#include "pg/catalog.h"
#include "status/metrics.h"
#include "verify/verify_run.h"
#include "version.h"

namespace dbsync {
namespace {

constexpr char kProgram[] = "mysql2pgsql";
constexpr Program kWhich = Program::mysql2pgsql;

MapOptions map_options(const Options& options, const Config& config, const Dialect& dialect);

// What -d writes for: the chosen dialect, the target as it is when it answers,
// PostgreSQL otherwise.
MapOptions mapping_for_ddl(const Options& options, const Config& config) {
  if (const auto chosen = chosen_dialect(options)) return map_options(options, config, *chosen);
  if (config.desc_pgsql.empty()) return map_options(options, config, postgresql_dialect(15));
  try {
    PgConnection target(config.desc_pgsql, "target", kProgram);
    const Dialect there = detect_dialect(target);
    MapOptions mapping = map_options(options, config, there);
    mapping.target = read_target_facts(target, there, mapping);
    return mapping;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::config) throw;
    log::warning("main", fmt::format("the target does not answer, so the DDL is for PostgreSQL 15 (--dialect chooses "
                                     "another): {}", error.what()));
    return map_options(options, config, postgresql_dialect(15));
  }
}

MapOptions map_options(const Options& options, const Config& config, const Dialect& dialect) {
  MapOptions out;
  out.schema = config.target_schema;
  out.dialect = with_storage(dialect, config);
  out.zero_date = config.policies.zero_date;
  out.partitions = !options.no_partitions;
  out.touch_triggers = config.touch_triggers;
  out.lower_case_names = config.lower_case_names;
  out.generated_columns = config.generated_columns;
  out.keep_index_names = config.keep_index_names;
  out.rules = TableRules(config);
  for (const IniEntry& entry : config.type_rules)
    out.type_rules.push_back(parse_type_rule(entry.key, entry.value, config.src_mysql.db,
                                             fmt::format("{} line {}", config.path, entry.line)));
  return out;
}

int write_ddl(const Options& options, const Config& config, const std::vector<TableListEntry>& list) {
  const MapOptions mapping = mapping_for_ddl(options, config);
  MysqlConnection source(config.src_mysql);
  const MysqlCatalog catalog = read_catalog(source, config.src_mysql.db, mapping.rules, list);
  MappedSchema schema = map_schema(catalog, mapping);
  check_generated_columns(source, catalog, list, schema, nullptr);
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

JournalKey journal_key(const Config& config) {
  return {kProgram, config.src_mysql.describe(), config.target_schema};
}

JobResult run_job(MysqlSource& source, const Config& config, const Dialect& dialect, std::vector<CopyTask> tasks,
                  const JobOptions& job, const Shutdown& shutdown, JobStatus& status) {
  try {
    status.observe(tasks, {});
    JobResult result = run_copy_job(source, config.desc_pgsql, dialect, std::move(tasks), job, shutdown.drain_token(),
                                    shutdown.cancel_token());
    status.end(result);
    return result;
  } catch (const Error& error) {
    status.fail(error);
    throw;
  }
}

int copy_tables(const Options& options, const Config& config, const std::vector<TableListEntry>& list,
                const Shutdown& shutdown) {
  RunFacts facts{kProgram, {}, {}, {}, {}, utc_now()};
  JobOptions job = job_options(options, config, kProgram);
  job.journal_key = journal_key(config);
  job.move_sequences = true;
  MysqlConnection source(config.src_mysql);
  auto target = std::make_unique<PgConnection>(config.desc_pgsql, "target", kProgram);
  const Dialect there = detect_dialect(*target);
  Dialect dialect = there;
  facts.target = target->endpoint();
  facts.target_version = dialect_name(there);
  if (const auto chosen = chosen_dialect(options)) dialect = *chosen;
  MapOptions mapping = map_options(options, config, dialect);
  if (job.create || job.start != StartMode::fresh) mapping.target = read_target_facts(*target, there, mapping);
  facts.source = config.src_mysql.describe();
  facts.source_version = fmt::format("{} {}", source.is_mariadb() ? "MariaDB" : "MySQL", source.server_version());
  log::info("main", fmt::format("{} {}: {} ({}) to {} ({}), schema {}; {}", kProgram, kVersion, facts.source,
                                facts.source_version, facts.target, facts.target_version, config.target_schema,
                                options_in_force(options, job)));

  const MysqlCatalog catalog = read_catalog(source, config.src_mysql.db, mapping.rules, list);
  MappedSchema schema = map_schema(catalog, mapping);
  if (job.create && options.verb != Verb::verify) check_generated_columns(source, catalog, list, schema, target.get());
  const PlanRequest request{source, catalog, schema, mapping, config.distribution_rules, config.path, options.first_column_key};
  auto tasks = plan_tasks(request, list);
  if (tasks.empty()) log::warning("main", fmt::format("the database {} has no tables", config.src_mysql.db));
  // A comparison asks for nothing but the right to read.
  if (options.verb != Verb::verify) check_before_load({options, config, job, request, there}, *target, tasks);
  target.reset();

  MysqlSource mysql(config.src_mysql, catalog, mapping, config.policies);
  const VerifyRun verification{mysql, options, config, job, facts, shutdown.drain_token(), shutdown.cancel_token(), {}};
  if (options.verb == Verb::verify) return verify_only(verification, std::move(tasks));
  JobStatus status(config, facts);
  job.observer = [&status](const auto& all, const auto& views) { status.observe(all, views); };
  JobResult result = run_job(mysql, config, mapping.dialect, std::move(tasks), job, shutdown, status);
  if (job.create) result.notes = schema.notes;
  return report_and_verify(verification, result);
}

int run(int argc, char** argv) {
  const Options options = parse_options(kWhich, argc, argv);
  if (answer_or_set_verbosity(options, kWhich, kProgram)) return 0;

  Config config = load_config(options.config_path, kWhich, options.verb != Verb::ddl && options.verb != Verb::status);
  if (!options.schema.empty()) config.target_schema = options.schema;
  const auto list = options.table_list.empty() ? std::vector<TableListEntry>{} : read_table_list(options.table_list);
  for (const auto& warning : config.warnings) log::warning("main", warning);

  if (options.verb == Verb::status) {
    write_stdout(recorded_status(config, options.json));
    return 0;
  }
  if (options.verb == Verb::cleanup) return remove_journal(config, journal_key(config));
  const Shutdown shutdown;
  const MysqlLibrary library;
  if (options.verb == Verb::check)
    return run_check(options, config, list, [&](const Dialect& there) {
      return map_options(options, config, chosen_dialect(options).value_or(there));
    });
  return options.verb == Verb::ddl ? write_ddl(options, config, list) : copy_tables(options, config, list, shutdown);
}

}  // namespace
}  // namespace dbsync

int main(int argc, char** argv) {
  dbsync::open_standard_streams();
  const int status = dbsync::log::exit_status_of([&] { return dbsync::run(argc, argv); });
  dbsync::metrics::close(status);
  return status;
}
