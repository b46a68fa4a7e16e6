// Runs that end too early and those that go on with them: after SIGKILL at any
// moment, nothing is lost and nothing is loaded twice.
#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/environment.h"
#include "tests/harness/kill_load.h"
#include "tests/harness/migration.h"
#include "tests/harness/servers.h"
#include "tests/harness/wait.h"

namespace dbsync::test {
namespace {

using namespace std::chrono_literals;

class ResumeTest : public MigrationTest {
 protected:
  void SetUp() override {
    if (!source.is_mariadb()) GTEST_SKIP() << "its rows come from MariaDB's SEQUENCE engine";
  }

  // Tables of different sizes; the largest are cut, one by a string key.
  void make_tables(int tables, int rows) {
    for (int i = 0; i < tables; ++i) {
      const bool text_key = i % 5 == 4;
      source.exec(fmt::format("create table t{} (id {} primary key, n int not null, note varchar(60), key (n))", i,
                              text_key ? "varchar(20)" : "bigint"));
      source.exec(
          fmt::format("insert into t{0} select {1}, seq % 1000, concat('row ', seq, ' of {0}') from seq_1_to_{2}", i,
                      text_key ? "concat('k', lpad(seq * 7919 % 1000003, 8, '0'))" : "seq * 3", rows * (1 + i % 4)));
      source.exec(fmt::format("analyze table t{}", i));
    }
  }

  void expect_equal(int tables) {
    for (int i = 0; i < tables; ++i) {
      const std::string table = fmt::format("t{}", i);
      const std::string sums = "select count(*), count(distinct id), sum(n), sum(length(note)) from " + table;
      EXPECT_EQ(target.query(sums), source.query(sums)) << table;
      EXPECT_EQ(target.value(fmt::format("select count(*) from pg_indexes where tablename = '{}'", table)), "2")
          << table;
    }
  }

  std::optional<std::string> source_rows(int tables) {
    std::string sql;
    for (int i = 0; i < tables; ++i) sql += fmt::format("{}(select count(*) from t{})", i == 0 ? "select " : " + ", i);
    return source.query(sql)[0][0];
  }

