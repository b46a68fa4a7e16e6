// A source and a target database, a my.cfg that names both, and pgsql2pgsql
// following from one to the other.
//
// The task's slot is dropped at the end, whatever the test has done. Threads: one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/harness/files.h"
#include "tests/harness/process.h"
#include "tests/harness/target_db.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

// All slots of a source database, whoever reads from them.
void drop_slots_of(TargetDb& source);

// Starts a task's --restart, and kills it when its place in the log is written and no table
// is emptied yet.
void kill_restart_before_it_empties(TargetDb& target, const std::vector<std::string>& command, const RunOptions& here);

class FollowTest : public ::testing::Test {
 protected:
  FollowTest() { configure(); }
  ~FollowTest() override;

  // Lines of [follow], or sections of their own.
  void configure(std::string_view extra = {});
  // The same statements on both servers.
  void both(const std::string& sql);

  // pgsql2pgsql with these arguments.
  RunResult run(std::vector<std::string> arguments = {});
  // pgsql2pgsql --follow-only --end-at now, with these arguments more.
  RunResult follow(const std::vector<std::string>& more = {});
  // Begins the task: what is changed from now on will be followed.
  void begin();
  // Follows to the source's position now; must succeed.
  void drain();
  RunOptions here() const;
  static void expect_has(const std::string& text, const std::string& part);

  // A query gives the same on both.
  void expect_same(const std::string& query);
  void expect_same_table(const std::string& table);  // all rows, in any order

  // The slot of this database; "" = none.
  std::string slot_column(const std::string& column);

  TargetDb source{PgSide::source};
  TargetDb target;
  TestDir dir;
};

}  // namespace dbsync::test
