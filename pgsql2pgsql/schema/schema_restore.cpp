#include "pgsql2pgsql/schema/schema_restore.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "base/worker_pool.h"
#include "pg/catalog.h"
#include "pg/sqlstate.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr char kPlainTable[] = "ALTER TABLE ONLY ";
constexpr char kAddConstraint[] = "\n    ADD CONSTRAINT ";
constexpr char kForeignKey[] = " FOREIGN KEY ";

// What follows the rows, in the order in which it is made.
enum class PostPart {
  key,         // indexes, constraints
  definition,  // what needs one of these to be there: views and functions that rely on a primary key
  foreign_key,
  last,  // what acts on rows, and comments
  none,  // we do it ourselves
};

PostPart part_of(const SchemaItem& item) {
  const auto is = [&](std::initializer_list<std::string_view> types) {
    return std::find(types.begin(), types.end(), item.type) != types.end();
  };
  if (is({"INDEX", "CONSTRAINT", "CHECK CONSTRAINT", "STATISTICS", "INDEX ATTACH"})) return PostPart::key;
  if (is({"FK CONSTRAINT"})) return PostPart::foreign_key;
  if (is({"MATERIALIZED VIEW DATA"})) return PostPart::none;
  // The columns of such a view were made before the rows; this is its query.
  if (is({"RULE"}) && item.sql.starts_with("CREATE OR REPLACE VIEW ")) return PostPart::definition;
  if (is({"RULE", "TRIGGER", "POLICY", "ROW SECURITY", "EVENT TRIGGER", "COMMENT", "SECURITY LABEL"}))
    return PostPart::last;
  return PostPart::definition;
}

// One string is one transaction: the path is as before whatever happens.
constexpr char kEmptyPath[] = "SET LOCAL search_path = '';\n";

StepKind kind_of(const SchemaItem& item) {
  if (item.type == "INDEX") return StepKind::index;
  if (item.type == "CONSTRAINT") return StepKind::key;
  return item.type == "CHECK CONSTRAINT" ? StepKind::check : StepKind::other;
}

// Names in full, as pg_dump writes them; bodies of functions may name what comes later.
constexpr char kDumpSettings[] =
    "SET search_path = ''; SET check_function_bodies = false; SET client_min_messages = warning; "
    "SET synchronous_commit = on";  // no journal tells what a crash took back

}  // namespace

std::unique_ptr<PgConnection> SchemaRestore::connect() const {
  auto connection = std::make_unique<PgConnection>(target_.conninfo, "target", target_.application_name);
  connection->exec(kDumpSettings);
  return connection;
}

void SchemaRestore::create(const SchemaMap& map, const SelectedTables& selected, SchemaCreation::Note note) {
  const auto connection = connect();
  const std::stop_callback cancel(target_.cancel, [&connection] { connection->cancel(); });
  map_ = &map;
  not_valid_ = read_foreign_keys_not_valid(*connection);
  on_target_ = read_post_objects(*connection, SchemaMap({}, {}, {})).names;
  SchemaCreation(*connection, plan_, state_, std::move(note), target_.drain).run(map, selected);
}

// What has no object of its own (an index's place in a tree, a comment) is made
// again: that changes nothing.
bool SchemaRestore::missing(const SchemaItem& item) const {
  const auto object = source_.by_oid.find({item.class_oid, item.oid});
  return object == source_.by_oid.end() || !on_target_.contains(object->second);
}

PostLoad SchemaRestore::work_of(const PgRelation& table, const QualifiedName& target) {
  PostLoad out;
  for (const SchemaItem* work : plan_.work_of(table)) {
    const SchemaItem& item = *work;
    if (!missing(item)) continue;
    DdlUnit unit{to_lower(item.type) + " " + item.tag, {kEmptyPath + item.sql}};
    unit.kind = kind_of(item);
    if (unit.kind != StepKind::other) unit.object = source_.own_name_of(item);
    unit.makes_key = item.type == "CONSTRAINT" || item.sql.starts_with("CREATE UNIQUE INDEX ");
    (item.type == "INDEX" ? out.indexes : out.finish).push_back(std::move(unit));
  }
  out.finish.push_back({"statistics", {"ANALYZE " + quote_name(target)}});
  out.finish.back().kind = StepKind::statistics;
  out.foreign_keys = foreign_keys_of(table);
  return out;
}

// The table that has the key: an item's tag is its name and the key's.
const PgRelation* SchemaRestore::owner_of(const SchemaItem& foreign_key) const {
  const PgRelation* owner = nullptr;
  for (const PgRelation* table : plan_.tables_under(foreign_key)) {
    const std::string name = one_line(table->name.name);
    if (!foreign_key.tag.starts_with(name + " ") || foreign_key.schema != one_line(table->name.schema)) continue;
    if (owner == nullptr || name.size() > owner->name.name.size()) owner = table;
  }
  return owner;
}

