// mysql2pgsql follows the binlog as its operators ask: the keys of rds_dbsync, places to
// begin, tables chosen, the end.
#include <signal.h>

#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/binlog_fixture.h"
#include "tests/harness/follow_fixture.h"
#include "tests/harness/migration.h"
#include "tests/harness/proxy.h"
#include "tests/harness/servers.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr int kConfigurationFailed = 2;
constexpr int kDataFailed = 5;

// File and offset where the source's log ends.
std::pair<std::string, std::string> log_end(SourceDb& source) {
  const bool new_words = source.version().starts_with("9");
  const Rows rows = source.query(new_words ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS");
  return {rows.at(0).at(0).value_or(""), rows.at(0).at(1).value_or("")};
}

using BinlogOperate = BinlogTest;

}  // namespace

// A my.cfg of rds_dbsync's binlog loader, as it is.
TEST_F(BinlogOperate, RunsWithAFileOfRdsDbsync) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY); CREATE TABLE other (a int PRIMARY KEY)");
  ASSERT_EQ(run({"mysql2pgsql", "--create"}).exit_code, 0);
  const auto [file, offset] = log_end(source);
  for (int i = 1; i <= 25; ++i)
    source.exec(fmt::format("INSERT INTO n VALUES ({0}); INSERT INTO other VALUES ({0})", i));
  dir.write_file("loader_table_list.txt", "n\n");
  configure(
      fmt::format("[src.mysql]\nencodingdir = \"share\"\nencoding = \"utf8\"\nbinlogfile = \"{}\"\nbinlogfile_offset = "
                  "\"{}\"\n[binlogloader]\nloader_table_list = \"loader_table_list.txt\"\nload_batch = "
                  "\"10\"\nload_batch_gap = \"10\"\n",
                  file, offset));
  const RunResult result = follow({"--follow-only"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value("SELECT count(*) FROM n"), "25");
  EXPECT_EQ(target.value("SELECT count(*) FROM other"), "0");
  EXPECT_THAT(result.err, HasSubstr("25 transactions with 25 changes applied in 3 commits"));
}

// Tasks are named after the addresses: the same server by another address would begin
// another task, now, and what waits for the first one would never come.
TEST_F(BinlogOperate, AnotherAddressOfTheSourceBeginsNoSecondTask) {
  source.exec("CREATE TABLE t (a int PRIMARY KEY)");
  ASSERT_EQ(run({"mysql2pgsql", "--create", "--follow", "--end-at", "now"}).exit_code, 0);
  const std::string first = target.value("select task from dbsync.apply_progress");
  source.exec("INSERT INTO t VALUES (1)");
  MysqlAccess access = Servers::instance().mysql();
  if (access.socket.empty()) GTEST_SKIP() << "wants a server on a Unix socket";
  access.socket.insert(access.socket.rfind('/'), "/.");
  const std::string other = mysql_section(access, source.name());
  dir.write_file("my.cfg", my_cfg(other, target.conninfo()));
  const RunResult refused = run({"mysql2pgsql", "--follow-only", "--end-at", "now"});
  EXPECT_EQ(refused.exit_code, kConfigurationFailed) << refused.describe();
  EXPECT_THAT(refused.err, HasSubstr("the task " + first + " follows " + source.name() + ".t of this source"));
  dir.write_file("my.cfg", my_cfg(other, target.conninfo(), "[local.pgsql]\ntask = " + first + "\n"));
  EXPECT_EQ(run({"mysql2pgsql", "--follow-only", "--end-at", "now"}).exit_code, 0);
  EXPECT_EQ(target.value("select count(*) from t"), "1");
}

