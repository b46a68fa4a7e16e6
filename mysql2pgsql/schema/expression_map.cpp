#include "mysql2pgsql/schema/expression_map.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "mysql2pgsql/expression/expression.h"
#include "schema/names.h"

namespace dbsync {

namespace {

std::vector<ExprColumn> expression_columns(const MysqlTable& source, const Table& table) {
  std::vector<ExprColumn> out;
  for (std::size_t i = 0; i < source.columns.size(); ++i) {
    if (auto column = expression_column(source.columns[i].name, table.columns[i].name, source.columns[i].type,
                                        table.columns[i].type, source.columns[i].nullable)) {
      column->is_generated = !source.columns[i].generation_expression.empty();
      out.push_back(std::move(*column));
    }
  }
  return out;
}

// What is to be asked about the column: nothing when its values are the source's.
std::optional<ValueDoubt> map_generated(const MysqlColumn& source, Column& column,
                                        const std::vector<ExprColumn>& columns, Table& table, const Dialect& dialect,
                                        GeneratedColumns mode) {
  std::string reason = fmt::format("{} has no generated columns", dialect_name(dialect));
  if (mode == GeneratedColumns::values) reason = "generated_columns = values";
  if (dialect.generated_columns && mode != GeneratedColumns::values) {
    auto translated =
        translate_value(source.generation_expression, columns,
                        expression_target(source.type, column.type, source.nullable), ValueUse::generated);
    if (translated.value) {
      column.generated_sql = std::move(translated.value->sql);
      const bool asks = mode == GeneratedColumns::check && translated.value->doubt.any();
      return asks ? std::optional(std::move(translated.value->doubt)) : std::nullopt;
    }
    reason = std::move(translated.reason);
  }
  make_ordinary(source, column, table, reason);
  return std::nullopt;
}

void map_default_expression(const MysqlColumn& source, Column& column) {
  // map_default settled what it could and left a note for the rest.
  if (source.default_kind != MysqlColumn::Default::expression || !column.default_sql.empty()) return;
  auto translated =
      translate_value(source.default_text, {}, expression_target(source.type, column.type), ValueUse::default_value);
  if (translated.value) {
    column.default_sql = std::move(translated.value->sql);
    column.note.clear();
  } else {
    column.note += ": " + translated.reason;
  }
}

void map_checks(const MysqlTable& source, Table& table, const std::vector<ExprColumn>& columns) {
  for (const MysqlCheck& check : source.checks) {
    if (!check.enforced) {
      table.notes.push_back(
          fmt::format("the check {} ({}) was left out: it is NOT ENFORCED on the source", check.name, check.clause));
      continue;
    }
    auto translated = translate_condition(check.clause, columns);
    if (translated.value)
      table.checks.push_back({check.name, std::move(translated.value->sql)});
    else
      table.notes.push_back(
          fmt::format("the check {} ({}) was left out: {}", check.name, check.clause, translated.reason));
  }
}

}  // namespace

MappedExpression map_index_expression(const std::string& expression, const MysqlTable& source, const Table& table) {
  auto translated = translate_expression(expression, expression_columns(source, table));
  if (!translated.value) return {std::nullopt, std::move(translated.reason)};
  return {std::move(translated.value->sql), {}};
}

void make_ordinary(const MysqlColumn& source, Column& column, Table& table, const std::string& reason) {
  column.generated_sql.clear();
  table.notes.push_back(fmt::format("column {} holds the values of AS ({}) but is not generated: {}", column.name,
                                    source.generation_expression, reason));
}

void map_expressions(const MysqlTable& source, Table& table, const Dialect& dialect, GeneratedColumns mode,
                     std::vector<DoubtfulColumn>& doubts) {
  const auto columns = expression_columns(source, table);
  for (std::size_t i = 0; i < source.columns.size(); ++i) {
    if (source.columns[i].generation_expression.empty())
      map_default_expression(source.columns[i], table.columns[i]);
    else if (auto doubt = map_generated(source.columns[i], table.columns[i], columns, table, dialect, mode))
      doubts.push_back({i, std::move(*doubt)});
  }
  map_checks(source, table, columns);
}

}  // namespace dbsync
