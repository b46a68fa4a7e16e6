// What goes wrong from outside: killed connections, wrong passwords, absent
// servers, signals. Nothing half done stays behind, and the message says what
// happened where.
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/migration.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using namespace std::chrono_literals;

constexpr char kSecret[] = "Geheim-5ecret";

constexpr int kSourceFailed = 3;
constexpr int kTargetFailed = 4;
constexpr int kInterrupted = 130;

class FaultsTest : public MigrationTest {
 protected:
  // A table large enough that no buffer between the servers holds it, and a
  // target that takes its rows slowly: the copy is under way for some time.
  void make_slow_table(const char* seconds_per_row) {
    source.exec(R"(
      create table digit (n int primary key);
      insert into digit values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
      create table slow (id int primary key, filler varchar(4000));
      insert into slow select 1 + a.n + 10 * b.n + 100 * c.n + 1000 * d.n, repeat('x', 4000)
        from digit a, digit b, digit c, digit d)");
    target.exec(fmt::format(R"(
      create table slow (id int primary key, filler varchar(4000));
      create table digit (n int);
      create function take_a_nap(id int) returns boolean language plpgsql as
        $$ begin perform pg_sleep({}); return true; end $$;
      alter table slow add constraint nap check (take_a_nap(id)))",
                            seconds_per_row));
  }

  // The source's number of the session that reads the slow table.
  std::string reader_id() {
    const Rows rows =
        source.query(fmt::format("select id from information_schema.processlist where db = '{}' and id <> "
                                 "connection_id() and info like '%slow%'",
                                 source.name()));
    return rows.empty() ? "" : rows[0].at(0).value_or("");
  }

  bool copy_is_under_way() {
    const bool reading = eventually([this] { return !reader_id().empty(); });
    const bool writing = eventually([this] {
      return target.value(
                 "select count(*) from pg_stat_activity where datname = current_database() and "
                 "query like '%COPY%slow%' and wait_event = 'PgSleep'") != "0";
    });
    return reading && writing;
  }

  std::string rows_on_target(const std::string& table) { return target.value("select count(*) from " + table); }
};

void expect_no_secret(const RunResult& run) {
  EXPECT_EQ(run.out.find(kSecret), std::string::npos) << run.out;
  EXPECT_EQ(run.err.find(kSecret), std::string::npos) << run.err;
}

// Defect 3 of the original: a lost connection was taken for the end of the
// table and committed.
TEST_F(FaultsTest, KilledSourceConnectionLeavesNothingOfTheTable) {
  configure("[copy]\nretry_times = 0\n");
  make_slow_table("0.0005");
  Program program({"mysql2pgsql", "-j", "2"}, here());
  ASSERT_TRUE(copy_is_under_way()) << program.err_so_far();
  source.exec("kill " + reader_id());
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, kSourceFailed) << run.describe();
  EXPECT_NE(run.err.find("slow"), std::string::npos) << run.err;
  EXPECT_EQ(rows_on_target("slow"), "0");
  EXPECT_EQ(rows_on_target("digit"), "10");
}

TEST_F(FaultsTest, KilledTargetBackendLeavesNothingOfTheTable) {
  configure("[copy]\nretry_times = 0\n");
  make_slow_table("0.0005");
  Program program({"mysql2pgsql", "-j", "2"}, here());
  ASSERT_TRUE(copy_is_under_way()) << program.err_so_far();
  target.exec(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and "
      "query like '%COPY%slow%' and pid <> pg_backend_pid()");
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, kTargetFailed) << run.describe();
  EXPECT_NE(run.err.find("slow"), std::string::npos) << run.err;
  EXPECT_EQ(rows_on_target("slow"), "0");
  EXPECT_EQ(rows_on_target("digit"), "10");
}

