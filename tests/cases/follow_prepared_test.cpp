// Prepared transactions of the source: before a task begins, while it follows, and over
// a restart of the follower.
#include <csignal>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/files.h"
#include "tests/harness/own_server.h"
#include "tests/harness/process.h"
#include "tests/harness/target_db.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

class FollowPrepared : public ::testing::Test {
 protected:
  FollowPrepared() {
    PgSession(server_.conninfo()).run("create database s");
    dir_.write_file("my.cfg",
                    fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n",
                                server_.conninfo("s"), target_.conninfo()));
    for (const char* sql : {"create table t (id int primary key)"}) {
      on_source(sql);
      target_.exec(sql);
    }
  }
  Rows on_source(const std::string& sql) { return PgSession(server_.conninfo("s")).run(sql); }
  RunOptions here() const {
    RunOptions options;
    options.cwd = dir_.path();
    return options;
  }
  void drain() {
    const RunResult run = run_program({"pgsql2pgsql", "--follow-only", "--end-at", "now"}, here());
    ASSERT_EQ(run.exit_code, 0) << run.describe();
  }
  std::string rows() { return target_.value("select coalesce(string_agg(id::text, ',' order by id), '') from t"); }

  OwnServer server_{"postgres", "prepared", {"-c", "max_prepared_transactions=10"}};
  TargetDb target_;
  TestDir dir_;
};

TEST_F(FollowPrepared, TransactionsAreAppliedWhenTheyAreCommitted) {
  // Before the slot is made: said, with name and age, and waited for.
  on_source("begin; insert into t values (1); prepare transaction 'first one'");
  {
    Program program({"pgsql2pgsql", "--follow-only", "--end-at", "now"}, here());
    EXPECT_TRUE(eventually([&] {
      return program.err_so_far().find("waits for the prepared transaction 'first one'") != std::string::npos;
    })) << program.err_so_far();
    EXPECT_NE(program.err_so_far().find("s ago"), std::string::npos) << program.err_so_far();
    on_source("commit prepared 'first one'");
    const RunResult run = program.wait();
    EXPECT_EQ(run.exit_code, 0) << run.describe();
  }
  target_.exec("insert into t values (1)");  // the source held it when the task began
  // While nothing else waits for it, and rolled back.
  on_source("begin; insert into t values (2); prepare transaction 'b'");
  on_source("begin; insert into t values (3); prepare transaction 'c'");
  on_source("insert into t values (4)");
  drain();
  EXPECT_EQ(rows(), "1,4");
  on_source("rollback prepared 'c'");
  drain();
  EXPECT_EQ(rows(), "1,4");
  // Prepared before the follower was killed, committed behind it.
  Program program({"pgsql2pgsql", "--follow-only"}, here());
  on_source("begin; insert into t values (5); prepare transaction 'e'");
  on_source("insert into t values (6)");
  EXPECT_TRUE(eventually([this] { return rows() == "1,4,6"; })) << program.err_so_far();
  program.signal(SIGKILL);
  program.wait();
  on_source("commit prepared 'b'");
  drain();
  EXPECT_EQ(rows(), "1,2,4,6");
  on_source("commit prepared 'e'");
  on_source("insert into t values (7)");
  drain();
  EXPECT_EQ(rows(), "1,2,4,5,6,7");
}

}  // namespace

}  // namespace dbsync::test
