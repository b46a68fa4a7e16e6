#include "pgsql2pgsql/schema/schema_create.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/error_cause.h"
#include "base/log.h"
#include "base/text.h"
#include "pg/sqlstate.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr std::size_t kBatch = 64;  // items in one round trip
// Others need room for locks, too, and the estimate is a rough one.
constexpr std::int64_t kShareOfLocks = 4;

std::size_t locks_for_one_transaction(PgConnection& connection) {
  const PgResult room = connection.exec(
      "SELECT current_setting('max_locks_per_transaction')::int8 * "
      "(current_setting('max_connections')::int8 + current_setting('max_prepared_transactions')::int8)");
  return static_cast<std::size_t>(room.integer(0, 0) / kShareOfLocks);
}

// Of the server, not of the statement: memory, disk, shutdown, cancellation.
bool ends_everything(const PgConnection& connection, const Error& error) {
  const std::string state = error.sqlstate().substr(0, 2);
  return !connection.usable() || error.connection_lost() || state == "53" || state == "57" || state == "58";
}

}  // namespace

// duplicate_schema, duplicate_table (and index, view, sequence), duplicate_object,
// duplicate_function. Objects of text search are told by the catalog's own index.
bool is_duplicate(const SchemaItem& item, const Error& error) {
  const std::string& state = error.sqlstate();
  return state == sqlstate::duplicate_schema || state == sqlstate::duplicate_table ||
         state == sqlstate::duplicate_object || state == sqlstate::duplicate_function ||
         (state == sqlstate::unique_violation && item.type.starts_with("TEXT SEARCH "));
}

void SchemaState::problem(const std::string& what, Error error, PgStep step) {
  add_hint(error, step);
  error.context(what);
  log::error_once("schema", error, cause_of(error, {what}));
  problems.push_back(std::move(error));
}

// A comment on what belongs to somebody else, an extension or the schema public,
// is his, and was there when it was made.
void SchemaState::failed(const SchemaItem& item, Error error) {
  if (item.type == "COMMENT" && error.sqlstate() == sqlstate::insufficient_privilege)
    notes.push_back(one_line(item.describe()) + ": left out, since the role does not own it on the target");
  else
    problem(one_line(item.describe()), std::move(error), item.post_data ? PgStep::build : PgStep::create);
}

void SchemaCreation::run(const SchemaMap& map, const SelectedTables& selected) {
  find_existing(map);
  make_schemas(map, selected);
  make_items();
  log::info("schema", fmt::format("{} tables created", state_.created.size()));
}

void SchemaCreation::find_existing(const SchemaMap& map) {
  const PgResult result = connection_.exec(
      "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.relkind IN ('r', 'p', 'm', 'f')");
  std::set<QualifiedName> names;
  for (int row = 0; row < result.rows(); ++row) names.insert({result.text(row, 0), result.text(row, 1)});
  for (const SchemaItem& item : plan_.items()) {
    const PgRelation* table = plan_.table_of(item);
    if (table != nullptr && names.contains(map.of(table->name))) state_.existing.insert(table);
  }
}

void SchemaCreation::make_schemas(const SchemaMap& map, const SelectedTables& selected) {
  std::set<std::string> schemas;
  for (const PgRelation* table : selected.tables)
    if (map.of(table->name.schema) != table->name.schema) schemas.insert(map.of(table->name.schema));
  for (const std::string& schema : schemas) connection_.exec("CREATE SCHEMA IF NOT EXISTS " + quote_identifier(schema));
}

// A part of a table that was there before; or a partition of one, which has its
// own partitions.
bool SchemaCreation::stands_on_existing(const SchemaItem& item) const {
  const bool part = SchemaPlan::belongs_to_table(item) || SchemaPlan::is_identity(item);
  if (std::any_of(item.depends_on.begin(), item.depends_on.end(),
                  [&](int id) { return state_.skipped.contains(id); }) &&
      (part || item.type == "TABLE"))
    return true;
  const PgRelation* table = plan_.table_of(item);
  if (!part && (table == nullptr || !table->partition)) return false;
  const auto under = plan_.tables_under(item);
  return std::any_of(under.begin(), under.end(), [&](const PgRelation* other) {
    return state_.existing.contains(other) && (table == nullptr || other->oid == table->parent);
  });
}

// False for what is there already and for parts of it.
bool SchemaCreation::to_create(const SchemaItem& item) {
  if (item.sql.empty() || state_.existing.contains(plan_.table_of(item))) return false;
  if (!stands_on_existing(item)) return true;
  state_.skipped.insert(item.id);
  return false;
}

void SchemaCreation::stop_if_asked() const {
  if (drain_.stop_requested())
    throw Error(ErrorKind::interrupted, committed_
                                            ? "interrupted while the schema was created; the tables that are complete "
                                              "were kept, the next run makes the rest"
                                            : "interrupted while the schema was created; nothing of it was kept");
}

// Many at a time, since most of the time nothing is in the way; else one by one.
void SchemaCreation::make(const Items& batch) {
  stop_if_asked();
  if (batch.empty()) return;
  if (!attempt(batch)) return;
  for (const SchemaItem* item : batch)
    if (to_create(*item)) make_alone(*item);
}

void SchemaCreation::make_items() {
  const std::vector<CreationStep> steps = creation_order(plan_);
  const std::size_t room = locks_for_one_transaction(connection_);
  std::optional<PgTransaction> transaction(std::in_place, connection_);
  note_(connection_);
  Items batch;
  std::size_t locks = 0;
  for (const CreationStep& step : steps) {
    if (to_create(*step.item)) {
      batch.push_back(step.item);
      locks += step.locks;
    }
    const bool cut = locks >= room && step.may_commit;
    if (batch.size() < kBatch && !cut) continue;
    make(batch);
    batch.clear();
    if (!cut) continue;
    transaction->commit();
    committed_ = true;
    locks = 0;
    transaction.emplace(connection_);
  }
  make(batch);
  transaction->commit();
}

// Returns what was in the way. The savepoint goes before, in a message of its own:
// the server refuses a message as a whole when it cannot parse one of its statements.
std::optional<Error> SchemaCreation::attempt(const Items& items) {
  std::string sql;
  for (const SchemaItem* item : items) sql += item->sql + "\n;\n";
  connection_.exec("SAVEPOINT dbsync_item");
  try {
    connection_.exec(sql + "RELEASE SAVEPOINT dbsync_item");
  } catch (const Error& error) {
    stop_if_asked();
    if (ends_everything(connection_, error)) throw;
    connection_.exec("ROLLBACK TO SAVEPOINT dbsync_item; RELEASE SAVEPOINT dbsync_item");
    Error own(error);
    return own.statement(sql);  // without our savepoint behind it
  }
  for (const SchemaItem* item : items)
    if (const PgRelation* table = plan_.table_of(*item)) state_.created.insert(table);
  return std::nullopt;
}

void SchemaCreation::make_alone(const SchemaItem& item) {
  const auto error = attempt({&item});
  if (!error) return;
  if (is_duplicate(item, *error)) return log::debug("schema", item.describe() + ": is there already");
  state_.skipped.insert(item.id);
  state_.failed(item, *error);
}

}  // namespace dbsync
