#include "cdc/known_tables.h"

#include <array>

#include <fmt/format.h>

#include "embedded_sql.h"
#include "pg/bookkeeping.h"
#include "pg/catalog.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr char kTables[] =
    "SELECT t.schema_name, t.table_name, t.source_oid, t.published, coalesce(g.target_oid, 0) FROM dbsync.apply_tables "
    "t "
    "LEFT JOIN dbsync.apply_targets g ON g.task = t.task AND g.source_oid = t.source_oid "
    "AND g.books = 'dbsync.apply_tables'::pg_catalog.regclass::pg_catalog.oid::bigint WHERE t.task = $1";

constexpr char kColumns[] =
    "SELECT schema_name, table_name, column_name, number, type_oid, typmod, type_name FROM dbsync.apply_columns WHERE "
    "task = $1";

std::uint32_t number(const PgResult& result, int row, int column) {
  return static_cast<std::uint32_t>(result.integer(row, column));
}

bool has_table(PgConnection& connection, const char* name) { return bookkeeping_tables(connection).has(name); }

// Of each task; tables of earlier versions may lack.
constexpr std::array<const char*, 11> kOfTask{"apply_source",     "apply_choice",  "apply_tables", "apply_columns",
                                              "apply_partitions", "apply_targets", "apply_left",   "apply_resync",
                                              "apply_memory",     "apply_files",   "apply_looked"};

std::vector<std::string> tables_there(const BookkeepingTables& all) {
  std::vector<std::string> out;
  for (const char* name : kOfTask)
    if (all.has(name)) out.emplace_back(name);
  return out;
}

std::vector<KnownTable> tables_of(const PgResult& result) {
  std::vector<KnownTable> out;
  for (int row = 0; row < result.rows(); ++row)
    out.push_back({{result.text(row, 0), result.text(row, 1)},
                   number(result, row, 2),
                   number(result, row, 3),
                   number(result, row, 4)});
  return out;
}

std::map<QualifiedName, Relation> columns_of(const PgResult& result) {
  std::map<QualifiedName, Relation> out;
  for (int row = 0; row < result.rows(); ++row) {
    Relation& relation = out[{result.text(row, 0), result.text(row, 1)}];
    relation.name = {result.text(row, 0), result.text(row, 1)};
    RelationColumn& column = relation.columns.emplace_back();
    column.name = result.text(row, 2);
    column.number = static_cast<int>(result.integer(row, 3));
    column.type_oid = number(result, row, 4);
    column.typmod = static_cast<std::int32_t>(result.integer(row, 5));
    column.type_name = result.text(row, 6);
  }
  return out;
}

}  // namespace

bool known_tables_exist(PgConnection& connection) { return has_table(connection, "apply_partitions"); }

bool known_triggers_exist(PgConnection& connection) { return has_table(connection, "apply_triggers"); }

void ensure_known_tables(PgConnection& connection) {
  make_bookkeeping(connection, kBookkeepingSchema, [](const BookkeepingTables& there) {
    const bool complete = tables_there(there).size() == kOfTask.size() && there.has("apply_triggers");
    return complete ? "" : std::string(sql::apply_tables);
  });
}

PgQuery question_of_known_source(const std::string& task) {
  return {"SELECT system_identifier, timeline FROM dbsync.apply_source WHERE task = $1", {task}};
}

PgQuery question_of_known_tables(const std::string& task) { return {std::string(kTables) + " ORDER BY 1, 2", {task}}; }

PgQuery question_of_known_table(const std::string& task, std::uint32_t oid, const QualifiedName& name) {
  return {std::string(kTables) +
              " AND (t.source_oid = $2::bigint OR (t.schema_name = $3 AND t.table_name = $4)) ORDER BY t.source_oid <> "
              "$2::bigint",
          {task, std::to_string(oid), name.schema, name.name}};
}

PgQuery question_of_known_columns(const std::string& task, const QualifiedName& name) {
  return {std::string(kColumns) + " AND schema_name = $2 AND table_name = $3 ORDER BY number",
          {task, name.schema, name.name}};
}