  std::string chunks_done() {
    if (target.value("select to_regclass('dbsync.copy_chunk') is null") == "t") return "0";
    return target.value("select count(*) from dbsync.copy_chunk where done is not null");
  }
};

// DBSYNC_KILLS, DBSYNC_KILL_TABLES, DBSYNC_KILL_ROWS and DBSYNC_KILL_LONGEST (ms
// from a start to its kill) make it the long form of make torture.
TEST_F(ResumeTest, KilledAtRandomMomentsLoadsEachChunkOnce) {
  const int rows = number_from_environment("DBSYNC_KILL_ROWS", 12000);
  const int tables = number_from_environment("DBSYNC_KILL_TABLES", 8);
  make_tables(tables, rows);
  const KillPlan plan = KillPlan::from_environment({12, std::max(rows / 20, 100), std::stoll(*source_rows(tables))});
  kill_and_resume(plan, {"mysql2pgsql", "--create", "-j", "4", "--chunk-size", "64kB"}, here(), target,
                  [&] { expect_equal(tables); });
}

TEST_F(ResumeTest, LoadsOnlyWhatIsMissing) {
  make_tables(2, 20000);
  // The second table's rows are refused until the trigger is dropped.
  RunResult run = this->run({"mysql2pgsql", "-d"});
  ASSERT_EQ(run.exit_code, 0) << run.describe();
  target.exec(
      "create table t0 (id bigint, n int, note varchar(60)); create table t1 (id bigint, n int, note varchar(60))");
  target.exec(
      "create function refuse(id bigint) returns boolean language plpgsql as "
      "$$ begin if id > 60000 then raise exception 'not yet'; end if; return true; end $$; "
      "alter table t1 add constraint refuse check (refuse(id))");
  run = this->run({"mysql2pgsql", "-j", "1", "--chunk-size", "64kB"});
  EXPECT_EQ(run.exit_code, 4) << run.describe();
  EXPECT_NE(run.err.find("--resume"), std::string::npos) << run.err;
  const std::string before = chunks_done();
  EXPECT_GT(std::stoi(before), 0);

  // Without --resume, what is there is not touched.
  run = this->run({"mysql2pgsql", "-j", "1", "--chunk-size", "64kB"});
  EXPECT_EQ(run.exit_code, 4) << run.describe();
  EXPECT_EQ(chunks_done(), before);

  target.exec("alter table t1 drop constraint refuse");
  run = this->run({"mysql2pgsql", "-j", "1", "--chunk-size", "64kB", "--resume"});
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_NE(run.err.find("loading what is missing"), std::string::npos) << run.err;
  for (const char* table : {"t0", "t1"}) {
    const std::string sums = std::string("select count(*), count(distinct id), sum(n) from ") + table;
    EXPECT_EQ(target.query(sums), source.query(sums)) << table;
  }
}

// Rows of a shard that is in are not foreign to the others.
TEST_F(ResumeTest, ShardsOfOneTableAreResumedAndRestarted) {
  for (int i = 0; i < 3; ++i)
    source.exec(
        fmt::format("create table shard_{0} (id int primary key, note varchar(60) not null); insert into shard_{0} "
                    "select seq, concat('row ', seq, ' of {0}') from seq_1_to_{1}; analyze table shard_{0}",
                    i, 20000 + 1000 * i));
  configure("[table_map]\nshard_* = shards\n[origin_column]\nshard_* = origin\n");
  target.exec(
      "create table shards (id int, note varchar(60), origin text, primary key (id, origin)); "
      "create function refuse(id int, origin text) returns boolean language plpgsql as "
      "$$ begin if id > 15000 and origin like '%2' then raise exception 'not yet'; end if; return true; end $$; "
      "alter table shards add constraint refuse check (refuse(id, origin))");
  const std::vector<std::string> args{"mysql2pgsql", "-j", "2", "--chunk-size", "64kB"};
  RunResult run = this->run(args);
  EXPECT_EQ(run.exit_code, 4) << run.describe();
  EXPECT_EQ(target.value("select count(*) filter (where origin not like '%2') from shards"), "41000");
  EXPECT_NE(target.value("select count(*) filter (where origin like '%2') from shards"), "0");

  target.exec("alter table shards drop constraint refuse");
  auto resume = args;
  resume.emplace_back("--resume");
  run = this->run(resume);
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(difference(source.query(fmt::format(
                             "select count(*), count(distinct id), sum(id), sum(length(note)) from shard_{}", i)),
                         target.query(
                             fmt::format("select count(*), count(distinct id), sum(id), sum(length(note)) from shards "
                                         "where origin = '{}.shard_{}'",
                                         source.name(), i))),
              "")
        << i;

  // One shard more, when the others are there.
  source.exec("create table shard_3 like shard_0; insert into shard_3 values (1, 'new')");
  run = this->run(resume);
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_EQ(target.value("select count(*) from shards"), "63001");
}

TEST_F(ResumeTest, RestartEmptiesWhatTheEarlierRunLoaded) {
  make_tables(1, 20000);
  target.exec("create table t0 (id bigint, n int, note varchar(60))");
  target.exec(
      "create function refuse(id bigint) returns boolean language plpgsql as "
      "$$ begin if id > 30000 then raise exception 'not yet'; end if; return true; end $$; "
      "alter table t0 add constraint refuse check (refuse(id))");
  RunResult run = this->run({"mysql2pgsql", "-j", "1", "--chunk-size", "64kB"});
  EXPECT_EQ(run.exit_code, 4) << run.describe();
  EXPECT_NE(target.value("select count(*) from t0"), "0");
  target.exec("alter table t0 drop constraint refuse");
  run = this->run({"mysql2pgsql", "--restart", "--chunk-size", "64kB"});
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_NE(run.err.find("starting over"), std::string::npos) << run.err;
  EXPECT_EQ(target.value("select count(*) from t0"), "20000");
}

TEST_F(ResumeTest, CleanupRemovesTheBookkeeping) {
  make_tables(1, 100);
  RunResult run = this->run({"mysql2pgsql", "--create"});
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_EQ(target.value("select to_regclass('dbsync.copy_run') is not null"), "t");
  run = this->run({"mysql2pgsql", "--cleanup"});
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_EQ(target.value("select to_regclass('dbsync.copy_run') is null"), "t");
  EXPECT_EQ(target.value("select count(*) from t0"), "100");
}

TEST_F(ResumeTest, WithoutPermissionItLoadsAndSaysSo) {
  make_tables(1, 100);
  const std::string user = "plain_" + target.name();
  target.exec(fmt::format(
      "create role {} login; create table t0 (id bigint, n int, note varchar(60)); grant all on t0 to {}", user, user));
  dir.write_file(
      "my.cfg", my_cfg(mysql_section(Servers::instance().mysql(), source.name()), target.conninfo() + " user=" + user));
  RunResult run = this->run({"mysql2pgsql"});
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_NE(run.err.find("cannot be resumed"), std::string::npos) << run.err;
  EXPECT_EQ(target.value("select count(*) from t0"), "100");
  run = this->run({"mysql2pgsql", "--resume"});
  EXPECT_EQ(run.exit_code, 4) << run.describe();
  EXPECT_NE(run.err.find("no journal to resume from"), std::string::npos) << run.err;
  target.exec(fmt::format("drop owned by {0}; drop role {0}", user));
}

TEST_F(ResumeTest, ASecondRunAtTheSameTimeIsRefused) {
  make_tables(1, 100);
  target.exec("create table t0 (id bigint, n int, note varchar(60))");
  target.exec(
      "create function nap(id bigint) returns boolean language plpgsql as $$ begin perform pg_sleep(0.15); return "
      "true; end $$; "
      "alter table t0 add constraint nap check (nap(id))");
  Program first({"mysql2pgsql"}, here());
  for (int i = 0; i < 500 && target.value("select count(*) from pg_locks where locktype = 'advisory'") == "0"; ++i)
    std::this_thread::sleep_for(20ms);
  const RunResult second = this->run({"mysql2pgsql"});
  EXPECT_EQ(second.exit_code, 4) << second.describe();
  EXPECT_NE(second.err.find("another run"), std::string::npos) << second.err;
  EXPECT_EQ(first.wait().exit_code, 0);
}

}  // namespace
}  // namespace dbsync::test
