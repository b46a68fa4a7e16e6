#include "pgsql2pgsql/pg_program.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/log_error.h"
#include "base/text.h"
#include "embedded_sql.h"
#include "pg/catalog.h"
#include "pg/conninfo.h"
#include "pg/left_tables.h"
#include "pg/not_valid.h"
#include "pg/sqlstate.h"
#include "pgsql2pgsql/create_check.h"
#include "pgsql2pgsql/follow/choice_watch.h"
#include "pgsql2pgsql/follow/follow_task.h"
#include "pgsql2pgsql/follow/generated_columns.h"
#include "pgsql2pgsql/follow/held_triggers.h"
#include "pgsql2pgsql/follow/published_tables.h"
#include "pgsql2pgsql/follow/replication_slot.h"
#include "pgsql2pgsql/follow/table_places.h"
#include "pgsql2pgsql/follow/verify_again.h"
#include "pgsql2pgsql/precheck.h"
#include "pgsql2pgsql/schema/after_copy.h"
#include "pgsql2pgsql/schema/database_settings.h"
#include "pgsql2pgsql/schema/left_objects.h"
#include "pgsql2pgsql/schema/mapped_tables.h"
#include "pgsql2pgsql/schema/source_schema.h"
#include "pgsql2pgsql/source/same_database.h"
#include "pgsql2pgsql/source/standby.h"
#include "schema/ddl_writer.h"

