#include "tests/harness/pg_migration.h"

#include "tests/harness/migration.h"

namespace dbsync::test {

void PgMigration::configure_from(const std::string& source_conninfo, std::string_view extra) {
  dir.write_file("my.cfg",
                 my_cfg("[src.pgsql]\nconnect_string = \"" + source_conninfo + "\"\n", target.conninfo(), extra));
}

RunOptions PgMigration::here(RunOptions options) const {
  if (options.cwd.empty()) options.cwd = dir.path();
  return options;
}

RunResult PgMigration::run(const std::vector<std::string>& args, RunOptions options) {
  return run_program(args, here(std::move(options)));
}

std::string PgMigration::rows_differ(const std::string& sql, const std::string& target_sql) {
  return difference(source.query(sql), target.query(target_sql.empty() ? sql : target_sql));
}

}  // namespace dbsync::test