PgQuery question_of_choice(const std::string& task) {
  return {"SELECT choice FROM dbsync.apply_choice WHERE task = $1", {task}};
}

std::optional<KnownSource> read_known_source(PgConnection& connection, const std::string& task) {
  const PgResult result = ask(connection, question_of_known_source(task));
  if (result.rows() == 0) return std::nullopt;
  return KnownSource{result.text(0, 0), result.text(0, 1)};
}

void write_known_source(PgConnection& connection, const std::string& task, const KnownSource& source) {
  connection.exec("DELETE FROM dbsync.apply_source WHERE task = $1", {task});
  connection.exec("INSERT INTO dbsync.apply_source VALUES ($1, $2, $3)",
                  {task, source.system_identifier, source.timeline});
}

std::optional<std::string> read_choice(PgConnection& connection, const std::string& task) {
  if (!has_table(connection, "apply_choice")) return std::nullopt;
  const PgResult result = ask(connection, question_of_choice(task));
  if (result.rows() == 0) return std::nullopt;
  return result.text(0, 0);
}

void write_choice(PgConnection& connection, const std::string& task, const std::string& choice) {
  ensure_known_tables(connection);
  connection.exec("DELETE FROM dbsync.apply_choice WHERE task = $1", {task});
  connection.exec("INSERT INTO dbsync.apply_choice VALUES ($1, $2)", {task, choice});
}

std::vector<KnownTable> read_known_tables(PgConnection& connection, const std::string& task) {
  return tables_of(ask(connection, question_of_known_tables(task)));
}

std::optional<KnownTable> find_known_table(PgConnection& connection, const std::string& task, std::uint32_t oid,
                                           const QualifiedName& name) {
  const auto found = tables_of(ask(connection, question_of_known_table(task, oid, name)));
  return found.empty() ? std::nullopt : std::optional(found.front());
}

void write_known_tables(PgConnection& connection, const std::string& task, const std::vector<KnownTable>& tables) {
  std::array<std::vector<std::string>, 4> columns;
  for (const KnownTable& table : tables) {
    columns[0].push_back(table.name.schema);
    columns[1].push_back(table.name.name);
    columns[2].push_back(std::to_string(table.oid));
    columns[3].push_back(std::to_string(table.published));
  }
  connection.exec(
      "INSERT INTO dbsync.apply_tables SELECT $1, pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]), "
      "pg_catalog.unnest($4::bigint[]), pg_catalog.unnest($5::bigint[])",
      {task, array_text(columns[0]), array_text(columns[1]), array_text(columns[2]), array_text(columns[3])});
}

void write_known_table(PgConnection& connection, const std::string& task, const KnownTable& table) {
  connection.exec_often("DELETE FROM dbsync.apply_tables WHERE task = $1 AND schema_name = $2 AND table_name = $3",
                        {task, table.name.schema, table.name.name});
  connection.exec_often(
      "INSERT INTO dbsync.apply_tables VALUES ($1, $2, $3, $4::bigint, $5::bigint)",
      {task, table.name.schema, table.name.name, std::to_string(table.oid), std::to_string(table.published)});
}

void write_known_target(PgConnection& connection, const std::string& task, std::uint32_t oid, std::uint32_t target) {
  connection.exec_often("DELETE FROM dbsync.apply_targets WHERE task = $1 AND source_oid = $2::bigint",
                        {task, std::to_string(oid)});
  if (target == 0) return;
  connection.exec_often(
      "INSERT INTO dbsync.apply_targets VALUES ($1, $2::bigint, $3::bigint, "
      "'dbsync.apply_tables'::pg_catalog.regclass::pg_catalog.oid::bigint)",
      {task, std::to_string(oid), std::to_string(target)});
}

void forget_known_table(PgConnection& connection, const std::string& task, const QualifiedName& name) {
  for (const char* table : {"apply_tables", "apply_columns", "apply_files"})
    connection.exec(
        std::string("DELETE FROM dbsync.") + table + " WHERE task = $1 AND schema_name = $2 AND table_name = $3",
        {task, name.schema, name.name});
}

