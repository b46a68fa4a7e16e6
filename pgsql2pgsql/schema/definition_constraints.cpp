#include "pgsql2pgsql/schema/definition_constraints.h"

#include "embedded_sql.h"
#include "pgsql2pgsql/schema/mapped_tables.h"
#include "pgsql2pgsql/schema/name_list.h"

namespace dbsync {

namespace {

// pg_constraint.confdeltype, confupdtype.
std::string action_sql(std::string_view letter) {
  if (letter == "r") return "RESTRICT";
  if (letter == "c") return "CASCADE";
  if (letter == "n") return "SET NULL";
  return letter == "d" ? "SET DEFAULT" : "";
}

void add_foreign_key(const DefinitionSet& set, const PgResult& result, int row, Table& table) {
  const std::string name = result.text(row, 2);
  const PgRelation* target = set.request.catalog.find(QualifiedName{result.text(row, 4), result.text(row, 5)});
  if (target == nullptr) return note_left_out(table, "foreign key", name, "the table it refers to is not copied");
  const auto columns = target_names(set.relation_at(result, row), names_at(result, row, 6));
  const auto target_columns = target_names(*target, names_at(result, row, 7));
  if (!columns || !target_columns) return note_left_out(table, "foreign key", name, "a column of it is not copied");
  if (target->origin && shares_target(*target, set.request.catalog, set.request.map))
    return note_left_out(table, "foreign key", name, "the key it refers to has the origin column here");
  table.foreign_keys.push_back({.name = name,
                                .columns = *columns,
                                .target = target_of(*target, set.request.map),
                                .target_columns = *target_columns,
                                .on_delete_sql = action_sql(result.value(row, 8)),
                                .on_update_sql = action_sql(result.value(row, 9))});
}

}  // namespace

void define_constraints(DefinitionSet& set) {
  const PgResult result = set.source.exec(sql::table_constraints, {});
  for (int row = 0; row < result.rows(); ++row) {
    Table* table = set.find(result, row);
    if (table == nullptr) continue;
    const std::string name = result.text(row, 2);
    if (result.value(row, 1) == "f")
      add_foreign_key(set, result, row, *table);
    else if (const auto sql = set.expression(set.relation_at(result, row), result.text(row, 3)))
      table->checks.push_back({name, *sql});
    else
      note_left_out(*table, "check", name, "a column of it is not copied");
  }
}

}  // namespace dbsync