// Those that need no more than the tables: keys of and to partitioned tables come when
// the indexes of the trees are put together.
std::vector<DdlUnit> SchemaRestore::foreign_keys_of(const PgRelation& table) {
  std::vector<DdlUnit> out;
  for (const SchemaItem* item : plan_.foreign_keys_of(table)) {
    const bool unchecked = left_unchecked(*item);
    const auto skipped = [&](int id) { return state_.skipped.contains(id); };
    if (owner_of(*item) != &table || (!unchecked && !missing(*item)) ||
        std::any_of(item->depends_on.begin(), item->depends_on.end(), skipped))
      continue;
    const ForeignKeyStep step = foreign_key_step(*item);
    if (!step.plain) continue;
    in_tables_work_.insert(item->id);
    DdlUnit unit{to_lower(item->type) + " " + item->tag, {}};
    unit.kind = StepKind::foreign_key;
    unit.object = source_.own_name_of(*item);
    unit.stands = unchecked;
    if (!unchecked) unit.statements.push_back(kEmptyPath + step.add);
    if (!step.validate.empty()) unit.statements.push_back(kEmptyPath + step.validate);
    unit.violation_hint =
        "the key is in force for new rows; mend the rows, then --resume, or run: " + one_line(step.validate);
    for (const PgRelation* other : plan_.tables_under(*item))
      if (other != &table) unit.refers_to = map_->of(other->name);
    if (!unit.refers_to) unit.refers_to = map_->of(table.name);
    out.push_back(std::move(unit));
  }
  return out;
}

bool SchemaRestore::usable(const SchemaItem& item, const std::set<const PgRelation*>& failed) {
  if (item.sql.empty() || !missing(item) || state_.existing.contains(plan_.table_of(item))) return false;
  if (std::any_of(item.depends_on.begin(), item.depends_on.end(), [&](int id) { return state_.skipped.contains(id); }))
    return false;
  for (const PgRelation* table : plan_.tables_under(item)) {
    if (!failed.contains(table)) continue;
    state_.notes.push_back(
        fmt::format("{}: left out, since {} does not have its rows", item.describe(), display_name(table->name)));
    return false;
  }
  return true;
}

void SchemaRestore::run_item(PgConnection& connection, const SchemaItem& item) {
  try {
    connection.exec(item.sql);
  } catch (Error& error) {
    if (error.connection_lost()) throw;
    if (is_duplicate(item, error)) return;
    state_.skipped.insert(item.id);
    state_.failed(item, error);
  }
}

void SchemaRestore::run_where(PgConnection& connection, const std::set<const PgRelation*>& failed,
                              const std::function<bool(const SchemaItem&)>& condition) {
  for (const SchemaItem& item : plan_.items()) {
    if (!item.post_data || plan_.is_table_work(item) || !condition(item)) continue;
    if (target_.drain.stop_requested())
      throw Error(ErrorKind::interrupted, "interrupted before the schema was complete");
    if (usable(item, failed)) run_item(connection, item);
  }
}

void SchemaRestore::finish(const std::set<const PgRelation*>& failed, std::set<const PgRelation*> incomplete,
                           const std::set<std::uint32_t>& populated_views, const SchemaMap& map) {
  incomplete_ = std::move(incomplete);
  const auto connection = connect();
  const std::stop_callback cancel(target_.cancel, [&connection] { connection->cancel(); });
  const auto on_view = [&](const SchemaItem& item) {
    const auto tables = plan_.tables_under(item);
    return !tables.empty() && tables.front()->kind == 'm';
  };
  const auto is = [&](PostPart part) { return [part](const SchemaItem& item) { return part_of(item) == part; }; };
  run_where(*connection, failed,
            [&](const SchemaItem& item) { return part_of(item) == PostPart::key && !on_view(item); });
  run_where(*connection, failed, is(PostPart::definition));
  refresh_views(*connection, failed, populated_views, map);
  run_where(*connection, failed,
            [&](const SchemaItem& item) { return part_of(item) == PostPart::key && on_view(item); });
  add_foreign_keys(*connection, failed);
  run_where(*connection, failed, is(PostPart::last));
}

void SchemaRestore::refresh_views(PgConnection& connection, const std::set<const PgRelation*>& failed,
                                  const std::set<std::uint32_t>& populated, const SchemaMap& map) {
  for (const SchemaItem& item : plan_.items()) {
    const PgRelation* view = plan_.table_of(item);
    if (view == nullptr || view->kind != 'm' || !populated.contains(view->oid) || state_.skipped.contains(item.id))
      continue;
    if (target_.drain.stop_requested())
      throw Error(ErrorKind::interrupted, "interrupted before the schema was complete");
    if (!failed.empty()) {
      state_.notes.push_back(fmt::format("{}: not refreshed, since tables failed", item.describe()));
      continue;
    }
    try {
      // Its query is kept parsed; what functions in it look for is found by the path of
      // the database and the role.
      connection.exec(fmt::format("RESET search_path; REFRESH MATERIALIZED VIEW {}; SET search_path = ''",
                                  quote_name(map.of(view->name))));
    } catch (Error& error) {
      if (error.connection_lost()) throw;
      state_.problem("refresh of " + one_line(item.describe()), error, PgStep::build);
    }
  }
}

