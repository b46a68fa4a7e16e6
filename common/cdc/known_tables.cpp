#include "cdc/known_tables.h"

#include "embedded_sql.h"
#include "pg/catalog.h"

namespace dbsync {

namespace {

std::uint32_t number(const PgResult& result, int row, int column) {
  return static_cast<std::uint32_t>(result.integer(row, column));
}

}  // namespace

bool known_tables_exist(PgConnection& connection) {
  return connection
             .exec("SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = 'dbsync' AND tablename = 'apply_partitions'", {})
             .rows() > 0;
}

void ensure_known_tables(PgConnection& connection) {
  if (known_tables_exist(connection)) return;
  PgTransaction transaction(connection);
  lock_bookkeeping(connection);
  connection.exec(sql::apply_tables);
  transaction.commit();
}

std::optional<KnownSource> read_known_source(PgConnection& connection, const std::string& task) {
  const PgResult result =
      connection.exec("SELECT system_identifier, timeline FROM dbsync.apply_source WHERE task = $1", {task});
  if (result.rows() == 0) return std::nullopt;
  return KnownSource{result.text(0, 0), result.text(0, 1)};
}

void write_known_source(PgConnection& connection, const std::string& task, const KnownSource& source) {
  connection.exec("DELETE FROM dbsync.apply_source WHERE task = $1", {task});
  connection.exec("INSERT INTO dbsync.apply_source VALUES ($1, $2, $3)", {task, source.system_identifier, source.timeline});
}

std::vector<KnownTable> read_known_tables(PgConnection& connection, const std::string& task) {
  const PgResult result = connection.exec(
      "SELECT schema_name, table_name, source_oid, published FROM dbsync.apply_tables WHERE task = $1 ORDER BY 1, 2", {task});
  std::vector<KnownTable> out;
  for (int row = 0; row < result.rows(); ++row)
    out.push_back({{result.text(row, 0), result.text(row, 1)}, number(result, row, 2), number(result, row, 3)});
  return out;
}

void write_known_table(PgConnection& connection, const std::string& task, const KnownTable& table) {
  connection.exec_often("DELETE FROM dbsync.apply_tables WHERE task = $1 AND schema_name = $2 AND table_name = $3",
                        {task, table.name.schema, table.name.name});
  connection.exec_often("INSERT INTO dbsync.apply_tables VALUES ($1, $2, $3, $4::bigint, $5::bigint)",
                        {task, table.name.schema, table.name.name, std::to_string(table.oid), std::to_string(table.published)});
}

void forget_known_table(PgConnection& connection, const std::string& task, const QualifiedName& name) {
  for (const char* table : {"apply_tables", "apply_columns"})
    connection.exec(std::string("DELETE FROM dbsync.") + table + " WHERE task = $1 AND schema_name = $2 AND table_name = $3",
                    {task, name.schema, name.name});
}

std::optional<Relation> read_known_columns(PgConnection& connection, const std::string& task, const QualifiedName& name) {
  const PgResult result = connection.exec(
      "SELECT column_name, number, type_oid, typmod, type_name FROM dbsync.apply_columns "
      "WHERE task = $1 AND schema_name = $2 AND table_name = $3 ORDER BY number",
      {task, name.schema, name.name});
  if (result.rows() == 0) return std::nullopt;
  Relation out;
  out.name = name;
  for (int row = 0; row < result.rows(); ++row) {
    RelationColumn& column = out.columns.emplace_back();
    column.name = result.text(row, 0);
    column.number = static_cast<int>(result.integer(row, 1));
    column.type_oid = number(result, row, 2);
    column.typmod = static_cast<std::int32_t>(result.integer(row, 3));
    column.type_name = result.text(row, 4);
  }
  return out;
}

void write_known_columns(PgConnection& connection, const std::string& task, const Relation& relation) {
  connection.exec("DELETE FROM dbsync.apply_columns WHERE task = $1 AND schema_name = $2 AND table_name = $3",
                  {task, relation.name.schema, relation.name.name});
  for (const RelationColumn& column : relation.columns)
    connection.exec("INSERT INTO dbsync.apply_columns VALUES ($1, $2, $3, $4, $5::int, $6::bigint, $7::int, $8)",
                    {task, relation.name.schema, relation.name.name, column.name, std::to_string(column.number),
                     std::to_string(column.type_oid), std::to_string(column.typmod), column.type_name});
}

void forget_source(PgConnection& connection, const std::string& task) {
  if (!known_tables_exist(connection)) return;
  for (const char* table : {"apply_source", "apply_tables", "apply_columns", "apply_partitions"})
    connection.exec(std::string("DELETE FROM dbsync.") + table + " WHERE task = $1", {task});
}

}  // namespace dbsync
