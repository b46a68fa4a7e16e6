#include "pgsql2pgsql/full_copy.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_error.h"
#include "base/text.h"
#include "check/local_check.h"
#include "copy/copy_job.h"
#include "copy/job_report.h"
#include "copy/distribution_rules.h"
#include "copy/job_setup.h"
#include "copy/job_status.h"
#include "embedded_sql.h"
#include "pg/conninfo.h"
#include "pg/catalog.h"
#include "pgsql2pgsql/after_copy.h"
#include "pgsql2pgsql/copy_plan.h"
#include "pgsql2pgsql/extension_rows.h"
#include "pgsql2pgsql/mapped_tables.h"
#include "pgsql2pgsql/pg_catalog.h"
#include "pgsql2pgsql/follow_task.h"
#include "pgsql2pgsql/pg_source.h"
#include "pgsql2pgsql/precheck.h"
#include "pgsql2pgsql/replication_slot.h"
#include "pgsql2pgsql/same_database.h"
#include "pgsql2pgsql/schema_dump.h"
#include "pgsql2pgsql/schema_plan.h"
#include "pgsql2pgsql/schema_restore.h"
#include "pgsql2pgsql/source_schema.h"
#include "pgsql2pgsql/table_ddl.h"
#include "pgsql2pgsql/verify_again.h"
#include "schema/ddl_writer.h"
#include "verify/verify_run.h"
#include "version.h"

namespace dbsync {

namespace {

constexpr char kProgram[] = "pgsql2pgsql";

std::string dump_options(PgConnection& source) {
  std::string out;
  const PgResult settings = source.exec(sql::dump_settings, {});
  for (int row = 0; row < settings.rows(); ++row) out += (row > 0 ? " " : "") + settings.text(row, 0);
  return out;
}

// Both sides' tables come from pg_dump when both speak PostgreSQL's DDL.
bool uses_pg_dump(const Dialect& source, const Dialect& target) { return !source.distributed && !target.distributed; }

class FullCopy {
 public:
  FullCopy(const FullCopyRequest& request, std::stop_token drain, std::stop_token cancel)
      : options_(request.options), config_(request.config), request_(request), drain_(std::move(drain)),
        cancel_(std::move(cancel)), map_(options_.schema, config_.schema_rules, config_.path), rules_(config_),
        filter_(table_filter(options_, config_)), source_(config_.src_pgsql, kProgram) {}

  CopyOutcome run() {
    job_ = job_options(options_, config_, kProgram);
    job_.journal_key = journal_key(options_, config_);
    facts_ = {kProgram, {}, {}, {}, {}, utc_now()};
    connect_target();
    if (request_.snapshot) source_.use_snapshot(request_.snapshot->name, request_.snapshot->lsn);
    facts_.source = source_.begin(options_.jobs).endpoint();
    refuse_same_database(source_.planner(), *target_);
    facts_.source_version = dialect_name(source_.dialect());
    if (options_.verb == Verb::verify) return compare();
    if (options_.create && uses_pg_dump(source_.dialect(), dialect_)) dump_.emplace(dump_request(), drain_);
    read_source();
    // A run that follows has checked before it made its slot.
    if (!request_.snapshot || request_.bring_up)
      check_before_load({options_, config_, job_, source_.planner(), source_.dialect(), *target_, dialect_}, catalog_, selected_, map_);
    std::optional<JobStatus> own;
    JobStatus& status = request_.status != nullptr ? *request_.status : own.emplace(config_, facts_);
    status.begin();
    try {
      return copy(status);
    } catch (const Error& error) {
      status.fail(error);
      throw;
    }
  }

  // --check.
  int check() {
    job_ = job_options(options_, config_, kProgram);
    CheckFindings findings;
    check_local_files(options_, config_, follow_wish(options_) == FollowWish::asked, findings);
    const bool source = findings.attempt("source", [this] { source_.begin(options_.jobs); });
    const bool target = findings.attempt("target", [this] { connect_target(); });
    bool known = source && target;
    if (source)
      known = findings.attempt("source", [&] { known = check_source(findings, target && has_slot()) && known; }) && known;
    if (target) known = check_target_server(target_check(), findings) && known;
    if (source && target)
      known = findings.attempt("source and target", [this] { refuse_same_database(source_.planner(), *target_); }) && known;
    if (known)
      findings.attempt("tables", [&] { check_tables(findings); });
    else
      findings.warning("tables", "not looked at yet", "mend what failed above, then check again");
    write_stdout(options_.json ? findings.json() : findings.text());
    return findings.exit_status();
  }