TEST_F(FaultsTest, KilledTargetBackendIsTriedAgain) {
  configure("[copy]\nretry_interval = 1\n");
  make_slow_table("0.0005");
  Program program({"mysql2pgsql", "-j", "2", "--report", "report.json"}, here());
  ASSERT_TRUE(copy_is_under_way()) << program.err_so_far();
  target.exec(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and "
      "query like '%COPY%slow%' and pid <> pg_backend_pid()");
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_NE(run.err.find("slow: try 1 of 5"), std::string::npos) << run.err;
  EXPECT_EQ(rows_on_target("slow"), "10000");
}

TEST_F(FaultsTest, KilledSourceSessionIsReplacedAndSaysSo) {
  configure("[copy]\nretry_interval = 1\n");
  make_slow_table("0.0005");
  Program program({"mysql2pgsql", "-j", "2", "--report", "report.json"}, here());
  ASSERT_TRUE(copy_is_under_way()) << program.err_so_far();
  source.exec("insert into digit values (99)");  // the moment is another one now
  source.exec("kill connection " + reader_id());
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_NE(run.err.find("of a later moment"), std::string::npos) << run.err;
  EXPECT_EQ(rows_on_target("slow"), "10000");
}

class SignalsTest : public FaultsTest, public ::testing::WithParamInterface<int> {};

TEST_P(SignalsTest, EndTheCopyBetweenBuffersAndSayWhatWasDone) {
  make_slow_table("0.0005");
  Program program({"mysql2pgsql", "-j", "2"}, here());
  ASSERT_TRUE(copy_is_under_way()) << program.err_so_far();
  ASSERT_TRUE(eventually([this] { return rows_on_target("digit") == "10"; })) << program.err_so_far();
  program.signal(GetParam());
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, kInterrupted) << run.describe();
  EXPECT_EQ(rows_on_target("slow"), "0");
  EXPECT_EQ(rows_on_target("digit"), "10");
  EXPECT_NE(run.err.find("1 done, 1 interrupted"), std::string::npos) << run.err;
}

INSTANTIATE_TEST_SUITE_P(Faults, SignalsTest, ::testing::Values(SIGINT, SIGTERM),
                         [](const auto& param_info) { return param_info.param == SIGINT ? "INT" : "TERM"; });

TEST_F(FaultsTest, SecondSignalCancelsWhatRunsOnTheServers) {
  make_slow_table("5");
  Program program({"mysql2pgsql", "-j", "2"}, here());
  ASSERT_TRUE(copy_is_under_way()) << program.err_so_far();
  program.signal(SIGINT);
  std::this_thread::sleep_for(300ms);
  program.signal(SIGINT);
  const auto start = std::chrono::steady_clock::now();
  const RunResult run = program.wait();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 8s) << "the first signal's ten seconds ended it";
  EXPECT_EQ(run.exit_code, kInterrupted) << run.describe();
  EXPECT_EQ(rows_on_target("slow"), "0");
}

