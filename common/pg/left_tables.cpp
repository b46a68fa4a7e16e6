#include "pg/left_tables.h"

#include <fmt/format.h>

#include "base/text.h"

namespace dbsync {

std::string LeftTable::describe() const {
  return fmt::format("{}: copied and not followed, since {}", one_line(name.display()), reason);
}

std::vector<LeftTable> read_left_tables(PgConnection& connection, const std::string& task) {
  std::vector<LeftTable> out;
  if (connection.exec("SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = 'dbsync' AND tablename = 'apply_left'")
          .rows() == 0)
    return out;
  const PgResult result = connection.exec(
      "SELECT DISTINCT schema_name, table_name, reason FROM dbsync.apply_left WHERE $1 IN ('', task) ORDER BY 1, 2",
      {task});
  for (int row = 0; row < result.rows(); ++row)
    out.push_back({{result.text(row, 0), result.text(row, 1)}, result.text(row, 2)});
  return out;
}

void write_left_tables(PgConnection& connection, const std::string& task, const std::vector<LeftTable>& tables) {
  connection.exec("DELETE FROM dbsync.apply_left WHERE task = $1", {task});
  for (const LeftTable& table : tables)
    connection.exec("INSERT INTO dbsync.apply_left VALUES ($1, $2, $3, $4)",
                    {task, table.name.schema, table.name.name, table.reason});
}

void forget_left_table(PgConnection& connection, const std::string& task, const QualifiedName& table) {
  connection.exec("DELETE FROM dbsync.apply_left WHERE task = $1 AND schema_name = $2 AND table_name = $3",
                  {task, table.schema, table.name});
}

}  // namespace dbsync
