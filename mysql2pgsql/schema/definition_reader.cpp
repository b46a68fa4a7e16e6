#include "mysql2pgsql/schema/definition_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "mysql2pgsql/schema/mysql_default.h"
#include "mysql2pgsql/schema/shown_text.h"

namespace dbsync {

namespace {

constexpr unsigned kShowsHexSince = 80000;  // MySQL

// Whose literals information_schema may show wrong.
bool may_be_shown_wrong(const MysqlType& type) {
  switch (type.kind) {
    case MysqlKind::binary:
    case MysqlKind::varbinary:
    case MysqlKind::blob:
    case MysqlKind::timestamp: return true;
    default: return is_character_kind(type.kind);
  }
}

const std::string& entry(const std::map<std::string, std::string, std::less<>>& map, const std::string& name) {
  static const std::string kNone;
  const auto found = map.find(name);
  return found == map.end() ? kNone : found->second;
}

void settle_checks(const ShownTable& shown, MysqlTable& table, bool is_mariadb) {
  for (MysqlCheck& check : table.checks) {
    std::string text = entry(shown.checks, check.name);
    // MariaDB names the check of a column as the column.
    if (const auto column = shown.columns.find(check.name); text.empty() && column != shown.columns.end())
      text = column->second.check;
    check.clause = believed_expression(check.clause, text, is_mariadb);
  }
}

void settle_indexes(const ShownTable& shown, MysqlTable& table, bool is_mariadb) {
  for (MysqlIndex& index : table.indexes) {
    const auto parts = shown.keys.find(index.name);
    for (std::size_t i = 0; i < index.parts.size(); ++i) {
      std::string& expression = index.parts[i].expression;
      if (expression.empty()) continue;
      std::string text = parts == shown.keys.end() || i >= parts->second.size() ? std::string() : parts->second[i];
      // ((lower(`v`)) DESC)
      if (text.ends_with(" DESC")) text.resize(text.size() - 5);
      if (text.starts_with('(') && text.ends_with(')')) text = text.substr(1, text.size() - 2);
      expression = believed_expression(expression, text, is_mariadb);
    }
  }
}

void settle_partitions(const ShownTable& shown, MysqlTable& table) {
  if (!table.partitioning) return;
  for (MysqlPartition& partition : table.partitioning->partitions)
    if (const std::string& values = entry(shown.partition_values, partition.name); !values.empty())
      partition.description = values;
}

std::string unhex(const std::string& digits) { return decode_mysql_hex("0x" + digits).value_or(""); }

// As hexadecimal digits: of text in UTF-8, of anything else as it is stored.
std::string default_of(const MysqlColumn& column) {
  const std::string value = fmt::format("DEFAULT({})", MysqlConnection::identifier(column.name));
  if (column.type.kind == MysqlKind::timestamp) return fmt::format("HEX(CAST({} AS CHAR))", value);
  const bool text =
      is_character_kind(column.type.kind) && !column.type.collation.empty() && column.type.collation != "binary";
  return text ? fmt::format("HEX(CONVERT({} USING utf8mb4))", value) : fmt::format("HEX({})", value);
}

}  // namespace

DefinitionReader::DefinitionReader(SourceQueries& connection)
    : connection_(connection),
      exact_literals_(!connection.is_mariadb() && connection.version_number() >= kShowsHexSince) {}

void DefinitionReader::settle_column(const ShownTable& shown, MysqlColumn& column,
                                     std::vector<MysqlColumn*>& doubtful) const {
  const auto found = shown.columns.find(column.name);
  const ShownColumn text = found == shown.columns.end() ? ShownColumn{} : found->second;
  if (!column.generation_expression.empty())
    column.generation_expression =
        believed_expression(column.generation_expression, text.generated, connection_.is_mariadb());
  if (column.default_kind == MysqlColumn::Default::expression)
    column.default_text = believed_expression(column.default_text, text.default_sql, connection_.is_mariadb());
  if (column.default_kind != MysqlColumn::Default::literal || !may_be_shown_wrong(column.type)) return;
  if (auto value = believed_literal(text.default_sql, column.type, exact_literals_))
    column.default_text = std::move(*value);
  else
    doubtful.push_back(&column);
}

void DefinitionReader::settle(const ShownTable& shown, MysqlTable& table) {
  std::vector<MysqlColumn*> doubtful;
  for (MysqlColumn& column : table.columns) settle_column(shown, column, doubtful);
  settle_checks(shown, table, connection_.is_mariadb());
  settle_indexes(shown, table, connection_.is_mariadb());
  settle_partitions(shown, table);
  if (!doubtful.empty()) ask_defaults(table, doubtful);
}

// A row that the outer join makes up is enough for columns that may be NULL; others
// need a row of the table.
void DefinitionReader::ask_defaults(const MysqlTable& table, const std::vector<MysqlColumn*>& doubtful) {
  const std::string name = MysqlConnection::identifier(table.name);
  std::vector<MysqlColumn*> nullable;
  std::vector<MysqlColumn*> others;
  for (MysqlColumn* column : doubtful) (column->nullable ? nullable : others).push_back(column);
  for (const auto& [columns, from] :
       {std::pair{nullable, "(SELECT 1) AS one LEFT JOIN " + name + " ON FALSE"}, {others, name + " LIMIT 1"}}) {
    if (columns.empty() || ask(from, columns)) continue;
    for (MysqlColumn* column : columns) column->default_kind = MysqlColumn::Default::unclear;
  }
}

bool DefinitionReader::ask(const std::string& from, const std::vector<MysqlColumn*>& columns) {
  std::vector<std::string> values;
  for (const MysqlColumn* column : columns) values.push_back(default_of(*column));
  try {
    const auto rows = connection_.query(fmt::format("SELECT {} FROM {}", join(values, ", "), from));
    if (rows.empty()) return false;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (rows[0][i])
        columns[i]->default_text = unhex(*rows[0][i]);
      else
        columns[i]->default_kind = MysqlColumn::Default::unclear;
    }
    return true;
  } catch (const Error& error) {
    if (error.connection_lost()) throw;
    log::debug("source", fmt::format("defaults cannot be asked for: {}", error.what()));
    return false;
  }
}

}  // namespace dbsync