// What --check --follow says of the tables that were chosen.
TEST_F(BinlogOperate, TheCheckTellsWhichTablesAreNotFollowedExactly) {
  source.exec(
      "CREATE TABLE p (id varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY);"
      "CREATE TABLE c (id int PRIMARY KEY, p varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, FOREIGN KEY "
      "(p) REFERENCES p (id) ON DELETE CASCADE);"
      "CREATE TABLE q (id int PRIMARY KEY); CREATE TABLE d (q int, FOREIGN KEY (q) REFERENCES q (id) ON DELETE "
      "CASCADE, "
      "UNIQUE (q));"
      "CREATE TABLE bag (a int) ENGINE=MyISAM");
  const RunResult result = run({"mysql2pgsql", "--check", "--follow", "--create"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_THAT(result.out, HasSubstr("its binlog may lack or repeat what it was writing: bag (MyISAM)"));
  EXPECT_THAT(result.out, HasSubstr("rows that are written during the copy come twice: bag"));
  EXPECT_THAT(result.out, HasSubstr("rows are found by all their columns, which is slow: bag"));
  if (source.version().starts_with("9")) {
    EXPECT_THAT(result.out, HasSubstr("the binlog tells what 2 of them do"));
    return;
  }
  EXPECT_THAT(result.out, HasSubstr("1 of them act without the binlog's telling"));
  EXPECT_THAT(result.out, HasSubstr(fmt::format("of {}.p in c (", source.name())));
  // A copy alone is not concerned.
  EXPECT_EQ(run({"mysql2pgsql", "--check", "--create"}).out.find("foreign keys"), std::string::npos);
}

// The place was noted before the copy: what came between is in the copy as well.
TEST_F(BinlogOperate, APlaceBeforeTheCopyIsTakenTolerantlyUpToThen) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY, v int); INSERT INTO n VALUES (1, 1), (2, 2)");
  const auto [file, offset] = log_end(source);
  source.exec(
      "INSERT INTO n VALUES (3, 3), (4, 4); UPDATE n SET v = 9 WHERE a = 3; DELETE FROM n WHERE a = 1; UPDATE n SET a "
      "= "
      "5 WHERE a = 2");
  ASSERT_EQ(run({"mysql2pgsql", "--create"}).exit_code, 0);
  source.exec("UPDATE n SET v = 10 WHERE a = 3; INSERT INTO n VALUES (6, 6)");
  configure(fmt::format("[src.mysql]\nbinlogfile = \"{}\"\nbinlogfile_offset = \"{}\"\n", file, offset));
  const RunResult result = follow({"--follow-only"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value("SELECT string_agg(a || ':' || v, ' ' ORDER BY a) FROM n"), "3:10 4:4 5:2 6:6");
  target.exec("DELETE FROM n WHERE a = 4");
  source.exec("UPDATE n SET v = 11 WHERE a = 4");
  EXPECT_EQ(follow().exit_code, kDataFailed);
}

// The copy would bring what came behind that position, too.
TEST_F(BinlogOperate, AnEndBeforeTheBeginningIsRefused) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY)");
  const auto [file, offset] = log_end(source);
  const std::string place = file + ":" + offset;
  source.exec("INSERT INTO n VALUES (1)");
  for (const char* with : {"--follow", "--follow-only"}) {
    const RunResult refused = run({"mysql2pgsql", with, "--end-at", place});
    EXPECT_EQ(refused.exit_code, kConfigurationFailed) << refused.describe();
    EXPECT_THAT(refused.err, HasSubstr("lies before the beginning of the task"));
    EXPECT_THAT(refused.err, HasSubstr("HINT: give --end-at now"));
  }
  EXPECT_EQ(target.value("SELECT to_regclass('dbsync.apply_progress') IS NULL"), "t");
  begin();
  const RunResult there = run({"mysql2pgsql", "--end-at", place});
  EXPECT_EQ(there.exit_code, 0) << there.describe();
  EXPECT_THAT(there.err, HasSubstr("nothing is left to apply: the task is at "));
  EXPECT_EQ(target.value("SELECT count(*) FROM n"), "1");
}

// Nothing is half applied, and the same command goes on when there is room.
TEST_F(BinlogOperate, NoRoomForALargeTransactionIsASentence) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY, b text); CREATE TABLE fits (a int PRIMARY KEY)");
  begin();
  source.exec("INSERT INTO fits VALUES (1); INSERT INTO n SELECT seq, repeat('x', 1000) FROM seq_1_to_40000");
  const auto expect_refused = [this](const std::string& command, const std::string& tmp, const std::string& reason) {
    RunOptions options = here();
    options.env["TMPDIR"] = tmp;
    const RunResult run = run_program({"bash", "-c", command, program_path("mysql2pgsql")}, options);
    EXPECT_EQ(run.exit_code, 1) << run.describe();
    EXPECT_THAT(run.err, HasSubstr("a temporary file in " + tmp + ": " + reason));
    EXPECT_THAT(run.err, HasSubstr("spill_directory in [follow], or TMPDIR"));
    EXPECT_EQ(target.value("SELECT count(*) FROM n"), "0");
  };
  expect_refused("exec $0 --end-at now", "/nowhere/tmp", "No such file or directory");
  // As a full disk: writing fails in the middle.
  expect_refused("trap '' XFSZ; ulimit -f 1000; exec $0 --end-at now", dir.path().string(), "File too large");
  const RunResult result = follow({"--verify"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value("SELECT (SELECT count(*) FROM n) || ' ' || (SELECT count(*) FROM fits)"), "40000 1");
}

