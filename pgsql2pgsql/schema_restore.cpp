#include "pgsql2pgsql/schema_restore.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include <fmt/format.h>

#include "base/log.h"
#include "base/log_error.h"
#include "base/text.h"
#include "base/worker_pool.h"
#include "pg/catalog.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

// duplicate_schema, duplicate_table (and index, view, sequence),
// duplicate_object, duplicate_function: it is there already.
bool is_duplicate(const Error& error) {
  const std::string& state = error.sqlstate();
  return state == "42P06" || state == "42P07" || state == "42710" || state == "42723";
}

constexpr std::size_t kBatch = 64;
constexpr char kPlainTable[] = "ALTER TABLE ONLY ";
constexpr char kAddConstraint[] = "\n    ADD CONSTRAINT ";
constexpr char kForeignKey[] = " FOREIGN KEY ";

// Names in full, as pg_dump writes them; bodies of functions may name what comes later.
constexpr char kDumpSettings[] = "SET search_path = ''; SET check_function_bodies = false; SET client_min_messages = warning; "
                               "SET synchronous_commit = on";  // no journal tells what a crash took back

}  // namespace

std::unique_ptr<PgConnection> SchemaRestore::connect() const {
  auto connection = std::make_unique<PgConnection>(target_.conninfo, "target", target_.application_name);
  connection->exec(kDumpSettings);
  return connection;
}

void SchemaRestore::problem(const std::string& what, Error error) {
  error.context(what);
  log::error("schema", error);
  problems_.push_back(std::move(error));
}

void SchemaRestore::create(const SchemaMap& map, const SelectedTables& selected) {
  const auto connection = connect();
  const std::stop_callback cancel(target_.cancel, [&connection] { connection->cancel(); });
  on_target_ = read_post_objects(*connection, SchemaMap({}, {}, {})).names;
  find_existing(*connection, map);
  PgTransaction transaction(*connection);
  std::set<std::string> schemas;
  for (const PgRelation* table : selected.tables)
    if (map.of(table->name.schema) != table->name.schema) schemas.insert(map.of(table->name.schema));
  for (const std::string& schema : schemas) connection->exec("CREATE SCHEMA IF NOT EXISTS " + quote_identifier(schema));
  create_items(*connection);
  transaction.commit();
  log::info("schema", fmt::format("{} tables created", created_.size()));
}

void SchemaRestore::find_existing(PgConnection& connection, const SchemaMap& map) {
  const PgResult result = connection.exec(
      "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.relkind IN ('r', 'p', 'm', 'f')");
  std::set<QualifiedName> names;
  for (int row = 0; row < result.rows(); ++row) names.insert({result.text(row, 0), result.text(row, 1)});
  for (const SchemaItem& item : plan_.items()) {
    const PgRelation* table = plan_.table_of(item);
    if (table != nullptr && names.contains(map.of(table->name))) existing_.insert(table);
  }
}

// A part of a table that was there before; or a partition of one, which has its
// own partitions.
bool SchemaRestore::stands_on_existing(const SchemaItem& item) const {
  if (std::any_of(item.depends_on.begin(), item.depends_on.end(), [&](int id) { return skipped_.contains(id); }) &&
      (SchemaPlan::belongs_to_table(item) || item.type == "TABLE"))
    return true;
  const PgRelation* table = plan_.table_of(item);
  if (!SchemaPlan::belongs_to_table(item) && (table == nullptr || !table->partition)) return false;
  const auto under = plan_.tables_under(item);
  return std::any_of(under.begin(), under.end(), [&](const PgRelation* other) {
    return existing_.contains(other) && (table == nullptr || other->oid == table->parent);
  });
}

// False for what is there already and for parts of it.
bool SchemaRestore::to_create(const SchemaItem& item) {
  if (item.post_data || item.sql.empty() || existing_.contains(plan_.table_of(item))) return false;
  if (!stands_on_existing(item)) return true;
  skipped_.insert(item.id);
  return false;
}

// Many at a time, since most of the time nothing is in the way; else one by one.
void SchemaRestore::create_items(PgConnection& connection) {
  std::vector<const SchemaItem*> batch;
  const auto flush = [&] {
    if (target_.drain.stop_requested())
      throw Error(ErrorKind::interrupted, "interrupted while the schema was created; nothing of it was kept");
    if (batch.empty()) return;
    if (!create_batch(connection, batch))
      for (const SchemaItem* item : batch)
        if (to_create(*item)) create_item(connection, *item);
    batch.clear();
  };
  for (const SchemaItem& item : plan_.items()) {
    if (!to_create(item)) continue;
    batch.push_back(&item);
    if (batch.size() == kBatch) flush();
  }
  flush();
}

