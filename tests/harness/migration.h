// What most tests need: a source database, a target database, a directory with
// a my.cfg that names both, and a way to run the programs there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/files.h"
#include "tests/harness/process.h"
#include "tests/harness/source_db.h"
#include "tests/harness/target_db.h"

namespace dbsync::test {

// The text of a my.cfg. [desc.pgsql] is its last section, so that `extra` may
// begin with keys of it, and go on with sections of its own.
std::string my_cfg(const SourceDb& source, const TargetDb& target, std::string_view extra = {});
std::string my_cfg(const std::string& source_section, const std::string& target_conninfo, std::string_view extra = {});
std::string mysql_section(const MysqlAccess& access, const std::string& database);

class Migration {
 public:
  Migration() = default;
  explicit Migration(std::string source_name) : source(std::move(source_name)) {}

  SourceDb source;
  TargetDb target;
  TestDir dir;

  void configure(std::string_view extra = {}) { dir.write_file("my.cfg", my_cfg(source, target, extra)); }
  void table_list(std::string_view text) { dir.write_file("tab_list.txt", text); }

  // In the directory of my.cfg.
  RunResult run(const std::vector<std::string>& args, RunOptions options = {});
  RunOptions here(RunOptions options = {}) const;

  // What --report report.json wrote, and its entry for one table.
  nlohmann::json report() const;
  nlohmann::json report_table(const std::string& name) const;
};

class MigrationTest : public ::testing::Test, public Migration {
 protected:
  MigrationTest() { configure(); }
};

}  // namespace dbsync::test
