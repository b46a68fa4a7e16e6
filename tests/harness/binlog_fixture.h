// mysql2pgsql following the binlog of a source database into a target database.
//
// Threads: one.
#pragma once

#include <string>
#include <vector>

#include "tests/harness/migration.h"

namespace dbsync::test {

class BinlogTest : public MigrationTest {
 protected:
  // mysql2pgsql --end-at now, with these arguments more.
  RunResult follow(std::vector<std::string> more = {}) {
    std::vector<std::string> args{"mysql2pgsql", "--end-at", "now"};
    args.insert(args.end(), more.begin(), more.end());
    return run(args);
  }
  // Begins the task, with a copy: what is changed from now on will be followed.
  void begin(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--follow", "--create"});
    const RunResult result = follow(more);
    ASSERT_EQ(result.exit_code, 0) << result.describe();
  }
};

}  // namespace dbsync::test