// Added as not valid first, which locks two tables for an instant only, and
// checked afterwards, several at a time. A key of or to a partitioned table is
// added as valid: the one cannot be otherwise, and of the other the servers mark
// only the top as valid afterwards, not the partitions' entries.
SchemaRestore::ForeignKeyStep SchemaRestore::foreign_key_step(const SchemaItem& item) const {
  ForeignKeyStep step{one_line(item.describe()), item.sql, {}};
  const std::string& sql = item.sql;
  const std::size_t add = sql.find(kAddConstraint);
  const std::size_t key = add == std::string::npos ? add : sql.find(kForeignKey, add);
  const auto under = plan_.tables_under(item);
  step.plain = std::none_of(under.begin(), under.end(), [](const PgRelation* table) { return table->kind == 'p'; });
  const bool takes_both = step.plain && sql.starts_with(kPlainTable) && key != std::string::npos &&
                          sql.ends_with(';') && !sql.ends_with("NOT VALID;");
  if (!takes_both) return step;
  const std::size_t name = add + sizeof kAddConstraint - 1;
  step.add = sql.substr(0, sql.size() - 1) + " NOT VALID;";
  step.validate = sql.substr(0, add) + " VALIDATE CONSTRAINT " + sql.substr(name, key - name);
  return step;
}

// Of an earlier run, which ended before it had looked at all rows or found some
// that break the key.
bool SchemaRestore::left_unchecked(const SchemaItem& item) const {
  const auto object = source_.by_oid.find({item.class_oid, item.oid});
  return object != source_.by_oid.end() && not_valid_.contains(object->second) && !item.sql.ends_with("NOT VALID;");
}

// True when the key that it refers to could not be made: that error is there already.
bool SchemaRestore::lacks_its_key(const SchemaItem& item, const Error& error) {
  if (error.sqlstate() != sqlstate::invalid_foreign_key) return false;
  for (const PgRelation* table : plan_.tables_under(item)) {
    if (!incomplete_.contains(table)) continue;
    state_.notes.push_back(
        fmt::format("{}: left out, since a key of {} could not be made", item.describe(), display_name(table->name)));
    return true;
  }
  return false;
}

void SchemaRestore::add_foreign_keys(PgConnection& connection, const std::set<const PgRelation*>& failed) {
  std::vector<ForeignKeyStep> to_validate;
  for (const SchemaItem& item : plan_.items()) {
    if (item.type != "FK CONSTRAINT") continue;
    if (target_.drain.stop_requested())
      throw Error(ErrorKind::interrupted, "interrupted before the schema was complete");
    const bool unchecked = left_unchecked(item);
    if (!unchecked && !usable(item, failed)) continue;
    if (in_tables_work_.contains(item.id)) continue;
    ForeignKeyStep step = foreign_key_step(item);
    try {
      if (!unchecked) connection.exec(step.add);
      if (!step.validate.empty()) to_validate.push_back(std::move(step));
    } catch (Error& error) {
      if (error.connection_lost()) throw;
      if (!is_duplicate(item, error) && !lacks_its_key(item, error))
        state_.problem(step.what, error, PgStep::foreign_key);
    }
  }
  validate_in_parallel(to_validate);
}

void SchemaRestore::validate_in_parallel(const std::vector<ForeignKeyStep>& steps) {
  if (steps.empty()) return;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;  // guards state_
  const auto workers = static_cast<unsigned>(std::min<std::size_t>(target_.workers, steps.size()));
  run_workers(workers, "keys", [&](unsigned) {
    auto connection = connect();
    const std::stop_callback cancel(target_.cancel, [&connection] { connection->cancel(); });
    for (std::size_t i = next++; i < steps.size() && !target_.drain.stop_requested(); i = next++) {
      try {
        connection->exec(steps[i].validate);
      } catch (Error& error) {
        const std::lock_guard lock(mutex);
        if (error.sqlstate() == sqlstate::foreign_key_violation)
          state_.problem(
              steps[i].what,
              error.recast(ErrorKind::data, error.message())
                  .hint("the key is in force for new rows; mend the rows and run: " + one_line(steps[i].validate)),
              PgStep::foreign_key);
        else
          state_.problem(steps[i].what, error, PgStep::foreign_key);
        if (error.connection_lost()) return;
      }
    }
  });
  if (target_.drain.stop_requested())
    throw Error(ErrorKind::interrupted, "interrupted before all foreign keys were checked");
}

}  // namespace dbsync