bool SchemaRestore::create_batch(PgConnection& connection, const std::vector<const SchemaItem*>& batch) {
  std::string sql = "SAVEPOINT dbsync_item;\n";
  for (const SchemaItem* item : batch) sql += item->sql + "\n;\n";
  try {
    connection.exec(sql + "RELEASE SAVEPOINT dbsync_item");
  } catch (const Error& error) {
    if (!connection.usable() || error.connection_lost()) throw;
    connection.exec("ROLLBACK TO SAVEPOINT dbsync_item; RELEASE SAVEPOINT dbsync_item");
    return false;
  }
  for (const SchemaItem* item : batch)
    if (const PgRelation* table = plan_.table_of(*item)) created_.insert(table);
  return true;
}

void SchemaRestore::create_item(PgConnection& connection, const SchemaItem& item) {
  try {
    connection.exec("SAVEPOINT dbsync_item;\n" + item.sql + "\n;RELEASE SAVEPOINT dbsync_item");
    if (const PgRelation* table = plan_.table_of(item)) created_.insert(table);
  } catch (Error& error) {
    if (!connection.usable() || error.connection_lost()) throw;
    connection.exec("ROLLBACK TO SAVEPOINT dbsync_item; RELEASE SAVEPOINT dbsync_item");
    if (is_duplicate(error)) {
      log::debug("schema", item.describe() + ": is there already");
    } else {
      skipped_.insert(item.id);
      problem(one_line(item.describe()), error);
    }
  }
}

// What has no object of its own (an index's place in a tree, a comment) is made
// again: that changes nothing.
bool SchemaRestore::missing(const SchemaItem& item) const {
  const auto object = source_.by_oid.find({item.class_oid, item.oid});
  return object == source_.by_oid.end() || !on_target_.contains(object->second);
}

PostLoad SchemaRestore::work_of(const PgRelation& table, const QualifiedName& target) const {
  PostLoad out;
  for (const SchemaItem* work : plan_.work_of(table)) {
    const SchemaItem& item = *work;
    if (!missing(item)) continue;
    // One string is one transaction: the path is as before whatever happens.
    DdlUnit unit{to_lower(item.type) + " " + item.tag, {"SET LOCAL search_path = '';\n" + item.sql}};
    (item.type == "INDEX" ? out.indexes : out.finish).push_back(std::move(unit));
  }
  out.finish.push_back({"statistics", {"ANALYZE " + quote_name(target)}});
  return out;
}

bool SchemaRestore::usable(const SchemaItem& item, const std::set<const PgRelation*>& failed) {
  if (item.sql.empty() || !missing(item)) return false;
  if (std::any_of(item.depends_on.begin(), item.depends_on.end(), [&](int id) { return skipped_.contains(id); })) return false;
  for (const PgRelation* table : plan_.tables_under(item)) {
    if (!failed.contains(table)) continue;
    notes_.push_back(fmt::format("{}: left out, since {} does not have its rows", item.describe(), display_name(table->name)));
    return false;
  }
  return true;
}

void SchemaRestore::run_item(PgConnection& connection, const SchemaItem& item) {
  try {
    connection.exec(item.sql);
  } catch (Error& error) {
    skipped_.insert(item.id);
    if (error.connection_lost()) throw;
    if (!is_duplicate(error)) problem(one_line(item.describe()), error);
  }
}

void SchemaRestore::run_where(PgConnection& connection, const std::set<const PgRelation*>& failed,
                              const std::function<bool(const SchemaItem&)>& condition) {
  for (const SchemaItem& item : plan_.items()) {
    if (!item.post_data || plan_.is_table_work(item) || !condition(item)) continue;
    if (target_.drain.stop_requested()) throw Error(ErrorKind::interrupted, "interrupted before the schema was complete");
    if (usable(item, failed)) run_item(connection, item);
  }
}

