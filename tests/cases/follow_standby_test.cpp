// A standby as the source of a task that follows: from PostgreSQL 16 on, with what only
// its primary can make.
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/files.h"
#include "tests/harness/own_server.h"
#include "tests/harness/pg_migration.h"
#include "tests/harness/rows.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

constexpr int kSourceFailed = 3;
constexpr int kInterrupted = 130;
constexpr int kSlotsSince = 160000;

// A primary and its standby of the source's version, each test's own.
class FollowStandby : public ::testing::Test {
 protected:
  void start() {
    const std::string programs = env_or("DBSYNC_TEST_PG_SOURCE_PROGRAMS", "");
    std::vector<std::string> before;
    if (!programs.empty()) before = {"env", "PG_BINDIR=" + programs};
    primary_ = std::make_unique<OwnServer>("postgres", "primary", std::vector<std::string>{}, before);
    connect();
    if (std::stoi(value("show server_version_num")) < 120000)
      GTEST_SKIP() << "before 12 a standby is set up by a recovery.conf";
    session_.reset();
    standby_ = primary_->make_standby("its-standby", {"-c", "hot_standby_feedback=on"});
    connect();
    dir.write_file("my.cfg", fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n"
                                         "[local.pgsql]\ntask = \"s\"\n",
                                         standby_->conninfo(), target.conninfo()));
  }
  void start_new_enough() {
    if (env_or("DBSYNC_TEST_PG_SOURCE_PROGRAMS", "").empty() && target.version() < kSlotsSince)
      GTEST_SKIP() << "standbys have replication slots for changes from 16 on";
    start();
    if (IsSkipped()) return;
    if (std::stoi(value("show server_version_num")) < kSlotsSince)
      GTEST_SKIP() << "standbys have replication slots for changes from 16 on";
  }
  void TearDown() override {
    session_.reset();
    standby_.reset();
    primary_.reset();
    for (const char* name : {"primary", "its-standby"})
      std::filesystem::remove_all(Servers::instance().work_dir() / name);
  }

  void connect() { session_ = std::make_unique<PgSession>(primary_->conninfo()); }
  Rows query(const std::string& sql) { return session_->run(sql); }
  std::string value(const std::string& sql) { return query(sql).at(0).at(0).value_or(""); }
  void both(const std::string& sql) {
    query(sql);
    target.exec(sql);
  }
  // On the standby as on its primary.
  void wait_for_replay() {
    const std::string lsn = value("select pg_current_wal_insert_lsn()");
    PgSession standby(standby_->conninfo());
    EXPECT_TRUE(
        eventually([&] { return standby.run("select pg_last_wal_replay_lsn() >= '" + lsn + "'").at(0).at(0) == "t"; }));
  }
  std::string on_standby(const std::string& sql) {
    return PgSession(standby_->conninfo()).run(sql).at(0).at(0).value_or("");
  }
  RunOptions here() const {
    RunOptions options;
    options.cwd = dir.path();
    return options;
  }
  Program program(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "pgsql2pgsql");
    return Program(arguments, here());
  }
  // To its end, while the primary tells of its transactions as a busy one does.
  RunResult run(const std::vector<std::string>& arguments) {
    wait_for_replay();
    Program running = program(arguments);
    while (running.running() && !eventually([&] { return !running.running(); }, std::chrono::seconds(1)))
      query("select pg_log_standby_snapshot()");
    return running.wait();
  }
  void expect_run(const std::vector<std::string>& arguments) {
    const RunResult result = run(arguments);
    ASSERT_EQ(result.exit_code, 0) << result.describe();
  }
  void expect_same(const std::string& sql) { EXPECT_EQ(difference(query(sql), target.query(sql)), "") << sql; }
  static void expect_has(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  static void expect_lacks(const std::string& text, const std::string& part) {
    EXPECT_EQ(text.find(part), std::string::npos) << part << "\n" << text;
  }
  // "CREATE PUBLICATION …", as the program says it.
  static std::string statement_in(const std::string& text, const std::string& begin) {
    const auto from = text.find(begin);
    return from == std::string::npos ? "" : text.substr(from, text.find_first_of(";\n", from) - from);
  }

  TargetDb target;
  TestDir dir;
  std::unique_ptr<OwnServer> primary_;
  std::unique_ptr<OwnServer> standby_;

 private:
  std::unique_ptr<PgSession> session_;  // of the primary
};