// By way of names that no table has, since one's new name may be another's old one.
void rename_known_tables(PgConnection& connection, const std::string& task,
                         const std::vector<std::pair<KnownTable, QualifiedName>>& renamed) {
  const auto rename = [&](const QualifiedName& from, const QualifiedName& to) {
    for (const char* table : {"apply_tables", "apply_columns", "apply_partitions", "apply_files"})
      connection.exec(std::string("UPDATE dbsync.") + table +
                          " SET schema_name = $4, table_name = $5 "
                          "WHERE task = $1 AND schema_name = $2 AND table_name = $3",
                      {task, from.schema, from.name, to.schema, to.name});
  };
  const auto between = [](const KnownTable& table) { return QualifiedName{"", fmt::format("{}", table.oid)}; };
  PgTransaction transaction(connection);
  for (const auto& [table, name] : renamed) rename(table.name, between(table));
  for (const auto& [table, name] : renamed) rename(between(table), name);
  transaction.commit();
}

std::optional<Relation> read_known_columns(PgConnection& connection, const std::string& task,
                                           const QualifiedName& name) {
  auto found = columns_of(ask(connection, question_of_known_columns(task, name)));
  return found.empty() ? std::nullopt : std::optional(std::move(found.begin()->second));
}

std::map<QualifiedName, Relation> read_all_known_columns(PgConnection& connection, const std::string& task) {
  return columns_of(connection.exec(std::string(kColumns) + " ORDER BY number", {task}));
}

void write_known_columns(PgConnection& connection, const std::string& task, const Relation& relation) {
  connection.exec("DELETE FROM dbsync.apply_columns WHERE task = $1 AND schema_name = $2 AND table_name = $3",
                  {task, relation.name.schema, relation.name.name});
  std::array<std::vector<std::string>, 5> columns;
  for (const RelationColumn& column : relation.columns) {
    columns[0].push_back(column.name);
    columns[1].push_back(std::to_string(column.number));
    columns[2].push_back(std::to_string(column.type_oid));
    columns[3].push_back(std::to_string(column.typmod));
    columns[4].push_back(column.type_name);
  }
  connection.exec(
      "INSERT INTO dbsync.apply_columns SELECT $1, $2, $3, pg_catalog.unnest($4::text[]), "
      "pg_catalog.unnest($5::int[]), pg_catalog.unnest($6::bigint[]), pg_catalog.unnest($7::int[]), "
      "pg_catalog.unnest($8::text[])",
      {task, relation.name.schema, relation.name.name, array_text(columns[0]), array_text(columns[1]),
       array_text(columns[2]), array_text(columns[3]), array_text(columns[4])});
}

std::set<QualifiedName> read_resync(PgConnection& connection, const std::string& task) {
  std::set<QualifiedName> out;
  if (!has_table(connection, "apply_resync")) return out;
  const PgResult result =
      connection.exec("SELECT schema_name, table_name FROM dbsync.apply_resync WHERE task = $1", {task});
  for (int row = 0; row < result.rows(); ++row) out.insert({result.text(row, 0), result.text(row, 1)});
  return out;
}

void write_resync(PgConnection& connection, const std::string& task, const std::set<QualifiedName>& tables) {
  if (!has_table(connection, "apply_resync")) return;
  connection.exec("DELETE FROM dbsync.apply_resync WHERE task = $1", {task});
  for (const QualifiedName& table : tables)
    connection.exec("INSERT INTO dbsync.apply_resync VALUES ($1, $2, $3)", {task, table.schema, table.name});
}

void forget_source(PgConnection& connection, const std::string& task) {
  std::string statements;
  for (const std::string& table : tables_there(bookkeeping_tables(connection)))
    statements += fmt::format("DELETE FROM {} WHERE task = {}; ", quote_name({"dbsync", table}), quote_literal(task));
  if (!statements.empty()) connection.exec(statements);
}

}  // namespace dbsync