  int print_schema() {
    dialect_ = dialect_for_ddl();
    source_.begin(1);
    read_source();
    if (uses_pg_dump(source_.dialect(), dialect_)) {
      const SchemaPlan plan = read_schema();
      const std::string title = fmt::format("Schema of {}, written by pgsql2pgsql", catalog_.database);
      const auto mapped = table_definitions(source_.planner(), definition_request());
      std::string out;
      for (const DdlSection section : {DdlSection::pre_data, DdlSection::post_data}) {
        if (options_.section != DdlSection::all && options_.section != section) continue;
        out += plan.script(title, section, source_.planner().parameter("client_encoding"));
        if (!mapped.empty()) out += own_script(mapped, section);
      }
      write_stdout(out);
      return status_of(mapped);
    }
    const auto definitions = table_definitions(source_.planner(), definition_request());
    write_stdout(own_script(definitions, options_.section));
    return status_of(definitions);
  }

 private:
  CopyOutcome copy(JobStatus& status) {
    log_start();
    extensions_before_ = extensions_of(*target_);
    if (dump_) create_schema();
    plan();
    if (request_.bring_up && !bring_up()) return {exit_code(ErrorKind::interrupted), false};
    job_.observer = [this, &status](const auto& tasks, const auto& views) {
      status.observe(tasks, views);
      if (request_.observer) request_.observer();
    };
    status.observe(planned_.tasks, {});
    JobResult result = run_copy_job(source_, config_.desc_pgsql, dialect_, std::move(planned_.tasks), job_, drain_, cancel_);
    finish(result);
    status.end(result);
    set_target(source_, false);
    return {report_and_verify(verification(), result), worth_a_retry(result)};
  }

  // Only tables whose every part is in can be brought up; a partition whose changes
  // come under its root stays only together with the rest of the tree.
  bool bring_up() {
    const EarlierRun earlier = LoadJournal(*target_, job_.journal_key).open();
    const PublishedTables published(catalog_, selected_, publishes_roots(source_.planner()));
    std::set<QualifiedName> complete(published.names().begin(), published.names().end());
    const auto loaded = [&](const CopyTask& task) {
      const JournalTable* known = earlier.find(task);
      return known != nullptr && known->loaded();
    };
    for (const CopyTask& task : planned_.tasks) {
      const auto relation = planned_.relations.find(task.name);
      if (relation == planned_.relations.end() || loaded(task)) continue;
      if (const auto name = published.name_of(*relation->second)) complete.erase(*name);
    }
    job_.start = StartMode::resume;
    job_.keep.emplace();
    for (const CopyTask& task : planned_.tasks) {
      const auto relation = planned_.relations.find(task.name);
      if (relation == planned_.relations.end()) continue;
      const auto name = published.name_of(*relation->second);
      if (name ? complete.contains(*name) : loaded(task)) job_.keep->insert(task.name);
    }
    log::info("main", fmt::format("the copy goes on: {} of {} tables are complete", job_.keep->size(), planned_.relations.size()));
    return request_.bring_up(complete);
  }

  bool worth_a_retry(const JobResult& result) const {
    const auto cured = [](const Error& error) { return error.retryable() || error.connection_lost(); };
    if (result.count(TaskStatus::interrupted) > 0) return false;
    if (source_.snapshot_lost()) return true;
    if (std::any_of(result.errors.begin(), result.errors.end(), cured)) return true;
    return std::any_of(result.results.begin(), result.results.end(), [&](const TaskResult& task) {
      return (task.error && cured(*task.error)) || std::any_of(task.post_errors.begin(), task.post_errors.end(), cured);
    });
  }

  CopyOutcome compare() {
    read_source();
    log_start();
    plan();
    set_target(source_, false);
    for (const std::string& note : extension_notes_) log::warning("verify", note);
    const auto& of_extensions = extension_rows_->tasks();
    planned_.tasks.insert(planned_.tasks.end(), of_extensions.begin(), of_extensions.end());
    VerifyRun run = verification();
    if (request_.followed_to_the_end) return {verify_only(run, std::move(planned_.tasks)), false};
    if (const auto task = following_task(config_, source_.planner(), *target_)) {
      log::info("main", fmt::format("the task {} follows: rows that differ are looked at again", task->name));
      run.again = verify_again(config_, *task, source_, options_.jobs, [this](PgSource& later) {
        set_target(later, false);
        later.set_relations(planned_.relations);
      });
    }
    return {verify_only(run, std::move(planned_.tasks)), false};
  }

