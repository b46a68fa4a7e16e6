// Which definitions the tables are read by; the other half of mysql_follow_source.cpp.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "cdc/drift_hint.h"
#include "cdc/known_tables.h"
#include "mysql2pgsql/binlog/definition_scan.h"
#include "mysql2pgsql/binlog/follow_tables.h"
#include "mysql2pgsql/binlog/kept_definitions.h"
#include "mysql2pgsql/binlog/mysql_follow_source.h"
#include "mysql2pgsql/binlog/not_followed.h"
#include "mysql2pgsql/migration.h"
#include "mysql2pgsql/mysql_program.h"

namespace dbsync {

namespace {

Error source_changed(const FoundDefinition& found) {
  return Error(ErrorKind::source, fmt::format("the source has changed the definition of {} at {}: {}", found.table,
                                              found.at.text(), found.statement))
      .hint(definition_hint(found.table));
}

// `kept`: the definitions from before are known.
Error unreadable_definition(const FoundDefinition& found, bool kept) {
  return Error(ErrorKind::source,
               fmt::format("the definition of {} was changed at {}, and its changes from before cannot be read any "
                           "more: {}",
                           found.table, found.at.text(), found.statement))
      .hint(kept ? "start once without --accept-schema: the task applies what comes before with the definitions that "
                   "it has kept, and stops at the statement"
                 : fmt::format("make the target's table what the source's is, then {}; while the task follows, it "
                               "stops at such a statement and nothing is lost",
                               copy_again({"", found.table})));
}

std::set<std::string> names_of(const std::vector<CopyTask>& tasks) {
  std::set<std::string> out;
  for (const CopyTask& task : tasks) out.insert(task.name);
  return out;
}

}  // namespace

// A table that was made later is not followed: its rows from before would be missing.
void MysqlFollowSource::keep_known(PgConnection& target, std::vector<CopyTask>& tasks) const {
  std::set<std::string> known;
  for (const KnownTable& table : read_known_tables(target, task_)) known.insert(table.name.name);
  if (known.empty()) return;
  std::vector<std::string> others;
  for (const CopyTask& task : tasks)
    if (!known.contains(task.name)) others.push_back(task.name);
  std::erase_if(tasks, [&](const CopyTask& task) { return !known.contains(task.name); });
  if (!others.empty())
    log::warning("follow", fmt::format("tables that were made on the source since the task began are not followed: {}; "
                                       "--resync copies and follows one that the target has, too",
                                       join(others, ", ")));
}

// What was kept is of the place where the task is; the source may have gone further.
void MysqlFollowSource::remember_definitions(PgConnection& target) {
  memory_ = from_files() && !request_.options.accept_schema ? read_memory(target, task_) : nullptr;
  if (memory_) {
    log::info("follow", "definitions are those that the task has kept; the source is not asked");
    schema_known_ = parse_position(memory_->accepted);
  } else {
    memory_ = std::make_unique<SourceMemory>(config_.src_mysql);
  }
}

MysqlFollowSource::Plan MysqlFollowSource::read_plan(RunContext& run) {
  for (const TableListEntry& entry : request_.list)
    if (!entry.query.empty()) throw query_not_followed(entry.table);
  Plan out;
  out.mapping = map_options_of(run);
  out.catalog = read_catalog(*memory_, config_.src_mysql.db, out.mapping.rules, request_.list);
  const MappedSchema schema = map_schema(out.catalog, out.mapping);
  const SegmentRules segments(config_);
  const PlanRequest plan{nullptr, out.catalog, schema, out.mapping, segments, request_.options.first_column_key};
  out.tasks = plan_tasks(plan, request_.list);
  keep_known(*run.target, out.tasks);
  return out;
}

// A copy that was killed may have left tables that are not wanted without one on the target,
// and what was done to their definitions is in their new copy.
void MysqlFollowSource::name_tables(Plan& plan, const StreamRange& range) {
  tables_ = std::make_unique<BinlogTables>([this](const std::string& sql) { return memory_->query(sql); });
  const std::string& db = config_.src_mysql.db;
  if (range.wanted) std::erase_if(plan.tasks, [&](const CopyTask& task) { return !range.wanted({db, task.name}); });
  const std::set<std::string> names = names_of(plan.tasks);
  for (const std::string& name : names) tables_->add_name(db, name);
  if (!cascades_are_logged(*memory_))
    for (const std::string& parent : parents_of(plan.catalog, names)) tables_->add_parent_name(db, parent);
}

void MysqlFollowSource::describe_tables(const StreamRange& range) {
  RunContext run(request_);
  run.connect_target();
  if (request_.options.accept_schema) schema_known_ = home_->end();  // before it is asked for definitions
  remember_definitions(*run.target);
  Plan plan = read_plan(run);
  text_ = run.dialect.text_copy;
  name_tables(plan, range);
  try {
    if (!memory_->kept()) settle_definitions(run, range, plan);
    add_followed_tables({plan.catalog, plan.tasks, plan.mapping, config_.policies, text_}, *run.target, *tables_);
    tables_->load_charsets();
    if (!range.wanted) keep_memory(*run.target);
  } catch (...) {
    tables_.reset();  // the next attempt reads everything anew
    throw;
  }
  warn_of_cascades();
  note_targets(plan.tasks);
}

// The definitions of now must tell how the rows from `range.start` on look. Those that the
// task has kept do, since it stops where they change: when they are the same, nothing need be
// looked for, and when they are not they serve until that place.
void MysqlFollowSource::settle_definitions(RunContext& run, const StreamRange& range, Plan& plan) {
  auto kept = resync_ || range.wanted ? nullptr : read_memory(*run.target, task_);
  if (resync_) forget_memory(*run.target, task_);  // its tables are copied later than those
  const bool accept = request_.options.accept_schema;
  if (kept && !accept && kept_holds(*kept, plan)) {
    schema_known_ = parse_position(kept->accepted);
    return;
  }
  const Position now = home_->end();
  const auto log = events(range.start, true);
  const auto found = find_definitions(*log, *tables_, range.start, now, AppliedGtids(applied_gtids_, ahead_));
  if (found.empty()) return;
  const auto unreadable = std::find_if(found.begin(), found.end(), [](const auto& each) { return each.rows_before; });
  if (unreadable == found.end()) return accept ? accept_definitions(found) : throw source_changed(found.front());
  if (accept || !kept) throw unreadable_definition(*unreadable, kept != nullptr && unreadable == found.begin());
  log::info("follow", fmt::format("until {}, where the source has changed the definition of {}, rows are read by the "
                                  "definitions that the task has kept",
                                  found.front().at.text(), found.front().table));
  schema_known_ = parse_position(kept->accepted);
  memory_ = std::move(kept);
  plan = read_plan(run);
  name_tables(plan, range);
}

// False, too, when it was kept with other tables in the list, or by another version.
bool MysqlFollowSource::kept_holds(SourceMemory& kept, const Plan& plan) const {
  if (kept.is_mariadb() != memory_->is_mariadb()) return false;
  try {
    const auto catalog = read_catalog(kept, config_.src_mysql.db, plan.mapping.rules, request_.list);
    return same_definitions(catalog, plan.catalog, names_of(plan.tasks));
  } catch (const Error& error) {
    log::debug("follow", fmt::format("the definitions that the task has kept do not serve: {}", error.what()));
    return false;
  }
}

void MysqlFollowSource::keep_memory(PgConnection& target) {
  if (memory_->kept()) return;
  memory_->accepted = schema_known_.text();
  write_memory(target, task_, *memory_);
  memory_->rest();
}

void MysqlFollowSource::accept_definitions(const std::vector<FoundDefinition>& found) {
  for (const FoundDefinition& each : found) {
    if (each.at > schema_known_) throw source_changed(each);
    log::warning("follow",
                 fmt::format("accepted: the target has what was done at {}: {}", each.at.text(), each.statement));
  }
}

}  // namespace dbsync
