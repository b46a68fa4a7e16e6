#include "mysql2pgsql/mysql_catalog.h"

#include <charconv>
#include <map>

#include <fmt/format.h>

namespace dbsync {

namespace {

using TableIndex = std::map<std::string, std::size_t, std::less<>>;

std::uint64_t number(const std::optional<std::string>& text) {
  std::uint64_t out = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), out);
  return out;
}

void read_tables(MysqlConnection& connection, const std::string& db, std::vector<MysqlTable>& tables,
                 TableIndex& index) {
  // Sizes and row counts are estimates; they order the work, nothing more.
  const auto rows = connection.query(
      fmt::format("SELECT TABLE_NAME, ENGINE, TABLE_ROWS, DATA_LENGTH, TABLE_COMMENT, CREATE_OPTIONS "
                  "FROM information_schema.TABLES "
                  "WHERE TABLE_SCHEMA = {} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY TABLE_NAME",
                  MysqlConnection::literal(db)));
  for (const auto& row : rows) {
    MysqlTable& table = tables.emplace_back();
    table.name = row[0].value_or("");
    table.engine = row[1].value_or("");
    table.estimated_rows = number(row[2]);
    table.estimated_bytes = number(row[3]);
    table.comment = row[4].value_or("");
    table.partitioned = row[5].value_or("").find("partitioned") != std::string::npos;
    index.emplace(table.name, tables.size() - 1);
  }
}

void read_columns(MysqlConnection& connection, const std::string& db, std::vector<MysqlTable>& tables,
                  const TableIndex& index) {
  const auto rows = connection.query(
      fmt::format("SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, COLLATION_NAME, COLUMN_COMMENT "
                  "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} ORDER BY TABLE_NAME, ORDINAL_POSITION",
                  MysqlConnection::literal(db)));
  for (const auto& row : rows) {
    const auto found = index.find(row[0].value_or(""));
    if (found == index.end()) continue;  // a view's column
    MysqlColumn& column = tables[found->second].columns.emplace_back();
    column.name = row[1].value_or("");
    column.type = parse_mysql_type(row[2].value_or(""), row[3].value_or(""));
    column.nullable = row[4].value_or("") == "YES";
    column.type.collation = row[5].value_or("");
    column.comment = row[6].value_or("");
  }
}

void read_primary_keys(MysqlConnection& connection, const std::string& db, std::vector<MysqlTable>& tables,
                       const TableIndex& index) {
  const auto rows = connection.query(
      fmt::format("SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.STATISTICS "
                  "WHERE TABLE_SCHEMA = {} AND INDEX_NAME = 'PRIMARY' ORDER BY TABLE_NAME, SEQ_IN_INDEX",
                  MysqlConnection::literal(db)));
  for (const auto& row : rows)
    if (const auto found = index.find(row[0].value_or("")); found != index.end())
      tables[found->second].primary_key.push_back(row[1].value_or(""));
}

// MariaDB's JSON is LONGTEXT with the check json_valid(`column`).
void mark_mariadb_json(MysqlConnection& connection, const std::string& db, std::vector<MysqlTable>& tables,
                       const TableIndex& index) {
  const auto rows = connection.query(
      fmt::format("SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS "
                  "WHERE CONSTRAINT_SCHEMA = {} AND CHECK_CLAUSE LIKE 'json_valid(%'",
                  MysqlConnection::literal(db)));
  for (const auto& row : rows) {
    const auto found = index.find(row[0].value_or(""));
    if (found == index.end()) continue;
    for (MysqlColumn& column : tables[found->second].columns)
      if (column.type.kind == MysqlKind::text &&
          row[1] == fmt::format("json_valid({})", MysqlConnection::identifier(column.name)))
        column.type.kind = MysqlKind::json;
  }
}

}  // namespace

const MysqlColumn* MysqlTable::find_column(std::string_view column) const {
  for (const auto& candidate : columns)
    if (candidate.name == column) return &candidate;
  return nullptr;
}

std::vector<MysqlTable> read_catalog(MysqlConnection& connection, const std::string& db) {
  std::vector<MysqlTable> tables;
  TableIndex index;
  read_tables(connection, db, tables, index);
  read_columns(connection, db, tables, index);
  read_primary_keys(connection, db, tables, index);
  if (connection.is_mariadb() && connection.version_number() >= 100222)
    mark_mariadb_json(connection, db, tables, index);
  return tables;
}

}  // namespace dbsync