TEST_F(FollowStandby, Before16ItIsRefusedWithItsVersion) {
  start();
  if (IsSkipped()) return;
  if (std::stoi(value("show server_version_num")) >= kSlotsSince) GTEST_SKIP() << "this one can be followed";
  both("create table t (id int primary key)");
  wait_for_replay();
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--check", "--follow-only"}, {"--end-at", "now"}}) {
    const RunResult result = program(arguments).wait();
    EXPECT_EQ(result.exit_code, kSourceFailed) << result.describe();
    const std::string all = result.out + result.err;
    expect_has(all, "the source is a standby of PostgreSQL ");
    expect_has(all, "standbys send changes from 16 on");
    expect_has(all, "connect to its primary");
  }
}

TEST_F(FollowStandby, WhatOnlyThePrimaryCanMakeIsAskedForByItsStatement) {
  start_new_enough();
  if (IsSkipped()) return;
  both("create table keyed (id int primary key, v text); create table \"No key\" (id int)");
  query("create unlogged table u (id int primary key); insert into keyed values (1, 'a')");
  const RunResult refused = run({"--end-at", "now"});
  EXPECT_EQ(refused.exit_code, kSourceFailed) << refused.describe();
  expect_has(refused.err, "a standby, which cannot make the publication dbsync_s: run on its primary CREATE");
  expect_has(refused.err, R"(first ALTER TABLE "public"."No key" REPLICA IDENTITY FULL)");
  EXPECT_EQ(on_standby("select count(*) from pg_replication_slots"), "0");
  const RunResult check = run({"--check", "--follow-only"});
  EXPECT_EQ(check.exit_code, kSourceFailed) << check.describe();
  expect_has(check.out + check.err, R"(CREATE PUBLICATION "dbsync_s" FOR TABLE ONLY "public"."keyed" WITH)");
  // What it says is what mends it, in as many steps as it takes.
  query(statement_in(refused.err, "CREATE PUBLICATION"));
  query(statement_in(refused.err, "ALTER TABLE"));
  const RunResult lacking = run({"--end-at", "now"});
  EXPECT_EQ(lacking.exit_code, kSourceFailed) << lacking.describe();
  expect_has(lacking.err, "the publication dbsync_s lacks public.No key");
  query(statement_in(lacking.err, "ALTER PUBLICATION"));
  expect_has(run({"--check", "--follow-only"}).out, "the standby's primary publishes the tables");
  const RunResult begun = run({"--end-at", "now"});
  ASSERT_EQ(begun.exit_code, 0) << begun.describe();
  expect_has(begun.err, "a standby with no primary_slot_name");
  query("insert into keyed values (2, 'b'); insert into \"No key\" values (1), (1); update keyed set v = 'c'");
  query("delete from \"No key\" where ctid = '(0,1)'");
  expect_run({"--end-at", "now", "--verify"});
  expect_same("select * from keyed order by id");
  expect_same("select * from \"No key\"");
  const RunResult end = run({"--cleanup"});
  ASSERT_EQ(end.exit_code, 0) << end.describe();
  expect_has(end.err, R"(on the standby's primary: DROP PUBLICATION "dbsync_s")");
  EXPECT_EQ(on_standby("select count(*) from pg_replication_slots"), "0");
}

// Transfers with subtransactions, some rolled back, while it copies and follows.
constexpr char kTransfer[] =
    "\\set x random(1, 20000)\n\\set y random(1, 20000)\n\\set d random(1, 100)\nbegin;\n"
    "update a set balance = balance - :d where id = :x;\nsavepoint s;\nupdate a set balance = 0 where id = :y;\n"
    "rollback to s;\nsavepoint s2;\nupdate b set balance = balance + :d where id = :y;\nrelease s2;\ncommit;\n";

