// What tests of pgsql2pgsql need: two PostgreSQL databases, a directory with a
// my.cfg that names both, and a way to run the program there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/harness/files.h"
#include "tests/harness/process.h"
#include "tests/harness/target_db.h"

namespace dbsync::test {

class PgMigration {
 public:
  TargetDb source{PgSide::source};
  TargetDb target;
  TestDir dir;

  // `extra` may begin with keys of [desc.pgsql]; sections of its own follow.
  void configure(std::string_view extra = {}) { configure_from(source.conninfo(), extra); }
  void configure_from(const std::string& source_conninfo, std::string_view extra = {});
  void table_list(std::string_view text) { dir.write_file("tab_list.txt", text); }

  // In the directory of my.cfg.
  RunResult run(const std::vector<std::string>& args, RunOptions options = {});
  RunOptions here(RunOptions options = {}) const;

  // Where a query gives other rows on the target than on the source; "" when
  // nowhere. `target_sql` "" = the same query.
  std::string rows_differ(const std::string& sql, const std::string& target_sql = {});
};

class PgMigrationTest : public ::testing::Test, public PgMigration {
 protected:
  PgMigrationTest() { configure(); }
};

}  // namespace dbsync::test