  VerifyRun verification() { return {source_, options_, config_, job_, facts_, drain_, cancel_, {}}; }

  // `rejects`: rows may have to be shown, so they go as text.
  void set_target(PgSource& source, bool rejects) const {
    source.set_target(target_->server_version(), dialect_.text_copy, rejects);
  }

  std::string own_script(const std::vector<PgDefinition>& definitions, DdlSection section) const {
    DdlScript script;
    script.title = fmt::format("Tables of {} for {}, written by pgsql2pgsql", catalog_.database, dialect_name(dialect_));
    script.notes = selected_.notes;
    script.pre_data = section != DdlSection::post_data;
    script.post_data = section != DdlSection::pre_data;
    std::set<QualifiedName> written;  // tables that share a target have one definition
    for (const PgDefinition& definition : definitions) {
      if (definition.problem)
        script.notes.push_back("NOT WRITTEN: " + one_line(definition.problem->what()));
      else if (written.insert(definition.table.name).second)
        script.tables.push_back(definition.table);
    }
    return ddl_script(script, dialect_);
  }

  static int status_of(const std::vector<PgDefinition>& definitions) {
    int status = 0;
    for (const PgDefinition& definition : definitions) {
      if (!definition.problem) continue;
      log::error("main", *definition.problem);
      status = exit_code(definition.problem->kind());
    }
    return status;
  }

  TargetCheck target_check() const {
    return {*target_, dialect_, job_, CheckDepth::thorough, follow_wish(options_) == FollowWish::asked};
  }

  bool check_source(CheckFindings& findings, bool has_slot) {
    return check_pg_source({source_.planner(), source_.dialect(), options_.jobs, follow_wish(options_), has_slot}, findings);
  }

  bool has_slot() {
    if (source_.dialect().distributed) return false;
    return read_slot(source_.planner(), follow_task(config_.task, source_.planner(), *target_).slot).has_value();
  }

  void check_tables(CheckFindings& findings) {
    read_source();
    check_pg_tables(source_.planner(), selected_, findings);
    const PlannedTasks expected = plan_tasks(catalog_, selected_, map_, read_partition_tree(*target_), query_schema(options_, config_));
    check_pg_targets(target_check(), expected, findings);
    if (!options_.create || !uses_pg_dump(source_.dialect(), dialect_) || findings.exit_status() != 0) return;
    read_schema();
    findings.passed("schema", "pg_dump can read it");
  }

  void connect_target() {
    target_ = std::make_unique<PgConnection>(config_.desc_pgsql, "target", kProgram);
    target_->exec("SET search_path = ''");
    dialect_ = detect_dialect(*target_);
    facts_.target = target_->endpoint();
    facts_.target_version = dialect_name(dialect_);
    if (const auto chosen = chosen_dialect(options_)) dialect_ = *chosen;
    dialect_ = with_storage(dialect_, config_);
  }

  Dialect dialect_for_ddl() const {
    if (const auto chosen = chosen_dialect(options_)) return with_storage(*chosen, config_);
    if (config_.desc_pgsql.empty()) return postgresql_dialect(15);
    try {
      PgConnection target(config_.desc_pgsql, "target", kProgram);
      return with_storage(detect_dialect(target), config_);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::config) throw;
      log::warning("main", fmt::format("the target does not answer, so the DDL is for PostgreSQL (--dialect chooses another): {}",
                                       error.what()));
      return postgresql_dialect(15);
    }
  }

  void read_source() {
    catalog_ = read_pg_catalog(source_.planner(), source_.dialect());
    for (const auto& warning : apply_table_rules(catalog_, rules_, map_)) log::warning("main", warning);
    warn_of_idle_rules();
    selected_ = select_tables(catalog_, {filter_, request_.list, source_.on_standby()});
  }

  // Rules without effect: their writer believes that they have one.
  void warn_of_idle_rules() const {
    std::vector<std::string> schemas;
    std::vector<QualifiedName> targets;
    for (const PgRelation& relation : catalog_.relations) {
      schemas.push_back(relation.name.schema);
      targets.push_back(target_of(relation, map_));
    }
    for (const TableListEntry& entry : request_.list)
      targets.push_back({entry.schema.empty() ? query_schema(options_, config_) : entry.schema, entry.table});
    for (const auto& warning : map_.idle(schemas)) log::warning("main", warning);
    for (const auto& warning : idle_distribution_rules(config_.distribution_rules, config_.path, targets)) log::warning("main", warning);
  }

