#include "pg/users_path.h"

#include "embedded_sql.h"
#include "schema/quote.h"

namespace dbsync {

// The path is asked for alone: on it, even an operator may be somebody else's.
std::vector<std::string> users_schemas(PgConnection& connection) {
  PgTransaction transaction(connection);
  connection.exec("SET LOCAL search_path TO DEFAULT");
  const PgResult path = connection.exec("SELECT pg_catalog.unnest(pg_catalog.current_schemas(true))");
  std::vector<std::string> out;
  for (int row = 0; row < path.rows(); ++row) out.push_back(path.text(row, 0));
  return out;
}

std::map<std::string, std::string> schemas_of_types(PgConnection& connection, const std::set<std::string>& types) {
  std::map<std::string, std::string> out;
  if (types.empty()) return out;
  const std::vector<std::string> path = users_schemas(connection);
  const PgResult rows = connection.exec(sql::type_schemas, {array_text({types.begin(), types.end()})});
  for (const std::string& schema : path)
    for (int row = 0; row < rows.rows(); ++row)
      if (rows.value(row, 1) == schema) out.emplace(rows.text(row, 0), schema);
  return out;
}

}  // namespace dbsync
