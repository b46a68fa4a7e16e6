// A signal ends whatever a run waits for within seconds, with 130, and nothing is left behind:
// locks of the source's catalog and tables, a replication slot, pg_dump.
#include <csignal>
#include <filesystem>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"
#include "tests/harness/migration.h"
#include "tests/harness/pg_migration.h"
#include "tests/harness/wait.h"

namespace dbsync::test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr int kInterrupted = 130;
constexpr auto kCancelled = 4500ms;

// `most`: less where statements that are cancelled are all that there is to wait for.
void expect_ended_by_signal(Program& program, std::chrono::milliseconds most = 10s) {
  const auto since = std::chrono::steady_clock::now();
  program.signal(SIGTERM);
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, kInterrupted) << run.describe();
  EXPECT_LT(std::chrono::steady_clock::now() - since, most) << run.describe();
}

// Sessions of the holder's database that wait for a lock.
bool any_waits(PgSession& holder) {
  return holder.run(
             "select pg_stat_clear_snapshot(); select count(*) from pg_stat_activity where datname = "
             "current_database() and wait_event_type = 'Lock' and application_name <> ''")[0][0] != "0";
}

class StopSignals : public PgMigrationTest {
 protected:
  // pg_dump of a kind: what it does behind the answer to --version.
  void use_pg_dump(const std::string& what) {
    dir.write_file(
        "pg_dump",
        fmt::format("#!/bin/sh\ncase $1 in --version) echo 'pg_dump (PostgreSQL) 99.1';; *) {}; esac\n", what));
    fs::permissions(dir.path() / "pg_dump", fs::perms(0700));
    configure_from(source.conninfo() + "\"\npg_bindir = \"" + dir.path().string());
    fs::create_directory(dir.path() / "tmp");
  }
  RunOptions with_tmp(const fs::path& tmp) const {
    RunOptions out;
    out.env["TMPDIR"] = tmp.string();
    return here(out);
  }
  std::vector<fs::path> left_archives() const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(dir.path() / "tmp")) out.push_back(entry.path());
    return out;
  }
  static bool is_process(const std::string& pid) { return fs::exists("/proc/" + pid); }
};

TEST_F(StopSignals, ALockedCatalogOfTheSource) {
  source.exec("create table t (id int primary key)");
  PgSession holder(source.conninfo());
  holder.run("begin; lock table pg_catalog.pg_constraint in access exclusive mode");
  Program program({"pgsql2pgsql", "--full-only", "--create"}, here());
  ASSERT_TRUE(eventually([&] { return any_waits(holder); })) << program.err_so_far();
  expect_ended_by_signal(program, kCancelled);
}

// Sessions of a run keep their locks to its end. Where a TRUNCATE waits for one of them, another
// one that comes behind it would wait for ever.
TEST_F(StopSignals, ARunThatWouldWaitForItselfEnds) {
  for (TargetDb* side : {&source, &target})
    side->exec(
        "create table large (id int primary key, filler text); create table small1 (like large including all); create "
        "table small2 (like large including all)");
  source.exec(
      "insert into large select i, repeat('x', 600) from generate_series(1, 600) i; insert into small1 select id, "
      "filler from large where id <= 30; insert into small2 select id, "
      "filler from large where id <= 30; analyze");
  // Of three sessions one has not read of the large table when it comes to it from a small one.
  Program program({"pgsql2pgsql", "--full-only", "-j", "3", "--chunk-size", "64kB", "--max-rate", "60"}, here());
  EXPECT_TRUE(eventually([&] {
    return source.value(
               "select count(distinct l.relation) from pg_locks l where l.relation in ('large'::regclass, "
               "'small1'::regclass, 'small2'::regclass) and l.granted") == "3";
  })) << program.err_so_far();
  std::thread application([&] {
    PgSession session(source.conninfo());
    session.run("truncate large");
  });
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, 3) << run.describe();
  EXPECT_NE(run.err.find("(truncate large) waits for a session of this run"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("pg_cancel_backend("), std::string::npos) << run.err;
  application.join();
}

// Another run lets go of its locks when it ends.
TEST_F(StopSignals, ARunThatWaitsForAnotherOneWaits) {
  source.exec("create table t (id int primary key); insert into t values (1)");
  target.exec("create table t (id int primary key)");
  PgSession reader(source.conninfo());  // as a worker of it that has read of the table
  reader.run("set application_name = 'pgsql2pgsql'; begin; select from t");
  std::thread application([&] {
    PgSession session(source.conninfo());
    session.run("truncate t");
  });
  EXPECT_TRUE(eventually([&] { return source.value("select count(*) from pg_locks where not granted") != "0"; }));
  std::this_thread::sleep_for(7s);  // so that the first look finds a transaction that stays
  Program program({"pgsql2pgsql", "--full-only", "--append"}, here());
  EXPECT_TRUE(eventually([&] { return program.err_so_far().find("waits for process") != std::string::npos; }, 20s))
      << program.err_so_far();
  std::this_thread::sleep_for(500ms);
  reader.run("rollback");
  application.join();
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_NE(run.err.find("WARN  source: this run (on the source) waits for process"), std::string::npos) << run.err;
  EXPECT_EQ(target.value("select count(*) from t"), "0");
}

