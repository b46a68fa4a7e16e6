#include "cdc/target_relation.h"

#include <algorithm>

#include <fmt/format.h>

#include "embedded_sql.h"
#include "pg/table_errors.h"

namespace dbsync {

namespace {

void read_keys(const PgResult& result, TargetRelation& table) {
  std::string index;
  for (int row = 0; row < result.rows(); ++row) {
    if (result.value(row, 0) != index) {
      index = result.text(row, 0);
      table.keys.emplace_back();
    }
    table.keys.back().push_back(result.text(row, 1));
  }
  // A key with NULLs does not tell rows apart.
  std::erase_if(table.keys, [&](const std::vector<std::string>& key) {
    return std::any_of(key.begin(), key.end(), [&](const std::string& name) {
      const TargetColumnInfo* column = table.find_column(name);
      return column == nullptr || !column->not_null;
    });
  });
}

PgQuery question_of_columns(const QualifiedName& name) { return {sql::apply_columns, {name.schema, name.name}}; }

// `keys`: of a relation that is to be the one of that name; nullptr: to be read.
std::optional<TargetRelation> read_relation(PgConnection& connection, const QualifiedName& name, const PgResult* keys) {
  const PgResult result = ask(connection, question_of_columns(name));
  if (result.rows() == 0) return std::nullopt;
  const std::string_view relkind = result.value(0, 1);
  if (relkind != "r" && relkind != "p") throw not_a_table(name).hint("rename it, and create the table");
  TargetRelation table;
  table.name = name;
  table.oid = static_cast<std::uint32_t>(result.integer(0, 0));
  table.partitioned = relkind == "p";
  table.live_triggers = result.boolean(0, 11);
  for (int row = 0; row < result.rows(); ++row) {
    if (result.is_null(row, 2)) continue;  // a table without columns
    TargetColumnInfo column;
    column.name = result.text(row, 2);
    column.type_oid = static_cast<std::uint32_t>(result.integer(row, 3));
    column.array_oid = static_cast<std::uint32_t>(result.integer(row, 4));
    column.type_sql = result.text(row, 5);
    column.enumeration = result.boolean(row, 6);
    column.is_array = result.boolean(row, 7);
    column.not_null = result.boolean(row, 8);
    column.generated = result.boolean(row, 9);
    column.identity_always = result.boolean(row, 10);
    column.declared_sql = result.text(row, 12);
    column.loose_collation = result.boolean(row, 13);
    if (!result.is_null(row, 14)) column.equality = result.text(row, 14);
    table.columns.push_back(std::move(column));
  }
  if (keys != nullptr)
    read_keys(*keys, table);
  else
    read_keys(connection.exec(sql::apply_keys, {result.text(0, 0)}), table);
  return table;
}

}  // namespace

const TargetColumnInfo* TargetRelation::find_column(const std::string& column) const {
  for (const auto& candidate : columns)
    if (candidate.name == column) return &candidate;
  return nullptr;
}

std::optional<TargetRelation> read_target_relation(PgConnection& connection, const QualifiedName& name) {
  return read_relation(connection, name, nullptr);
}

std::vector<PgQuery> questions_of_relation(std::uint32_t oid, const QualifiedName& name) {
  std::vector<PgQuery> out{{"SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON "
                            "n.oid = c.relnamespace WHERE c.oid = $1::oid",
                            {std::to_string(oid)}},
                           {sql::apply_keys, {std::to_string(oid)}}};
  if (!name.name.empty()) out.push_back(question_of_columns(name));
  return out;
}

std::optional<TargetRelation> read_target_relation(PgConnection& connection, std::uint32_t oid) {
  const auto answers = ask_together(connection, questions_of_relation(oid, {}));
  if (answers[0].rows() == 0) return std::nullopt;
  auto table = read_relation(connection, {answers[0].text(0, 0), answers[0].text(0, 1)}, &answers[1]);
  return table && table->oid == oid ? table : std::nullopt;  // renamed in between: as if it were gone
}

}  // namespace dbsync
