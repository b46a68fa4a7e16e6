#include "pgsql2pgsql/schema/left_objects.h"

#include <algorithm>

#include <fmt/format.h>

#include "embedded_sql.h"
#include "schema/quote.h"

namespace dbsync {

std::vector<std::string> objects_left_out(PgConnection& source, const SelectedTables& selected, const Dialect& target) {
  std::vector<std::string> oids;
  for (const PgRelation* relation : selected.tables) oids.push_back(std::to_string(relation->oid));
  const PgResult result = source.exec(sql::left_objects, {array_text(oids), selected.whole_database ? "t" : "f"});
  std::vector<std::string> out;
  for (int row = 0; row < result.rows(); ++row)
    out.push_back(
        fmt::format("{} {} is not made on {}", result.text(row, 0), result.text(row, 1), dialect_name(target)));
  return out;
}

std::vector<std::string> external_tables_left_out(PgConnection& source, const PgCatalog& catalog) {
  std::vector<std::string> out;
  const bool any = std::any_of(catalog.relations.begin(), catalog.relations.end(),
                               [](const PgRelation& relation) { return relation.external; });
  if (!any) return out;
  for (const ExternalTable& table : read_external_tables(source))
    out.push_back(fmt::format("external table {} is not made: {}", table.name.display(), external_table_sql(table)));
  return out;
}

}  // namespace dbsync