// What is not enough for a group waits for more, but no longer than load_batch_gap.
TEST_F(BinlogOperate, AGroupWaitsForItsChanges) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY)");
  configure("[binlogloader]\nload_batch = \"4\"\nload_batch_gap = \"3\"\n");
  begin();
  Program program({"mysql2pgsql", "--follow"}, here());
  const auto there = [&](const std::string& count) {
    return eventually([&] { return target.value("SELECT count(*) FROM n") == count; });
  };
  source.exec("INSERT INTO n VALUES (1)");
  EXPECT_TRUE(there("1"));
  auto began = std::chrono::steady_clock::now();
  source.exec("INSERT INTO n VALUES (2), (3)");
  EXPECT_TRUE(there("3"));
  EXPECT_GE(std::chrono::steady_clock::now() - began, 2s);
  began = std::chrono::steady_clock::now();
  source.exec("INSERT INTO n VALUES (4); INSERT INTO n VALUES (5), (6), (7)");
  EXPECT_TRUE(there("7"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait().exit_code, 130);
}

// The connection goes while the source waits for changes, and while it sends them.
TEST_F(BinlogOperate, ALostConnectionIsMadeAgain) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY)");
  Proxy proxy(dir.path() / "s.sock", Servers::instance().mysql().socket);
  MysqlAccess access;
  access.socket = (dir.path() / "s.sock").string();
  dir.write_file("my.cfg",
                 my_cfg(mysql_section(access, source.name()), target.conninfo(), "[copy]\nretry_interval = 1\n"));
  Program program({"mysql2pgsql", "--follow", "--create"}, here());
  const auto there = [&](int row) {
    return eventually([&] {
      return target.value("SELECT to_regclass('n') IS NOT NULL") == "t" &&
             target.value(fmt::format("SELECT count(*) FROM n WHERE a = {}", row)) == "1";
    });
  };
  source.exec("INSERT INTO n VALUES (0)");
  ASSERT_TRUE(there(0)) << program.err_so_far();
  // Wherever the run is between its copy and its following.
  for (int i = 0; i < 10; ++i) {
    proxy.cut_all();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  for (int row = 1; row <= 3; ++row) {
    if (row > 1) source.exec(fmt::format("INSERT INTO n VALUES ({})", row * 100));
    proxy.cut_all();
    source.exec(fmt::format("INSERT INTO n VALUES ({})", row));
    ASSERT_TRUE(there(row)) << program.err_so_far();
  }
  program.signal(SIGTERM);
  const RunResult ended = program.wait();
  EXPECT_EQ(ended.exit_code, 130) << ended.describe();
  EXPECT_EQ(target.value("SELECT count(*) FROM n"), "6");
}

// What was inserted on the source while the task followed must not meet the application's
// first INSERT on the target.
TEST_F(BinlogOperate, SequencesStandBehindTheRowsAtTheEnd) {
  source.exec(
      "CREATE TABLE n (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, v int); CREATE TABLE m (a int, id int NOT NULL "
      "AUTO_INCREMENT UNIQUE); INSERT INTO n (v) VALUES (1), (2)");
  begin();
  source.exec(
      "INSERT INTO n (v) VALUES (3), (4), (5); INSERT INTO m (a) VALUES (1), (2); INSERT INTO n VALUES (100, 6)");
  ASSERT_EQ(follow().exit_code, 0);
  EXPECT_EQ(target.value("INSERT INTO n (v) VALUES (7) RETURNING id"), "101");
  EXPECT_EQ(target.value("INSERT INTO m (a) VALUES (3) RETURNING id"), "3");
  target.exec("DELETE FROM n WHERE id = 101; DELETE FROM m WHERE id = 3; INSERT INTO n VALUES (200, 1)");
  const RunResult result = run({"mysql2pgsql", "--cleanup"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value("INSERT INTO n (v) VALUES (7) RETURNING id"), "201");
}

// Heartbeats tell again where the last event has ended, and are in no file.
TEST_F(BinlogOperate, AnIdleSourceIsNotLeftBehind) {
  source.exec("CREATE TABLE t (i int PRIMARY KEY)");
  begin();
  Program program({"mysql2pgsql", "--follow"}, here());
  source.exec("INSERT INTO t VALUES (1)");
  EXPECT_TRUE(eventually([&] { return target.value("SELECT count(*) FROM t") == "1"; }));
  std::this_thread::sleep_for(5s);
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait().exit_code, 130);
  const auto [file, offset] = log_end(source);
  EXPECT_EQ(target.value("SELECT position FROM dbsync.apply_progress"), file + ":" + offset);
  source.exec("INSERT INTO t VALUES (2)");
  EXPECT_EQ(follow({"--verify"}).exit_code, 0) << last_run_report();
}