TEST_F(FaultsTest, WrongSourcePasswordIsASourceErrorWithoutThePassword) {
  const MysqlAccess& access = Servers::instance().mysql();
  MysqlAccess wrong = access;
  wrong.user = "dbsync_nobody";
  wrong.password = kSecret;
  dir.write_file("my.cfg", my_cfg(mysql_section(wrong, source.name()), target.conninfo()));
  const RunResult result = run({"mysql2pgsql", "-v", "--create"});
  EXPECT_EQ(result.exit_code, kSourceFailed) << result.describe();
  EXPECT_NE(result.err.find("1045"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("dbsync_nobody"), std::string::npos) << result.err;
  expect_no_secret(result);
}

TEST_F(FaultsTest, AbsentSourceIsASourceError) {
  MysqlAccess absent;
  absent.socket = (dir.path() / "no.sock").string();
  dir.write_file("my.cfg", my_cfg(mysql_section(absent, "db"), target.conninfo()));
  const RunResult result = run({"mysql2pgsql", "--create"});
  EXPECT_EQ(result.exit_code, kSourceFailed) << result.describe();
  EXPECT_NE(result.err.find("no.sock"), std::string::npos) << result.err;
}

TEST_F(FaultsTest, AbsentTargetIsATargetErrorWithoutThePassword) {
  const std::string keys = fmt::format("host={} dbname=shop user=me password={}", dir.path().string(), kSecret);
  const std::string uri = fmt::format("postgresql://me:{}@127.0.0.1:1/shop", kSecret);
  for (const std::string& conninfo : {keys, uri}) {
    dir.write_file("my.cfg", my_cfg(mysql_section(Servers::instance().mysql(), source.name()), conninfo));
    const RunResult result = run({"mysql2pgsql", "-v", "--create"});
    EXPECT_EQ(result.exit_code, kTargetFailed) << result.describe();
    expect_no_secret(result);
  }
}

TEST_F(FaultsTest, UnreadableConnectStringIsAnErrorWithoutThePassword) {
  for (const std::string& conninfo :
       {fmt::format("host=a pasword={}", kSecret), fmt::format("password={} host", kSecret)}) {
    dir.write_file("my.cfg", my_cfg(mysql_section(Servers::instance().mysql(), source.name()), conninfo));
    const RunResult result = run({"mysql2pgsql", "-v", "--create"});
    EXPECT_NE(result.exit_code, 0) << result.describe();
    expect_no_secret(result);
  }
}

// A MySQL account with a password, for a test's time.
class PasswordTest : public FaultsTest {
 protected:
  // MySQL 5.6 takes 16 characters, so without the prefix of the databases.
  PasswordTest() : user_(source.name().substr(std::string_view("dbsync_").size())), account_(user_ + "@localhost") {
    source.exec(fmt::format("create user {} identified by '{}'; grant all on `{}`.* to {}", account_, kSecret,
                            source.name(), account_));
  }
  ~PasswordTest() override { source.exec("drop user " + account_); }

  MysqlAccess access(const std::string& password) const {
    MysqlAccess out = Servers::instance().mysql();
    out.user = user_;
    out.password = password;
    return out;
  }

 private:
  std::string user_;
  std::string account_;
};

TEST_F(PasswordTest, NeitherLogNorProcessTitleShowPasswords) {
  make_slow_table("0.0002");
  dir.write_file("my.cfg",
                 my_cfg(mysql_section(access(kSecret), source.name()), target.conninfo() + " password=" + kSecret));
  table_list("slow : select * from slow where id <= 2000\n");
  Program program({"mysql2pgsql", "-v", "-l", "tab_list.txt", "--report", "report.json"}, here());
  ASSERT_TRUE(copy_is_under_way()) << program.err_so_far();
  EXPECT_EQ(program.command_line_in_proc().find(kSecret), std::string::npos);
  EXPECT_EQ(
      target.value(fmt::format("select count(*) from pg_stat_activity where application_name like '%{}%'", kSecret)),
      "0");
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  expect_no_secret(run);
  EXPECT_EQ(dir.read_file("report.json").find(kSecret), std::string::npos);
}

TEST_F(PasswordTest, EnvironmentStandsInForTheFile) {
  source.exec("create table t (id int)");
  dir.write_file("my.cfg", my_cfg(mysql_section(access(""), source.name()), target.conninfo()));
  EXPECT_EQ(run({"mysql2pgsql", "--create"}).exit_code, kSourceFailed);
  RunOptions options;
  options.env["MYSQL_PWD"] = kSecret;
  const RunResult result = run({"mysql2pgsql", "--create"}, options);
  EXPECT_EQ(result.exit_code, 0) << result.describe();
}

TEST_F(FaultsTest, DdlIntoAFullDiskIsAnError) {
  source.exec("create table t (id int)");
  const RunResult result = run({"sh", "-c", "exec " + program_path("mysql2pgsql") + " -d > /dev/full"});
  EXPECT_NE(result.exit_code, 0);
  EXPECT_NE(result.err.find("cannot write"), std::string::npos) << result.err;
}

}  // namespace

}  // namespace dbsync::test
