#include "pg/bookkeeping.h"

#include <fmt/format.h>

#include "base/text.h"
#include "embedded_sql.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr int kInternalTriggersSince = 90000;
constexpr int kRowSecuritySince = 90500;

const std::vector<std::string>& our_tables() {
  static const std::vector<std::string> names{"copy_run",      "copy_table",       "copy_chunk",     "copy_step",
                                              "copy_guard",    "apply_progress",   "apply_source",   "apply_tables",
                                              "apply_columns", "apply_partitions", "apply_choice",   "apply_left",
                                              "apply_resync",  "apply_memory",     "apply_targets",  "apply_triggers",
                                              "apply_files",   "apply_looked",     "db_sync_status", "db_sync_tables"};
  return names;
}

}  // namespace

void prove_bookkeeping(PgConnection& connection, const std::string& schema) {
  if (connection.server_version() < kInternalTriggersSince) return;  // Greenplum 5 has not all of the catalog
  const bool own_schema = schema == kBookkeepingSchema;
  const std::string tables = array_text(our_tables());
  std::vector<std::string> found;
  const auto take = [&](const PgResult& rows) {
    for (int row = 0; row < rows.rows(); ++row) found.push_back(rows.text(row, 0));
  };
  take(connection.exec(sql::bookkeeping_tables, {schema, tables, own_schema ? "t" : "f"}));
  if (connection.server_version() >= kRowSecuritySince)
    take(connection.exec(
        "SELECT 'the table ' || n.nspname || '.' || c.relname || ' has row-level security' FROM pg_catalog.pg_class c "
        "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 "
        "AND c.relname = ANY ($2::pg_catalog.name[]) AND (c.relrowsecurity OR EXISTS "
        "(SELECT 1 FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid))",
        {schema, tables}));
  if (found.empty()) return;
  throw Error(ErrorKind::target,
              fmt::format("the bookkeeping on {} is not trusted: {}", connection.endpoint(), join(found, "; ")))
      .hint(fmt::format(
          "another role could have this program run statements with its rights. Find out who made it; if it may be "
          "kept, a superuser gives it to the role of the connect_string ({} OWNER TO …), else drop it",
          own_schema ? "ALTER SCHEMA dbsync OWNER TO …, ALTER TABLE dbsync.…" : "ALTER TABLE …"));
}

}  // namespace dbsync