  void log_start() const {
    log::info("main", fmt::format("{} {}: {} ({}) to {} ({}){}; {}", kProgram, kVersion, facts_.source, facts_.source_version,
                                  facts_.target, facts_.target_version,
                                  options_.schema.empty() ? "" : ", schema " + options_.schema, options_in_force(options_, job_)));
    if (selected_.tables.empty() && selected_.queries.empty())
      log::warning("main", fmt::format("the database {} has no tables to copy", catalog_.database));
  }

  DumpRequest dump_request() {
    PgConnection& planner = source_.planner();
    return {config_.src_pgsql, planner.server_version(), source_.snapshot_name(), config_.pg_bindir,
            planner.parameter("client_encoding"), dump_options(planner)};
  }

  SchemaPlan read_schema() { return schema_plan(dump_schema(dump_request(), drain_)); }

  SchemaPlan schema_plan(std::vector<SchemaItem> items) {
    return {std::move(items), catalog_, selected_, map_, read_object_names(source_.planner())};
  }

  void create_schema() {
    schema_.emplace(schema_plan(dump_->items()));
    restore_.emplace(*schema_, read_post_objects(source_.planner(), map_),
                     RestoreTarget{config_.desc_pgsql, kProgram, options_.jobs, drain_, cancel_});
    restore_->create(map_, selected_);
  }

  DefinitionRequest definition_request() {
    DefinitionRequest out{catalog_, selected_, map_, dialect_, config_.distribution_rules, config_.path, options_.first_column_key};
    out.beside_dump = uses_pg_dump(source_.dialect(), dialect_);
    if (out.beside_dump && !map_.identity()) out.objects = read_object_names(source_.planner());
    return out;
  }

  // The tasks, and how their tables come to be when the target lacks them.
  void plan() {
    const PartitionTree tree = read_partition_tree(*target_);
    planned_ = plan_tasks(catalog_, selected_, map_, tree, query_schema(options_, config_));
    extension_rows_.emplace(selected_.extension_tables);
    extension_rows_->plan(source_.planner(), *target_, extension_notes_);
    planned_.relations.merge(extension_rows_->relations());
    set_target(source_, config_.reject_limit > 0);
    source_.set_relations(planned_.relations);
    if (restore_) add_post_load();
    // Tables that an earlier run made are completed by this one.
    if (options_.create || options_.resume || options_.restart) {
      define_tables();
      define_query_targets();
    }
  }

  // What pg_dump does not bring.
  void define_tables() {
    for (const PgDefinition& definition : table_definitions(source_.planner(), definition_request()))
      for (CopyTask& task : planned_.tasks) {
        if (!task.query.empty() || task.target != definition.table.name) continue;
        task.definition = definition.table;
        task.problem = definition.problem;
      }
  }

  void add_post_load() {
    for (CopyTask& task : planned_.tasks) {
      const auto relation = planned_.relations.find(task.name);
      if (relation == planned_.relations.end() || relation->second->mapped) continue;
      const PgRelation& root = catalog_.root_of(*relation->second);
      const bool own_table = task.target == map_.of(relation->second->name);
      task.fresh_target = restore_->created(own_table ? *relation->second : root);
      if (own_table) task.post_load = restore_->work_of(*relation->second, task.target);
    }
  }

  void define_query_targets() {
    for (CopyTask& task : planned_.tasks) {
      if (task.query.empty()) continue;
      try {
        task.definition = query_definition(source_.planner(), task, definition_request());
      } catch (const Error& error) {
        if (error.connection_lost() || !source_.planner().idle_in_transaction()) throw;
        task.problem = error;
      }
    }
  }

  std::set<const PgRelation*> without_rows(const JobResult& result) const {
    std::set<const PgRelation*> out;
    for (std::size_t i = 0; i < result.tasks.size(); ++i) {
      const auto relation = planned_.relations.find(result.tasks[i].name);
      if (relation != planned_.relations.end() && result.results[i].status != TaskStatus::done) out.insert(relation->second);
    }
    return out;
  }

  // With their rows, and with an index or a key that could not be made.
  std::set<const PgRelation*> incomplete(const JobResult& result) const {
    std::set<const PgRelation*> out;
    for (std::size_t i = 0; i < result.tasks.size(); ++i) {
      const auto relation = planned_.relations.find(result.tasks[i].name);
      if (relation != planned_.relations.end() && !result.results[i].post_errors.empty()) out.insert(relation->second);
    }
    return out;
  }

