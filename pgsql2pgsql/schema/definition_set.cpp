#include "pgsql2pgsql/schema/definition_set.h"

#include <algorithm>

#include <fmt/format.h>

#include "pgsql2pgsql/schema/mapped_tables.h"

namespace dbsync {

void DefinitionSet::add(const PgRelation& relation) {
  if (tables.contains(relation.oid)) return;
  order.push_back(relation.oid);
  Table& table = tables[relation.oid];
  table.name = target_of(relation, request.map);
  for (const PgColumn& column : relation.columns) {
    Column& out = table.columns.emplace_back();
    out.name = column.target_name();
    out.type = column_type(column, request);
    out.nullable = !column.not_null;
    out.identity = column.identity;
  }
}

Table* DefinitionSet::find(const PgResult& result, int row) {
  const auto found = tables.find(static_cast<std::uint32_t>(result.integer(row, 0)));
  return found == tables.end() ? nullptr : &found->second;
}

Column* DefinitionSet::find_column(const PgResult& result, int row) {
  Table* table = find(result, row);
  const PgColumn* from = table == nullptr ? nullptr : relation_at(result, row).find_column(result.value(row, 1));
  if (from == nullptr) return nullptr;
  return &*std::find_if(table->columns.begin(), table->columns.end(),
                        [&](const Column& column) { return column.name == from->target_name(); });
}

const PgRelation& DefinitionSet::relation_at(const PgResult& result, int row) const {
  return *request.catalog.find(static_cast<std::uint32_t>(result.integer(row, 0)));
}

std::optional<std::string> DefinitionSet::expression(const PgRelation& relation, const std::string& text) const {
  std::map<std::string, std::string> names;
  for (const PgColumn& column : relation.columns)
    if (!column.new_name.empty()) names.emplace(column.name, column.new_name);
  const std::string sql = renamed(text);
  if (names.empty() && relation.excluded.empty()) return sql;
  return rename_columns(sql, names, {relation.excluded.begin(), relation.excluded.end()});
}

std::string DefinitionSet::renamed(const std::string& name) const {
  return request.beside_dump ? rename_schemas(name, request.map, request.objects) : name;
}

std::optional<std::vector<std::string>> target_names(const PgRelation& relation, std::vector<std::string> names) {
  for (std::string& name : names) {
    const PgColumn* column = relation.find_column(name);
    if (column == nullptr) return std::nullopt;
    name = column->target_name();
  }
  return names;
}

// As the source has it; pg_dump's part of the schema makes enums and the like.
PgType column_type(const PgColumn& column, const DefinitionRequest& request) {
  PgType type = column.type;
  if (!request.beside_dump) return type;
  if (type.kind == PgKind::enumeration) type.kind = PgKind::other;
  if (type.kind == PgKind::other) type.name = rename_schemas(type.name, request.map, request.objects);
  return type;
}

void note_left_out(Table& table, std::string_view what, const std::string& name, std::string_view reason) {
  const std::string note = fmt::format("the {} {} was left out: {}", what, name, reason);
  if (std::find(table.notes.begin(), table.notes.end(), note) == table.notes.end()) table.notes.push_back(note);
}

}  // namespace dbsync
