#include "copy/guard_journal.h"

#include <fmt/format.h>

#include "base/log.h"
#include "copy/key_proof.h"
#include "embedded_sql.h"
#include "pg/bookkeeping.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr char kWhere[] = " WHERE run = $1 AND kind = $2 AND schema_name = $3 AND table_name = $4 AND name = $5";
constexpr char kForeignKey[] = "FOREIGN KEY (";
constexpr char kNotValid[] = " NOT VALID";
constexpr int kNotValidOnPartitioned = 180000;

constexpr char kTable[] = "copy_guard";

const char* enable_word(const std::string& enabled) {
  if (enabled == "A") return "ENABLE ALWAYS";
  if (enabled == "R") return "ENABLE REPLICA";
  return "ENABLE";
}

// What stands on the target of the record's table and object.
struct Standing {
  bool table = false;
  bool partitioned = false;
  bool object = false;
};

Standing look_at(PgConnection& connection, const GuardRecord& record) {
  const std::string object =
      record.key ? "SELECT 1 FROM pg_catalog.pg_constraint o WHERE o.conrelid = c.oid AND o.conname = $3"
                 : "SELECT 1 FROM pg_catalog.pg_trigger o WHERE o.tgrelid = c.oid AND o.tgname = $3";
  const PgResult result = connection.exec(
      fmt::format("SELECT c.relkind = 'p', EXISTS ({}) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
                  "ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2",
                  object),
      {record.table.schema, record.table.name, record.name});
  if (result.rows() == 0) return {};
  return {true, result.boolean(0, 0), result.boolean(0, 1)};
}

std::string add_key_sql(const GuardRecord& record, bool not_valid) {
  if (!record.definition.starts_with(kForeignKey))
    throw Error(ErrorKind::target, fmt::format("dbsync.copy_guard has no foreign key for {}, but: {}", record.display(),
                                               record.definition))
        .hint("add the key by hand, then delete the row of dbsync.copy_guard");
  return fmt::format("ALTER TABLE {} ADD CONSTRAINT {} {}{}", quote_name(record.table), quote_identifier(record.name),
                     record.definition, not_valid && !record.definition.ends_with(kNotValid) ? kNotValid : "");
}

void add_key(PgConnection& connection, const GuardRecord& record, bool not_valid) {
  connection.exec(add_key_sql(record, not_valid), {});  // with parameters: one statement
  if (!record.comment.empty())
    connection.exec(fmt::format("COMMENT ON CONSTRAINT {} ON {} IS {}", quote_identifier(record.name),
                                quote_name(record.table), quote_literal(record.comment)));
}

}  // namespace

std::string GuardRecord::display() const { return fmt::format("{} of {}", name, table.display()); }

std::vector<std::optional<std::string>> GuardJournal::key_of(const GuardRecord& record) const {
  return {run_, record.key ? "key" : "trigger", record.table.schema, record.table.name, record.name};
}

std::vector<GuardRecord> GuardJournal::read(PgConnection& connection) const {
  if (!bookkeeping_tables(connection).has(kTable)) return {};
  const PgResult rows = connection.exec(
      "SELECT kind, schema_name, table_name, name, definition, comment, valid, taken_off FROM dbsync.copy_guard WHERE "
      "run = $1 "
      "ORDER BY kind, schema_name, table_name, name",
      {run_});
  std::vector<GuardRecord> out;
  for (int row = 0; row < rows.rows(); ++row)
    out.push_back({.key = rows.value(row, 0) == "key",
                   .table = {rows.text(row, 1), rows.text(row, 2)},
                   .name = rows.text(row, 3),
                   .definition = rows.text(row, 4),
                   .comment = rows.text(row, 5),
                   .valid = rows.boolean(row, 6),
                   .taken_off = rows.boolean(row, 7)});
  return out;
}

void GuardJournal::make_table(PgConnection& connection) {
  make_bookkeeping(connection, kBookkeepingSchema, [](const BookkeepingTables& there) {
    return there.has(kTable) ? "" : std::string(sql::journal_guards);
  });
}