TEST_F(StopSignals, ALockedCatalogOfTheTarget) {
  source.exec("create table t (id int primary key); insert into t values (1)");
  target.exec("create table t (id int primary key)");
  PgSession holder(target.conninfo());
  holder.run("begin; lock table pg_catalog.pg_constraint in access exclusive mode");
  Program program({"pgsql2pgsql", "--full-only"}, here());
  ASSERT_TRUE(eventually([&] { return any_waits(holder); })) << program.err_so_far();
  expect_ended_by_signal(program, kCancelled);
  holder.run("commit");
  EXPECT_EQ(target.value("select count(*) from t"), "0");
}

TEST_F(StopSignals, PgDumpEndsWithUsAndItsFilesGo) {
  source.exec("create table t (id int primary key)");
  use_pg_dump(fmt::format("echo $$ > {}; exec sleep 600", (dir.path() / "pid").string()));
  Program program({"pgsql2pgsql", "--full-only", "--create"}, with_tmp(dir.path() / "tmp"));
  ASSERT_TRUE(eventually([&] { return fs::exists(dir.path() / "pid") && !dir.read_file("pid").empty(); }))
      << program.err_so_far();
  EXPECT_EQ(left_archives().size(), 1u);
  expect_ended_by_signal(program);
  const std::string pid = dir.read_file("pid");
  EXPECT_TRUE(eventually([&] { return !is_process(pid.substr(0, pid.size() - 1)); }, 5s)) << pid;
  EXPECT_TRUE(left_archives().empty());
}

TEST_F(StopSignals, WhatAKilledRunLeftTheNextOneRemoves) {
  source.exec("create table t (id int primary key)");
  use_pg_dump("exit 1");
  const fs::path left = dir.path() / "tmp/dbsync-schema-abcdef";
  const fs::path young = dir.path() / "tmp/dbsync-schema-ghijkl";
  for (const fs::path& path : {left, young}) fs::create_directory(path);
  fs::last_write_time(left, fs::file_time_type::clock::now() - 10min);
  const RunResult run = this->run({"pgsql2pgsql", "--full-only", "--create"}, with_tmp(dir.path() / "tmp"));
  EXPECT_EQ(run.exit_code, 3) << run.describe();
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(young)) << "it may be about to be used";
}

TEST_F(StopSignals, AMissingTmpdirIsNamed) {
  source.exec("create table t (id int primary key); insert into t values (1)");
  const RunResult run = this->run({"pgsql2pgsql", "--full-only", "--create"}, with_tmp("/nowhere/tmp"));
  EXPECT_NE(run.exit_code, 0) << run.describe();
  EXPECT_NE(run.err.find("/nowhere/tmp: No such file or directory"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("set TMPDIR"), std::string::npos) << run.err;
}

// An open transaction anywhere makes the slot wait.
using StopSignalsFollow = FollowTest;

TEST_F(StopSignalsFollow, TheReplicationSlotIsWaitedForWithAWord) {
  both("create table t (id int primary key)");
  PgSession writer(source.conninfo());
  writer.run("begin; insert into t values (1)");
  const std::string pid = writer.run("select pg_backend_pid()")[0][0].value_or("");
  Program program({"pgsql2pgsql"}, here());
  EXPECT_TRUE(eventually([&] { return program.err_so_far().find(pid) != std::string::npos; }, 20s))
      << program.err_so_far();
  expect_has(program.err_so_far(), "its transaction began ");
  expect_ended_by_signal(program);
  EXPECT_EQ(slot_column("slot_name"), "");
  EXPECT_EQ(run({"--cleanup"}).exit_code, 0);
}

// As rds_dbsync was called: nothing but the program's name.
TEST_F(StopSignalsFollow, TheProgramAloneCopiesAllFollowsWhatItCanAndNamesTheRest) {
  both("create table keyed (id int primary key); create table keyless (id int)");
  source.exec("insert into keyed values (1); insert into keyless values (1)");
  Program program({"pgsql2pgsql"}, here());
  EXPECT_TRUE(eventually([&] {
    return target.value("select to_regclass('dbsync.apply_progress') is not null") == "t" &&
           target.value(
               "select count(*) from dbsync.apply_progress where state = "
               "'following'") == "1";
  })) << program.err_so_far();
  source.exec("insert into keyed values (2); insert into keyless values (2)");
  EXPECT_TRUE(eventually([&] { return target.value("select count(*) from keyed") == "2"; })) << program.err_so_far();
  expect_ended_by_signal(program);
  EXPECT_EQ(target.value("select count(*) from keyless"), "1");
  EXPECT_EQ(run({"--cleanup", "--force"}).exit_code, 0);
}

using StopSignalsMysql = MigrationTest;

TEST_F(StopSignalsMysql, ALockedTableOfTheSource) {
  source.exec("create table t (id int primary key); insert into t values (1)");
  MysqlSession holder(source.name());
  holder.run("lock tables t write");
  const std::string waiting = fmt::format(
      "select count(*) from information_schema.processlist where db = '{}' and state like '%lock%'", source.name());
  Program program({"mysql2pgsql", "--create"}, here());
  EXPECT_TRUE(eventually([&] { return holder.run(waiting)[0][0] != "0"; })) << program.err_so_far();
  expect_ended_by_signal(program, kCancelled);
  holder.run("unlock tables");
}

}  // namespace
}  // namespace dbsync::test