TEST_F(FollowStandby, UnderLoadTheCopyAndItsContinuationAreOfOneMomentAndFollow) {
  start_new_enough();
  if (IsSkipped()) return;
  both(
      "create table a (id int primary key, balance bigint, filler text); create table b (id int primary key, balance "
      "bigint, filler text); create table c (id int primary key check (id < 5))");
  query(
      "insert into a select i, 1000, repeat('x', 200) from generate_series(1, 20000) i; insert into b select i, 1000, "
      "repeat('y', 200) from generate_series(1, 20000) i; alter table c drop constraint c_id_check; insert into c "
      "select generate_series(1, 10); create publication dbsync_s for table a, b, c with (publish_via_partition_root)");
  dir.write_file("transfer.sql", kTransfer);
  Program load({"pgbench", "-n", "-c", "4", "-T", "120", "-f", "transfer.sql", "-d", primary_->conninfo()}, here());
  ASSERT_TRUE(eventually([&] { return value("select sum(balance) <> 20000000 from a") == "t"; })) << load.err_so_far();
  const RunResult failed = run({"-j", "1", "--chunk-size", "512KB", "--end-at", "now"});
  EXPECT_NE(failed.exit_code, 0) << failed.describe();
  expect_has(failed.err, "snapshot of the replication slot");
  EXPECT_EQ(target.value("select (select sum(balance) from a) + (select sum(balance) from b)"), "40000000");
  target.exec("alter table c drop constraint c_id_check");
  const RunResult on = run({"-j", "2", "--chunk-size", "512KB", "--end-at", "now"});
  ASSERT_EQ(on.exit_code, 0) << on.describe();
  expect_has(on.err, "the copy goes on");
  EXPECT_EQ(target.value("select (select sum(balance) from a) + (select sum(balance) from b)"), "40000000");
  EXPECT_TRUE(load.running()) << "there was no load to the end";
  load.signal(SIGTERM);
  load.wait();
  expect_run({"--end-at", "now", "--verify"});
  for (const char* table : {"a", "b", "c"}) expect_same(fmt::format("select * from {} order by id", table));
}

TEST_F(FollowStandby, WhatItWaitsForIsSaidAndASignalEndsIt) {
  start_new_enough();
  if (IsSkipped()) return;
  both("create table t (id int primary key)");
  query("create publication dbsync_s for table t with (publish_via_partition_root)");
  wait_for_replay();
  PgSession writer(primary_->conninfo());
  writer.run("begin; insert into t values (1)");
  Program waiting = program({"--follow-only"});
  EXPECT_TRUE(
      eventually([&] { return waiting.err_so_far().find("SELECT pg_log_standby_snapshot()") != std::string::npos; },
                 std::chrono::seconds(12)))
      << waiting.err_so_far();
  waiting.signal(SIGTERM);
  const RunResult run = waiting.wait();
  EXPECT_EQ(run.exit_code, kInterrupted) << run.describe();
  EXPECT_EQ(on_standby("select count(*) from pg_replication_slots"), "0");
}

TEST_F(FollowStandby, ASlotThatWasInvalidatedIsSaidWithItsReason) {
  start_new_enough();
  if (IsSkipped()) return;
  both("create table t (id int primary key)");
  query("create publication dbsync_s for table t with (publish_via_partition_root)");
  expect_run({"--follow-only", "--end-at", "now"});
  primary_->stop();
  OwnServer replica("postgres", "primary", {"-c", "wal_level=replica"},
                    {"env", "PG_BINDIR=" + env_or("DBSYNC_TEST_PG_SOURCE_PROGRAMS", "")});
  EXPECT_TRUE(eventually([&] { return on_standby("select conflicting from pg_replication_slots") == "t"; }));
  const RunResult result = program({"--follow-only", "--end-at", "now"}).wait();
  EXPECT_EQ(result.exit_code, kSourceFailed) << result.describe();
  expect_has(result.err, "the source has invalidated the replication slot dbsync_s (");
  expect_has(result.err, "--restart");
}

TEST_F(FollowStandby, AfterItsPromotionItGoesOn) {
  start_new_enough();
  if (IsSkipped()) return;
  both("create table t (id int primary key)");
  query("create publication dbsync_s for table t with (publish_via_partition_root)");
  expect_run({"--follow-only", "--end-at", "now"});
  Program following = program({"--follow-only"});
  query("insert into t values (1)");
  EXPECT_TRUE(eventually([&] { return target.value("select count(*) from t") == "1"; })) << following.err_so_far();
  wait_for_replay();
  EXPECT_EQ(on_standby("select pg_promote()"), "t");
  PgSession promoted(standby_->conninfo());
  promoted.run("insert into t values (2)");
  EXPECT_TRUE(eventually([&] { return target.value("select count(*) from t") == "2"; })) << following.err_so_far();
  following.signal(SIGTERM);
  EXPECT_EQ(following.wait().exit_code, kInterrupted);
  promoted.run("insert into t values (3)");
  const RunResult result = program({"--follow-only", "--end-at", "now"}).wait();
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value("select count(*) from t"), "3");
}

}  // namespace

}  // namespace dbsync::test