void GuardJournal::take_off(PgConnection& connection, const EnforcedKey& key) const {
  connection.exec(
      "INSERT INTO dbsync.copy_guard (run, kind, schema_name, table_name, name, definition, comment, valid, taken_off) "
      "VALUES ($1, 'key', $2, $3, $4, $5, $6, $7, true) "
      "ON CONFLICT (run, kind, schema_name, table_name, name) DO UPDATE SET taken_off = true",
      {run_, key.table.schema, key.table.name, key.name, key.definition, key.comment, key.valid ? "t" : "f"});
  connection.exec(fmt::format("ALTER TABLE {} DROP CONSTRAINT {}", quote_name(key.table), quote_identifier(key.name)));
}

void GuardJournal::take_off(PgConnection& connection, const EnforcedTrigger& trigger) const {
  connection.exec(
      "INSERT INTO dbsync.copy_guard (run, kind, schema_name, table_name, name, definition, comment, valid, taken_off) "
      "VALUES ($1, 'trigger', $2, $3, $4, $5, '', true, true) "
      "ON CONFLICT (run, kind, schema_name, table_name, name) DO UPDATE SET definition = excluded.definition, "
      "taken_off = true",
      {run_, trigger.table.schema, trigger.table.name, trigger.name, std::string(1, trigger.enabled)});
  // ONLY: partitions have their own state of it, and their own record.
  connection.exec(
      fmt::format("ALTER TABLE ONLY {} DISABLE TRIGGER {}", quote_name(trigger.table), quote_identifier(trigger.name)));
}

bool GuardJournal::put_back(PgConnection& connection, const GuardRecord& record) const {
  if (!record.taken_off) return true;
  PgTransaction transaction(connection);
  const Standing standing = look_at(connection, record);
  if (!standing.table || (!record.key && !standing.object)) {
    log::warning("main", fmt::format("{} {}: it is not there any more, so nothing is put back",
                                     record.key ? "foreign key" : "trigger", record.display()));
    forget(connection, record);
    transaction.commit();
    return false;
  }
  if (!record.key) {
    connection.exec(fmt::format("ALTER TABLE ONLY {} {} TRIGGER {}", quote_name(record.table),
                                enable_word(record.definition), quote_identifier(record.name)));
    forget(connection, record);
  } else {
    if (!standing.object) {
      const bool not_valid = !standing.partitioned || connection.server_version() >= kNotValidOnPartitioned;
      add_key(connection, record, not_valid);
    }
    set_standing(connection, record);
  }
  transaction.commit();
  return true;
}

void GuardJournal::set_standing(PgConnection& connection, const GuardRecord& record) const {
  connection.exec(std::string("UPDATE dbsync.copy_guard SET taken_off = false") + kWhere, key_of(record));
}

void GuardJournal::validate(PgConnection& connection, const GuardRecord& record, const EnforcedKey& key) const {
  PgTransaction transaction(connection);
  const std::string alter = fmt::format("ALTER TABLE {} ", quote_name(record.table));
  // A partitioned table's key came back valid where the server has no other. Validating
  // one that refers to a partitioned table leaves its parts, one per partition, as they are.
  if (!key.valid && key.referenced_partitioned) {
    connection.exec(alter + "DROP CONSTRAINT " + quote_identifier(record.name));
    add_key(connection, record, false);
  } else if (!key.valid) {
    connection.exec(alter + "VALIDATE CONSTRAINT " + quote_identifier(record.name));
  }
  forget(connection, record);
  transaction.commit();
}

void GuardJournal::forget(PgConnection& connection, const GuardRecord& record) const {
  connection.exec(std::string("DELETE FROM dbsync.copy_guard") + kWhere, key_of(record));
}

std::vector<Error> put_back_guards(PgConnection& connection, const JournalKey& key) {
  const auto run = LoadJournal::find_run(connection, key);
  if (!run) return {};
  const GuardJournal guards(*run);
  std::vector<Error> out;
  std::set<QualifiedName> tables;
  for (const GuardRecord& record : guards.read(connection)) {
    try {
      if (guards.put_back(connection, record) && record.key) tables.insert(record.table);
    } catch (Error& error) {
      if (error.connection_lost()) throw;
      out.push_back(error.context((record.key ? "foreign key " : "trigger ") + record.display()));
    }
  }
  const Enforcement now = read_enforcement(connection, tables);
  for (const GuardRecord& record : guards.read(connection))
    for (const EnforcedKey& standing : now.keys)
      if (record.key && !record.taken_off && standing.table == record.table && standing.name == record.name)
        if (auto error = prove_key(connection, standing, &record, &guards)) out.push_back(std::move(*error));
  return out;
}

}  // namespace dbsync