namespace dbsync {

namespace {

std::string dump_options(PgConnection& source) {
  std::string out;
  const PgResult settings = source.exec(sql::dump_settings, {});
  for (int row = 0; row < settings.rows(); ++row) out += (row > 0 ? " " : "") + settings.text(row, 0);
  return out;
}

std::vector<Error> problems_of(const std::vector<PgDefinition>& definitions) {
  std::vector<Error> out;
  for (const PgDefinition& definition : definitions)
    if (definition.problem) out.push_back(*definition.problem);
  return out;
}

std::set<std::uint32_t> populated_views(PgConnection& source) {
  std::set<std::uint32_t> out;
  const PgResult views = source.exec("SELECT oid FROM pg_catalog.pg_class WHERE relkind = 'm' AND relispopulated");
  for (int row = 0; row < views.rows(); ++row) out.insert(static_cast<std::uint32_t>(views.integer(row, 0)));
  return out;
}

}  // namespace

TableFilter table_filter(const Options& options, const Config& config) {
  return {options.include.empty() ? split_patterns(config.include) : options.include,
          options.exclude.empty() ? split_patterns(config.exclude) : options.exclude};
}

std::string query_schema(const Options& options, const Config& config) {
  return options.schema.empty() ? config.target_schema : options.schema;
}

PgProgram::PgProgram(RunContext& run)
    : run_(run),
      options_(run.options),
      config_(run.config),
      map_(options_.schema, config_.schema_rules, config_.path),
      filter_(table_filter(options_, config_)),
      segments_(config_),
      source_(config_.src_pgsql, run.request.program) {}

JournalKey PgProgram::journal_key() const {
  return {run_.request.program, without_secrets(config_.src_pgsql).conninfo, options_.schema};
}

std::string PgProgram::place() const { return options_.schema.empty() ? "" : ", schema " + options_.schema; }

// ------------------------------------------------------------------ the source

void PgProgram::connect() {
  on_source_.emplace(config_.src_pgsql, "source", "this run (on the source)");
  if (!config_.desc_pgsql.empty()) on_target_.emplace(config_.desc_pgsql, "target", "this run (on the target)");
  if (run_.moment) source_.use_snapshot(run_.moment->snapshot, run_.moment->position.text());
  run_.facts.source = source_.begin(options_.jobs).endpoint();
  run_.facts.source_version = dialect_name(source_.dialect());
}

void PgProgram::refuse_same_database() {
  const auto asked = prefetch_identities(source_.planner(), *run_.target);
  dbsync::refuse_same_database(source_.planner(), *run_.target);
}

bool PgProgram::has_slot() {
  if (source_.dialect().distributed || !run_.target) return false;
  return read_slot(source_.planner(), follow_task(config_.task, source_.planner(), *run_.target).slot).has_value();
}

bool PgProgram::check_source(FollowWish follow, CheckFindings& findings) {
  const bool has_place = follow != FollowWish::none && has_slot();
  return check_pg_source({.source = source_.planner(),
                          .dialect = source_.dialect(),
                          .workers = options_.jobs,
                          .follow = follow,
                          .has_slot = has_place},
                         findings);
}

void PgProgram::begin_schema() {
  if (uses_pg_dump()) dump_.emplace(dump_request(), run_.request.drain);
}

void PgProgram::read_source() {
  catalog_ = read_pg_catalog(source_.planner(), source_.dialect());
  source_.set_segments(catalog_.segments);
  for (const auto& warning : apply_table_rules(catalog_, TableRules(config_), map_)) log::warning("main", warning);
  warn_of_idle_rules();
  selected_ = select_tables(catalog_, {filter_, run_.request.list, source_.on_standby()});
  if (uses_pg_dump() || !(run_.prints_ddl || options_.create)) return;
  for (std::string& note : objects_left_out(source_.planner(), selected_, run_.dialect))
    selected_.notes.push_back(std::move(note));
  if (selected_.whole_database)
    for (std::string& note : external_tables_left_out(source_.planner(), catalog_))
      selected_.notes.push_back(std::move(note));
}

// Rules without effect: their writer believes that they have one.
void PgProgram::warn_of_idle_rules() const {
  std::vector<std::string> schemas;
  std::vector<QualifiedName> targets;
  for (const PgRelation& relation : catalog_.relations) {
    schemas.push_back(relation.name.schema);
    targets.push_back(target_of(relation, map_));
  }
  for (const TableListEntry& entry : run_.request.list)
    targets.push_back({entry.schema.empty() ? query_schema(options_, config_) : entry.schema, entry.table});
  for (const auto& warning : map_.idle(schemas)) log::warning("main", warning);
  for (const auto& warning : segments_.idle(targets)) log::warning("main", warning);
}

// As the copy will see the target, though what --create makes is not there yet.
void PgProgram::check_tables(const TargetCheck& check, CheckFindings& findings) {
  const bool thorough = check.depth == CheckDepth::thorough;
  if (thorough) check_pg_tables(source_.planner(), selected_, findings);
  PlannedTasks expected =
      plan_tasks(catalog_, selected_, map_, read_partition_tree(*run_.target), query_schema(options_, config_));
  // Rules that no table can have, before it is to be made.
  if (thorough && options_.create && !uses_pg_dump()) define_tables(expected.tasks);
  if (thorough && target_has_names(*run_.target, expected)) check_following(findings);
  check_pg_targets(check, expected, findings);
  if (!thorough || !run_.job.create || !uses_pg_dump()) return;
  check_lock_room(source_.planner(), *run_.target, catalog_, findings);
  findings.attempt("schema", [&] {
    const SchemaPlan plan = read_schema();
    findings.passed("schema", "pg_dump can read it");
    check_creation(source_.planner(), *run_.target, plan, findings);
  });
}

// A task that is there already has its publication.
void PgProgram::check_following(CheckFindings& findings) {
  const bool will_follow = run_.follow != FollowWish::none && !source_.dialect().distributed &&
                           TableRules(config_).empty() && obstacles_to_following(source_.planner()).empty() &&
                           !has_slot();
  if (!will_follow) return;
  const PublishedTables published(catalog_, selected_, publishes_roots(source_.planner()));
  const std::string publication = follow_task(config_.task, source_.planner(), *run_.target).publication;
  if (on_standby(source_.planner()))
    check_publication(source_.planner(), publication,
                      followed_tables(source_.planner(), catalog_, selected_, config_.follow.without_key), run_.follow,
                      findings);
  const bool sends = will_send_generated(source_.planner(), publication);
  check_generated(unfit_generated_columns(source_.planner(), *run_.target, published.oids(), sends, map_), findings);
  check_triggers(acting_triggers(source_.planner(), *run_.target, published.names(), published.oids(), map_), findings);
  check_identities(source_.planner(), published, config_.follow.without_key, findings);
}

// ------------------------------------------------------------------ the schema

DumpRequest PgProgram::dump_request() {
  PgConnection& planner = source_.planner();
  return {.conninfo = config_.src_pgsql,
          .server_version = planner.server_version(),
          .snapshot = source_.snapshot_name(),
          .bindir = config_.pg_bindir,
          .encoding = planner.parameter("client_encoding"),
          .options = dump_options(planner)};
}

SchemaPlan PgProgram::schema_plan(std::vector<SchemaItem> items) {
  return SchemaPlan(std::move(items), catalog_, selected_, map_, read_object_names(source_.planner()));
}

SchemaPlan PgProgram::read_schema() { return schema_plan(dump_schema(dump_request(), run_.request.drain)); }

DefinitionRequest PgProgram::definition_request() {
  DefinitionRequest out{catalog_, selected_, map_, run_.dialect, segments_, options_.first_column_key};
  out.beside_dump = uses_pg_dump();
  if (run_.target && run_.target->usable()) out.target = run_.target.get();
  if (out.beside_dump && !map_.identity()) out.objects = read_object_names(source_.planner());
  return out;
}

std::string PgProgram::own_script(const std::vector<PgDefinition>& definitions, DdlSection section) const {
  DdlScript script;
  script.title = fmt::format("Tables of {} for {}, written by {}", catalog_.database, dialect_name(run_.dialect),
                             run_.request.program);
  script.notes = selected_.notes;
  script.qualified = true;
  script.pre_data = section != DdlSection::post_data;
  script.post_data = section != DdlSection::pre_data;
  std::set<QualifiedName> written;  // tables that share a target have one definition
  for (const PgDefinition& definition : definitions) {
    if (definition.problem)
      script.notes.push_back("NOT WRITTEN: " + one_line(definition.problem->what()));
    else if (written.insert(definition.table.name).second)
      script.tables.push_back(definition.table);
  }
  return ddl_script(script, run_.dialect);
}

DdlText PgProgram::ddl() {
  const bool dumps = uses_pg_dump();
  std::optional<SchemaPlan> dumped;
  if (dumps) dumped.emplace(read_schema());
  const auto definitions = table_definitions(source_.planner(), definition_request());
  if (!dumps) return {own_script(definitions, options_.section), problems_of(definitions)};
  const std::string title = fmt::format("Schema of {}, written by {}", catalog_.database, run_.request.program);
  DdlText out{{}, problems_of(definitions)};
  for (const DdlSection section : {DdlSection::pre_data, DdlSection::post_data}) {
    if (options_.section != DdlSection::all && options_.section != section) continue;
    out.text += dumped->script(title, section, source_.planner().parameter("client_encoding"));
    if (!definitions.empty()) out.text += own_script(definitions, section);
  }
  return out;
}

void PgProgram::make_schema() {
  extensions_before_ = extensions_of(*run_.target);
  if (!dump_) return;
  schema_.emplace(schema_plan(dump_->items()));
  restore_.emplace(
      *schema_, read_post_objects(source_.planner(), map_),
      RestoreTarget{config_.desc_pgsql, run_.request.program, options_.jobs, run_.request.drain, run_.request.cancel});
  for (const std::string& statement : settings_that_the_target_lacks(source_.planner(), *run_.target)) {
    notes_.push_back("setting of the database, not made on the target: " + statement);
    log::warning("schema", "the source's database has a setting that the target's has not; functions may rely on it: " +
                               statement);
  }
  const auto journal = own_journal();
  restore_->create(map_, selected_, [&](PgConnection& connection) {
    if (journal) journal->note_schema(connection);
  });
}

// Nothing where the role may not make one: then no run can be gone on with, which the copy says.
std::optional<LoadJournal> PgProgram::own_journal() {
  std::optional<LoadJournal> out;
  try {
    out.emplace(*run_.target, run_.job.journal_key).enter();
  } catch (const Error& error) {
    if (error.sqlstate() != sqlstate::insufficient_privilege) throw;
    out.reset();
  }
  return out;
}

// ------------------------------------------------------------------- the tasks

void PgProgram::set_target(PgSource& source, bool rejects) const {
  source.set_target(target_version_, run_.dialect.text_copy, rejects);
}

// The tasks, and how their tables come to be when the target lacks them.
std::vector<CopyTask> PgProgram::plan() {
  run_.job.more_follows = true;  // finish_copy
  const PartitionTree tree = read_partition_tree(*run_.target);
  PlannedTasks planned = plan_tasks(catalog_, selected_, map_, tree, query_schema(options_, config_));
  extension_rows_.emplace(selected_.extension_tables);
  extension_rows_->plan(source_.planner(), *run_.target, notes_);
  relations_ = std::move(planned.relations);
  relations_.merge(extension_rows_->relations());
  target_version_ = run_.target->server_version();
  set_target(source_, config_.reject_limit > 0 && run_.copies);
  source_.set_relations(relations_);
  if (restore_) add_post_load(planned.tasks);
  // Tables that an earlier run made are completed by this one.
  if (run_.job.create || run_.job.start != StartMode::fresh) {
    define_tables(planned.tasks);
    define_query_targets(planned.tasks);
  }
  if (!run_.copies) compare_extensions(planned.tasks);
  return std::move(planned.tasks);
}

// Copied behind all other tables (finish_values), compared beside them.
void PgProgram::compare_extensions(std::vector<CopyTask>& tasks) const {
  for (const std::string& note : notes_) log::warning("verify", note);
  tasks.insert(tasks.end(), extension_rows_->tasks().begin(), extension_rows_->tasks().end());
}

// What pg_dump does not bring.
void PgProgram::define_tables(std::vector<CopyTask>& tasks) {
  std::map<QualifiedName, std::vector<CopyTask*>> by_target;
  for (CopyTask& task : tasks)
    if (task.query.empty()) by_target[task.target].push_back(&task);
  for (const PgDefinition& definition : table_definitions(source_.planner(), definition_request()))
    for (CopyTask* task : by_target[definition.table.name]) {
      task->definition = definition.table;
      task->problem = definition.problem;
    }
}

void PgProgram::add_post_load(std::vector<CopyTask>& tasks) {
  for (CopyTask& task : tasks) {
    const auto relation = relations_.find(task.name);
    if (relation == relations_.end() || relation->second->mapped) continue;
    const PgRelation& root = catalog_.root_of(*relation->second);
    const bool own_table = task.target == map_.of(relation->second->name);
    task.fresh_target = restore_->created(own_table ? *relation->second : root);
    if (own_table) task.post_load = restore_->work_of(*relation->second, task.target);
  }
}

void PgProgram::define_query_targets(std::vector<CopyTask>& tasks) {
  for (CopyTask& task : tasks) {
    if (task.query.empty()) continue;
    try {
      task.definition = query_definition(source_.planner(), task, definition_request());
    } catch (const Error& error) {
      if (error.connection_lost() || !source_.planner().idle_in_transaction()) throw;
      task.problem = error;
    }
  }
}

// A partition whose changes come under its root stays only together with the rest of
// the tree.
std::set<QualifiedName> PgProgram::complete_tables(const std::vector<CopyTask>& tasks, std::set<std::string>& loaded) {
  const PublishedTables published(catalog_, selected_, publishes_roots(source_.planner()));
  std::set<QualifiedName> complete(published.names().begin(), published.names().end());
  // Not followed up to this moment, so copied at it.
  for (const LeftTable& left : left_tables()) complete.erase(left.name);
  const auto name_of = [&](const CopyTask& task) { return published.name_of(*relations_.at(task.name)); };
  for (const CopyTask& task : tasks) {
    if (!relations_.contains(task.name) || loaded.contains(task.name)) continue;
    if (const auto name = name_of(task)) complete.erase(*name);
  }
  for (const CopyTask& task : tasks) {
    if (!relations_.contains(task.name)) continue;
    const auto name = name_of(task);
    if (name && !complete.contains(*name)) loaded.erase(task.name);
    if (name && complete.contains(*name)) loaded.insert(task.name);
  }
  return complete;
}

std::map<std::string, QualifiedName> PgProgram::followed_names(const std::vector<CopyTask>& tasks) {
  const PublishedTables published(catalog_, selected_, publishes_roots(source_.planner()));
  std::map<std::string, QualifiedName> out;
  for (const CopyTask& task : tasks)
    if (relations_.contains(task.name))
      if (const auto name = published.name_of(*relations_.at(task.name))) out.emplace(task.name, *name);
  return out;
}

// Why tables will be found to differ: new ones, and names that were exchanged.
void PgProgram::tell_of_followed_tables(const std::string& task) {
  if (!known_tables_exist(*run_.target)) return;
  const auto followed = read_known_tables(*run_.target, task);
  for (const std::string& difference :
       ChoiceWatch(options_, config_, run_.request.list).differences(source_.planner(), followed))
    log::warning("verify", difference);
  std::vector<NamedTable> named;
  for (const KnownTable& table : followed)
    if (const PgRelation* relation = catalog_.find(table.oid)) named.push_back({table, relation->name});
  if (const auto error = find_misplaced(source_.planner(), *run_.target, task, map_, named))
    log::warning("verify", fmt::format("{}; {}", error->what(), error->hint()));
}

VerifyAgain PgProgram::verify_again() {
  const auto task = following_task(config_, source_.planner(), *run_.target);
  if (!task) return {};
  log::info("main", fmt::format("the task {} follows: rows that differ are looked at again", task->name));
  tell_of_followed_tables(task->name);
  return dbsync::verify_again(config_, *task, source_, options_.jobs, [this](PgSource& later) {
    set_target(later, false);
    later.set_relations(relations_);
  });
}

// -------------------------------------------------------------- after the rows

template <class Unfinished>
std::set<const PgRelation*> PgProgram::relations_of(const JobResult& result, const Unfinished& unfinished) const {
  std::set<const PgRelation*> out;
  for (std::size_t i = 0; i < result.tasks.size(); ++i) {
    const auto relation = relations_.find(result.tasks[i].name);
    if (relation != relations_.end() && unfinished(result.results[i])) out.insert(relation->second);
  }
  return out;
}

std::vector<LeftTable> PgProgram::left_tables() {
  run_.connect_target();
  return read_left_tables(*run_.target, follow_task(config_.task, source_.planner(), *run_.target).name);
}

void PgProgram::finish_copy(JobResult& result) {
  result.notes.insert(result.notes.end(), selected_.notes.begin(), selected_.notes.end());
  result.notes.insert(result.notes.end(), notes_.begin(), notes_.end());
  if (run_.moment)
    for (const LeftTable& left : left_tables()) result.notes.push_back(left.describe());
  const auto stop_if_asked = [this] {
    if (run_.request.drain.stop_requested())
      throw Error(ErrorKind::interrupted,
                  "interrupted before views, triggers, sequences and large objects were finished")
          .hint("--resume makes what is missing");
  };
  try {
    stop_if_asked();
    finish_schema(result);
    stop_if_asked();
    finish_values(result);
    finish_large_objects(result);
    if (result.exit_status() == 0) LoadJournal::finish(*run_.target, run_.job.journal_key, result.tasks);
  } catch (Error& error) {
    log::error("main", error);
    result.errors.push_back(error);
  }
  set_target(source_, false);
}

// What --create would look at again.
void PgProgram::name_constraints_not_valid(JobResult& result) {
  run_.connect_target();
  const auto theirs = constraints_not_valid(source_.planner());
  for (const ConstraintNotValid& constraint : constraints_not_valid(*run_.target)) {
    const bool as_theirs = std::any_of(theirs.begin(), theirs.end(), [&](const ConstraintNotValid& other) {
      return other.name == constraint.name && map_.of(other.table) == constraint.table;
    });
    if (!as_theirs)
      result.notes.push_back(
          one_line(fmt::format("{}: not valid on the target, since rows break it or an earlier run ended before it had "
                               "looked at all: {}",
                               constraint.describe(), constraint.validate_sql())));
  }
}

void PgProgram::finish_schema(JobResult& result) {
  if (!restore_) return name_constraints_not_valid(result);
  const auto without_rows =
      relations_of(result, [](const TaskResult& task) { return task.status != TaskStatus::done; });
  // With their rows, and with an index or a key that could not be made.
  const auto incomplete = relations_of(result, [](const TaskResult& task) { return !task.post_errors.empty(); });
  try {
    restore_->finish(without_rows, incomplete, populated_views(source_.planner()), map_);
  } catch (Error& error) {
    log::error("schema", error);
    result.errors.push_back(error);
  }
  result.errors.insert(result.errors.end(), restore_->problems().begin(), restore_->problems().end());
  result.notes.insert(result.notes.end(), schema_->notes().begin(), schema_->notes().end());
  result.notes.insert(result.notes.end(), restore_->notes().begin(), restore_->notes().end());
  if (!options_.create) name_constraints_not_valid(result);  // of tables beside those of this run
}

void PgProgram::finish_values(JobResult& result) {
  run_.connect_target();
  run_.target->exec("SET synchronous_commit = on");
  const std::stop_callback cancel(run_.request.cancel, [this] { run_.target->cancel(); });
  const bool adds = run_.job.mode == LoadMode::append;
  extension_rows_->copy(source_.planner(), *run_.target, {replaces_rows(), adds, extensions_before_}, result);
  const auto notes = set_sequences(source_.planner(), *run_.target, catalog_, selected_, map_, adds, result.errors);
  result.notes.insert(result.notes.end(), notes.begin(), notes.end());
}

void PgProgram::finish_large_objects(JobResult& result) {
  if (!selected_.whole_database) return;
  const std::stop_callback cancel(run_.request.cancel, [this] { run_.target->cancel(); });
  if (!uses_pg_dump()) {
    if (!source_.dialect().distributed && has_large_objects(source_.planner()))
      result.notes.push_back(fmt::format("large objects: left out, since {} has none", dialect_name(run_.dialect)));
    return;
  }
  const auto count = copy_large_objects(source_.planner(), *run_.target, replaces_rows(), run_.request.drain);
  if (count.objects > 0)
    log::info("main", fmt::format("{} large objects, {}", format_count(count.objects), format_bytes(count.bytes)));
}

}  // namespace dbsync
