#include "mysql2pgsql/mysql_program.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "mysql2pgsql/binlog/cascades.h"
#include "mysql2pgsql/binlog/follow_check.h"
#include "mysql2pgsql/binlog/mysql_task.h"
#include "mysql2pgsql/client/early_mysql_session.h"
#include "mysql2pgsql/precheck.h"
#include "mysql2pgsql/schema/generated_check.h"

namespace dbsync {

MysqlProgram::MysqlProgram(RunContext& run) : run_(run), segments_(run.config) {
  // Sequences that the source does not have stand behind the rows.
  run_.job.move_sequences = true;
}

JournalKey MysqlProgram::journal_key() const {
  return {run_.request.program, run_.config.src_mysql.describe(), run_.config.target_schema};
}

void MysqlProgram::connect() {
  connection_ = EarlyMysqlSession::take(run_.config.src_mysql);
  server_.reset();
  if (run_.request.lock != nullptr) server_ = read_server_facts(*connection_);  // it is checked soon
  run_.facts.source = run_.config.src_mysql.describe();
  run_.facts.source_version =
      fmt::format("{} {}", connection_->is_mariadb() ? "MariaDB" : "MySQL", connection_->server_version());
}

bool MysqlProgram::check_source(FollowWish follow, CheckFindings& findings) {
  const auto known = std::exchange(server_, std::nullopt);
  const bool new_enough =
      check_mysql_server(*connection_, known ? *known : read_server_facts(*connection_), run_.job.workers, findings);
  if (follow != FollowWish::asked) return new_enough;
  for (const std::string& obstacle : obstacles_to_following(*connection_, "check")) {
    const std::size_t colon = obstacle.rfind(": ");
    findings.failed(ErrorKind::source, "source binlog", obstacle.substr(0, colon), obstacle.substr(colon + 2));
  }
  return new_enough;
}

MapOptions map_options_of(const RunContext& run) {
  const Config& config = run.config;
  MapOptions out;
  out.schema = config.target_schema;
  out.dialect = run.dialect;
  out.zero_date = config.policies.zero_date;
  out.partitions = !run.options.no_partitions;
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

// Names that are taken on the target matter where tables are made.
void MysqlProgram::read_source() {
  const bool makes_tables = run_.prints_ddl || run_.job.create || run_.job.start != StartMode::fresh;
  mapping_ = map_options_of(run_);
  if (makes_tables && run_.target) mapping_.target = read_target_facts(*run_.target, run_.there, mapping_);
  catalog_ = read_catalog(static_cast<SourceQueries&>(*connection_), run_.config.src_mysql.db, mapping_.rules,
                          run_.request.list);
  const auto& list = run_.request.list;
  const bool queries = std::any_of(list.begin(), list.end(), [](const auto& entry) { return !entry.query.empty(); });
  // All other texts are of identifiers and literals alone.
  if (queries || makes_schema_ || run_.prints_ddl) connection_->one_at_a_time();
  schema_ = map_schema(catalog_, mapping_);
  tasks_.reset();
  if (makes_schema_ || run_.prints_ddl)
    check_generated_columns(*connection_, catalog_, run_.request.list, schema_,
                            run_.prints_ddl ? nullptr : run_.target.get());
}

PlanRequest MysqlProgram::plan_request() {
  return {&*connection_, catalog_, schema_, mapping_, segments_, run_.options.first_column_key};
}

const std::vector<CopyTask>& MysqlProgram::tasks() {
  if (!tasks_) tasks_ = plan_tasks(plan_request(), run_.request.list);
  return *tasks_;
}

void MysqlProgram::check_tables(const TargetCheck& check, CheckFindings& findings) {
  if (check.depth == CheckDepth::thorough) check_readable(*connection_, tasks(), findings);
  if (check.depth == CheckDepth::thorough && check.follow)
    check_followed(*connection_, catalog_, tasks(), mapping_.rules,
                   run_.copies && run_.config.src_mysql.consistency == Consistency::none, findings);
  check_target_tables(check, checked_tables(tasks(), plan_request()), findings);
}

DdlText MysqlProgram::ddl() {
  DdlText out{ddl_of_tasks(tasks(), plan_request(), run_.options.section), {}};
  for (const CopyTask& task : tasks())
    if (task.problem) out.problems.push_back(*task.problem);
  return out;
}

std::vector<CopyTask> MysqlProgram::plan() {
  source_.emplace(run_.config.src_mysql, catalog_, mapping_, run_.config.policies);
  if (run_.moment) source_->require_moment();
  tasks();
  // Of thousands of tables there is room for one copy of what they are. What reads the
  // source anew plans anew.
  schema_.tables = {};
  return std::move(*std::exchange(tasks_, std::nullopt));
}

Position MysqlProgram::open_moment(const std::vector<CopyTask>& tasks) {
  std::string file;
  std::string offset;
  for (const auto& [name, value] : source_->open_snapshot(run_.job.workers, tasks).position) {
    if (name == "binlog_file") file = value;
    if (name == "binlog_position") offset = value;
  }
  std::vector<std::string> names;
  for (const CopyTask& task : tasks) names.push_back(task.name);
  remember_tables(*run_.target, mysql_task_name(run_.config, *run_.target), run_.config.src_mysql.db, names);
  return parse_position(file + ":" + offset);
}

// Tables that share a target are emptied together.
std::set<QualifiedName> MysqlProgram::complete_tables(const std::vector<CopyTask>& tasks,
                                                      std::set<std::string>& loaded) {
  leave_out_behind_cascades(catalog_, loaded);
  std::set<QualifiedName> unfinished;
  for (const CopyTask& task : tasks)
    if (!loaded.contains(task.name)) unfinished.insert(task.target);
  std::set<QualifiedName> out;
  for (const CopyTask& task : tasks) {
    if (unfinished.contains(task.target))
      loaded.erase(task.name);
    else
      out.insert({run_.config.src_mysql.db, task.name});
  }
  return out;
}

void MysqlProgram::leave_out_bound(std::set<std::string>& others) { leave_out_before_cascades(catalog_, others); }

std::map<std::string, QualifiedName> MysqlProgram::followed_names(const std::vector<CopyTask>& tasks) {
  std::map<std::string, QualifiedName> out;
  for (const CopyTask& task : tasks) out.emplace(task.name, QualifiedName{run_.config.src_mysql.db, task.name});
  return out;
}

void MysqlProgram::finish_copy(JobResult& result) {
  if (run_.job.create) result.notes = schema_.notes;
}

}  // namespace dbsync