void SchemaRestore::finish(const std::set<const PgRelation*>& failed, const std::set<std::uint32_t>& populated_views,
                           const SchemaMap& map) {
  const auto connection = connect();
  const std::stop_callback cancel(target_.cancel, [&connection] { connection->cancel(); });
  const auto on_view = [&](const SchemaItem& item) {
    const auto tables = plan_.tables_under(item);
    return !tables.empty() && tables.front()->kind == 'm';
  };
  const auto is_key = [](const SchemaItem& item) {
    return item.type == "INDEX" || item.type == "CONSTRAINT" || item.type == "CHECK CONSTRAINT" || item.type == "STATISTICS" ||
           item.type == "INDEX ATTACH" || (item.type == "COMMENT" && !item.tag.starts_with("CONSTRAINT"));
  };
  run_where(*connection, failed, [&](const SchemaItem& item) { return is_key(item) && !on_view(item); });
  refresh_views(*connection, failed, populated_views, map);
  run_where(*connection, failed, [&](const SchemaItem& item) { return is_key(item) && on_view(item); });
  add_foreign_keys(*connection, failed);
  run_where(*connection, failed, [&](const SchemaItem& item) {
    return !is_key(item) && item.type != "FK CONSTRAINT" && item.type != "MATERIALIZED VIEW DATA";
  });
}

void SchemaRestore::refresh_views(PgConnection& connection, const std::set<const PgRelation*>& failed,
                                  const std::set<std::uint32_t>& populated, const SchemaMap& map) {
  for (const SchemaItem& item : plan_.items()) {
    const PgRelation* view = plan_.table_of(item);
    if (view == nullptr || view->kind != 'm' || !populated.contains(view->oid) || skipped_.contains(item.id)) continue;
    if (target_.drain.stop_requested()) throw Error(ErrorKind::interrupted, "interrupted before the schema was complete");
    if (!failed.empty()) {
      notes_.push_back(fmt::format("{}: not refreshed, since tables failed", item.describe()));
      continue;
    }
    try {
      connection.exec("REFRESH MATERIALIZED VIEW " + quote_name(map.of(view->name)));
    } catch (Error& error) {
      if (error.connection_lost()) throw;
      problem("refresh of " + one_line(item.describe()), error);
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
  const bool partitioned = std::any_of(under.begin(), under.end(), [](const PgRelation* table) { return table->kind == 'p'; });
  const bool plain = !partitioned && sql.starts_with(kPlainTable) && key != std::string::npos && sql.ends_with(';') && !sql.ends_with("NOT VALID;");
  if (!plain) return step;
  const std::size_t name = add + sizeof kAddConstraint - 1;
  step.add = sql.substr(0, sql.size() - 1) + " NOT VALID;";
  step.validate = sql.substr(0, add) + " VALIDATE CONSTRAINT " + sql.substr(name, key - name);
  return step;
}

void SchemaRestore::add_foreign_keys(PgConnection& connection, const std::set<const PgRelation*>& failed) {
  std::vector<ForeignKeyStep> to_validate;
  for (const SchemaItem& item : plan_.items()) {
    if (item.type != "FK CONSTRAINT" || !usable(item, failed)) continue;
    if (target_.drain.stop_requested()) throw Error(ErrorKind::interrupted, "interrupted before the schema was complete");
    ForeignKeyStep step = foreign_key_step(item);
    try {
      connection.exec(step.add);
      if (!step.validate.empty()) to_validate.push_back(std::move(step));
    } catch (Error& error) {
      if (error.connection_lost()) throw;
      if (!is_duplicate(error)) problem(step.what, error);
    }
  }
  validate_in_parallel(to_validate);
}

void SchemaRestore::validate_in_parallel(const std::vector<ForeignKeyStep>& steps) {
  if (steps.empty()) return;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;  // guards problems_
  const auto workers = static_cast<unsigned>(std::min<std::size_t>(target_.workers, steps.size()));
  run_workers(workers, "keys", [&](unsigned) {
    auto connection = connect();
    const std::stop_callback cancel(target_.cancel, [&connection] { connection->cancel(); });
    for (std::size_t i = next++; i < steps.size() && !target_.drain.stop_requested(); i = next++) {
      try {
        connection->exec(steps[i].validate);
      } catch (Error& error) {
        const std::lock_guard lock(mutex);
        if (error.sqlstate() == "23503")
          problem(steps[i].what, Error(ErrorKind::data, error.what())
                                     .hint("the key is in force for new rows; mend the rows and run: " + one_line(steps[i].validate)));
        else
          problem(steps[i].what, error);
        if (error.connection_lost()) return;
      }
    }
  });
  if (target_.drain.stop_requested()) throw Error(ErrorKind::interrupted, "interrupted before all foreign keys were checked");
}

}  // namespace dbsync
