#include <fmt/format.h>

#include "pgsql2pgsql/schema/definition_set.h"
#include "pgsql2pgsql/schema/lacking.h"
#include "schema/distribution.h"
#include "schema/type_oid.h"

namespace dbsync {

Table query_definition(PgConnection& source, const CopyTask& task, const DefinitionRequest& request) {
  Table table;
  table.name = task.target;
  // The query's names are the user's, the types' are to be in full; an error of
  // the query must not cost the snapshot.
  source.exec("SAVEPOINT dbsync_describe; RESET search_path");
  const PgResult described = [&] {
    try {
      return source.columns_of(task.query);
    } catch (const Error&) {
      if (source.usable()) source.exec("ROLLBACK TO SAVEPOINT dbsync_describe");
      throw;
    }
  }();
  source.exec("SET search_path = ''");
  const Lacking lacking(request.dialect, request.target);
  for (int i = 0; i < described.columns(); ++i) {
    const PgResult type = source.exec(
        "SELECT t.typtype, t.typname, pg_catalog.format_type(t.oid, NULL) FROM pg_catalog.pg_type t WHERE t.oid = $1",
        {std::to_string(described.column_type(i))});
    PgColumn column;
    column.name = described.column_name(i);
    column.type_oid = described.column_type(i);
    column.enumeration = type.value(0, 0) == "e";
    column.type =
        pg_type_of(column.type_oid, type.value(0, 0), type.value(0, 1), type.text(0, 2), described.column_modifier(i));
    Column& out = table.columns.emplace_back();
    out.name = column.name;
    out.type = column_type(column, request);
    if (request.beside_dump) continue;
    const bool users = column.type_oid >= oid::first_of_users;
    if (users) lacking.fit_users_type(out, fmt::format("the type {}", column.type.name), {});
    lacking.fit_type(out);
  }
  request.segments.apply(table, request.dialect);
  plan_distribution(table, request.dialect, request.first_column_key);
  return table;
}

}  // namespace dbsync