// The changes of a table that is left out would be passed over, and never come.
TEST_F(BinlogOperate, AnotherChoiceOfTablesStopsTheTask) {
  source.exec("CREATE TABLE a (i int PRIMARY KEY); CREATE TABLE b (i int PRIMARY KEY)");
  begin();
  source.exec("INSERT INTO b VALUES (1)");
  table_list("a\n");
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--follow", "-l", "tab_list.txt"}, {"--follow", "-s", "other"}}) {
    const RunResult result = follow(more);
    EXPECT_EQ(result.exit_code, 2) << result.describe();
    EXPECT_THAT(result.err, HasSubstr("were chosen when it began (all tables)"));
    EXPECT_THAT(result.err, HasSubstr("--restart"));
  }
  EXPECT_EQ(follow().exit_code, 0) << last_run_report();
  EXPECT_EQ(target.value("SELECT count(*) FROM b"), "1");
}

TEST_F(BinlogOperate, ARestartThatWasKilledBeforeItEmptiedTheTablesIsDoneByTheNextRun) {
  source.exec("CREATE TABLE t (i int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1)");
  begin();
  source.exec("INSERT INTO t VALUES (2, 2); UPDATE t SET v = 7 WHERE i = 1");
  kill_restart_before_it_empties(target, {"mysql2pgsql", "--follow", "--create", "--restart"}, here());
  source.exec("INSERT INTO t VALUES (3, 3)");
  begin();
  EXPECT_EQ(target.value("SELECT string_agg(i || ':' || v, ' ' ORDER BY i) FROM t"), "1:7 2:2 3:3");
}

// The same, and it has not come to the task's place in the log; --resume takes nothing of it
// for done.
TEST_F(BinlogOperate, ARestartThatWasKilledAtItsBeginningIsDoneByTheNextRun) {
  source.exec("CREATE TABLE t (i int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1)");
  begin();
  for (const char* with : {"--create", "--resume"}) {
    source.exec("UPDATE t SET v = v + 1");
    MysqlSession holder(source.name());
    holder.run("LOCK TABLES t WRITE");  // so that there is no snapshot
    Program program({"mysql2pgsql", "--follow", "--restart"}, here());
    EXPECT_TRUE(eventually([&] { return target.value("SELECT state FROM dbsync.apply_progress") == "creating"; }));
    program.signal(SIGKILL);
    program.wait();
    holder.run("UNLOCK TABLES");
    const RunResult next = follow({"--follow", with});
    EXPECT_EQ(next.exit_code, 0) << next.describe();
    EXPECT_EQ(difference(source.query("SELECT i, v FROM t"), target.query("SELECT i, v FROM t")), "") << next.err;
  }
}

// A copy without a task is of another moment than the task that begins now.
TEST_F(BinlogOperate, ResumingACopyWithATaskLoadsAllOfItAgain) {
  source.exec("CREATE TABLE t (i int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1)");
  ASSERT_EQ(run({"mysql2pgsql", "--create"}).exit_code, 0);
  source.exec("UPDATE t SET v = 2");
  const RunResult next = follow({"--follow", "--resume"});
  EXPECT_EQ(next.exit_code, 0) << next.describe();
  EXPECT_EQ(target.value("SELECT v FROM t"), "2") << next.err;
}

}  // namespace dbsync::test