  void finish(JobResult& result) {
    result.notes.insert(result.notes.end(), selected_.notes.begin(), selected_.notes.end());
    result.notes.insert(result.notes.end(), extension_notes_.begin(), extension_notes_.end());
    if (drain_.stop_requested()) return;
    try {
      finish_schema(result);
      finish_values(result);
    } catch (Error& error) {
      log::error("main", error);
      result.errors.push_back(error);
    }
  }

  void finish_schema(JobResult& result) {
    if (!restore_) return;
    try {
      restore_->finish(without_rows(result), incomplete(result), populated_views(), map_);
    } catch (Error& error) {
      log::error("schema", error);
      result.errors.push_back(error);
    }
    result.errors.insert(result.errors.end(), restore_->problems().begin(), restore_->problems().end());
    result.notes.insert(result.notes.end(), schema_->notes().begin(), schema_->notes().end());
    result.notes.insert(result.notes.end(), restore_->notes().begin(), restore_->notes().end());
  }

  std::set<std::uint32_t> populated_views() {
    std::set<std::uint32_t> out;
    const PgResult views = source_.planner().exec("SELECT oid FROM pg_catalog.pg_class WHERE relkind = 'm' AND relispopulated");
    for (int row = 0; row < views.rows(); ++row) out.insert(static_cast<std::uint32_t>(views.integer(row, 0)));
    return out;
  }

  void finish_values(JobResult& result) {
    if (!target_->answers()) connect_target();  // the server restarted while rows were copied
    target_->exec("SET synchronous_commit = on");
    const std::stop_callback cancel(cancel_, [this] { target_->cancel(); });
    const bool replaces = job_.mode == LoadMode::truncate || job_.start != StartMode::fresh;
    extension_rows_->copy(source_.planner(), *target_, {replaces, job_.mode == LoadMode::append, extensions_before_}, result);
    const auto notes = set_sequences(source_.planner(), *target_, catalog_, selected_, map_, job_.mode == LoadMode::append, result.errors);
    result.notes.insert(result.notes.end(), notes.begin(), notes.end());
    if (!selected_.whole_database) return;
    if (dialect_.distributed || source_.dialect().distributed) {
      if (!source_.dialect().distributed &&
          source_.planner().exec("SELECT 1 FROM pg_catalog.pg_largeobject_metadata LIMIT 1").rows() > 0)
        result.notes.push_back(fmt::format("large objects: left out, since {} has none", dialect_name(dialect_)));
      return;
    }
    const auto count = copy_large_objects(source_.planner(), *target_, options_.truncate || job_.start != StartMode::fresh, drain_);
    if (count.objects > 0)
      log::info("main", fmt::format("{} large objects, {}", format_count(count.objects), format_bytes(count.bytes)));
  }

  const Options& options_;
  const Config& config_;
  const FullCopyRequest& request_;
  std::stop_token drain_;
  std::stop_token cancel_;
  SchemaMap map_;
  TableRules rules_;
  TableFilter filter_;
  PgSource source_;
  std::unique_ptr<PgConnection> target_;
  Dialect dialect_;
  JobOptions job_;
  RunFacts facts_;
  PgCatalog catalog_;
  SelectedTables selected_;
  PlannedTasks planned_;
  std::set<std::string> extensions_before_;  // of the target
  std::optional<ExtensionRows> extension_rows_;
  std::vector<std::string> extension_notes_;
  std::optional<SchemaDump> dump_;
  std::optional<SchemaPlan> schema_;
  std::optional<SchemaRestore> restore_;
};

}  // namespace

JournalKey journal_key(const Options& options, const Config& config) {
  return {kProgram, without_secrets(config.src_pgsql).conninfo, options.schema};
}

TableFilter table_filter(const Options& options, const Config& config) {
  return {options.include.empty() ? split_patterns(config.include) : options.include,
          options.exclude.empty() ? split_patterns(config.exclude) : options.exclude};
}

std::string query_schema(const Options& options, const Config& config) {
  return options.schema.empty() ? config.target_schema : options.schema;
}

int check_full_copy(const FullCopyRequest& request, const std::stop_token& drain, const std::stop_token& cancel) {
  return FullCopy(request, drain, cancel).check();
}

CopyOutcome run_full_copy(const FullCopyRequest& request, const std::stop_token& drain, const std::stop_token& cancel) {
  return FullCopy(request, drain, cancel).run();
}

int print_schema(const FullCopyRequest& request, const std::stop_token& drain, const std::stop_token& cancel) {
  return FullCopy(request, drain, cancel).print_schema();
}

}  // namespace dbsync
