// Servers that restart or die in the middle of a load, networks that cut
// connections, a target that is away for a while, a disk that is full: each run ends
// with the whole load, or with an error that says what happened and a state from
// which --resume gets to the whole load.
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/environment.h"
#include "tests/harness/files.h"
#include "tests/harness/migration.h"
#include "tests/harness/own_server.h"
#include "tests/harness/proxy.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using namespace std::chrono_literals;

constexpr int kRows = 12000;
constexpr int kFiller = 600;
constexpr std::uint64_t kMostBytes = 1'500'000;  // of a connection, before it is cut

enum class Source { mysql, pgsql };

std::string source_name(Source source) { return source == Source::mysql ? "mysql2pgsql" : "pgsql2pgsql"; }

// Servers of this file's own, shared by its tests: a source of each kind and a target.
struct OwnServers {
  OwnServer mysql{"mariadb", "faults_mysql"};
  OwnServer pgsql{"postgres", "faults_pgsql"};
  OwnServer target{"postgres", "faults_target"};
};

class ServerFaultsTest : public ::testing::Test {
 protected:
  static void TearDownTestSuite() { servers_.reset(); }

  void SetUp() override {
    if (!env_or("DBSYNC_TEST_PG", "").empty() || !env_or("DBSYNC_TEST_MYSQL", "").empty())
      GTEST_SKIP() << "stops servers of its own only, which are Debian's";
    if (!servers_) servers_ = std::make_unique<OwnServers>();
    PgSession(servers_->target.conninfo("postgres")).run("create database " + name_);
  }

  static OwnServers& servers() { return *servers_; }
  OwnServer& source_server() { return source_ == Source::mysql ? servers().mysql : servers().pgsql; }

  std::string target_conninfo() const { return servers_->target.conninfo(name_); }

  // Two tables; the large one is cut into some dozens of chunks.
  void make_source(Source source) {
    source_ = source;
    if (source == Source::mysql) {
      MysqlSession session(servers().mysql.mysql(), "");
      session.run(
          fmt::format("create database {0}; use {0}; "
                      "create table big (id int primary key, n int not null, filler varchar({2}), key (n)); "
                      "insert into big select seq, seq * 7919 % 1000, repeat(md5(seq), {2} div 32) from seq_1_to_{1}; "
                      "create table small (id int primary key); insert into small select seq from seq_1_to_100; "
                      "analyze table big, small",
                      name_, kRows, kFiller));
      return;
    }
    PgSession(servers().pgsql.conninfo("postgres")).run("create database " + name_);
    PgSession(servers().pgsql.conninfo(name_))
        .run(fmt::format(
            "create table big (id int primary key, n int not null, filler varchar({1})); create index on big (n); "
            "insert into big select i, i * 7919 % 1000, repeat(md5(i::text), {1} / 32) from generate_series(1, {0}) i; "
            "create table small (id int primary key); insert into small select generate_series(1, 100); analyze",
            kRows, kFiller));
  }

  void configure(const std::string& source_section, const std::string& target, const std::string& extra = {}) {
    dir_.write_file("my.cfg", my_cfg(source_section, target, extra));
  }
  std::string direct_source() {
    return source_ == Source::mysql ? mysql_section(servers().mysql.mysql(), name_)
                                    : pg_section(servers().pgsql.conninfo(name_));
  }
  static std::string pg_section(const std::string& conninfo) {
    return "[src.pgsql]\nconnect_string = \"" + conninfo + "\"\n";
  }
  // A proxy listens in the directory of the test.
  std::filesystem::path proxy_socket() const { return dir_.path() / ".s.PGSQL.5432"; }
  std::string source_through_proxy() const {
    if (source_ == Source::pgsql) return pg_section(through_proxy());
    MysqlAccess access;
    access.socket = proxy_socket().string();
    return mysql_section(access, name_);
  }
  std::string through_proxy() const {
    return fmt::format("host={} port=5432 user=postgres dbname={}", dir_.path().string(), name_);
  }

  // Slow enough for something to happen in the middle.
  std::vector<std::string> args(const std::string& rate = "4MB") const {
    std::vector<std::string> out{source_name(source_), "--create", "-j",         "3",
                                 "--chunk-size",       "128kB",    "--max-rate", rate};
    if (source_ == Source::pgsql) out.emplace_back("--full-only");
    return out;
  }
  RunOptions here() const {
    RunOptions options;
    options.cwd = dir_.path();
    options.timeout = 300s;
    return options;
  }

  // Some chunks are in, and others are not.
  bool in_the_middle() {
    return eventually(
        [&] {
          try {
            PgSession session(target_conninfo());
            if (session.run("select to_regclass('dbsync.copy_chunk') is null")[0][0] == "t") return false;
            const Rows rows = session.run("select count(done), count(*) from dbsync.copy_chunk");
            return std::stoi(*rows[0][0]) >= 5 && std::stoi(*rows[0][0]) < std::stoi(*rows[0][1]);
          } catch (const std::runtime_error&) {
            return false;  // it restarts at this moment
          }
        },
        60s);
  }

  static void expect_clear_error(const RunResult& run) {
    EXPECT_TRUE(run.exit_code == 3 || run.exit_code == 4) << run.describe();
    EXPECT_NE(run.err.find("ERROR "), std::string::npos) << run.describe();
    EXPECT_EQ(run.err.find("internal error"), std::string::npos) << run.describe();
  }

  // --resume until it is complete; the number of runs that it took.
  int resume(const RunResult& first, int most) {
    if (first.exit_code == 0) return 0;
    expect_clear_error(first);
    auto again = args("40MB");
    again.emplace_back("--resume");
    for (int i = 1; i <= most; ++i) {
      const RunResult run = run_program(again, here());
      if (run.exit_code == 0) return i;
      expect_clear_error(run);
      if (i == most) ADD_FAILURE() << "not complete after " << most << " runs: " << run.describe();
    }
    return most;
  }

  // Every row and value, and what follows the rows.
  void expect_complete() { expect_complete(target_conninfo()); }
  void expect_complete(const std::string& target_server) {
    PgSession target(target_server);
    const std::string rows = "select id, n, md5(filler) from big order by id";
    const std::string small = "select id from small order by id";
    if (source_ == Source::mysql) {
      MysqlSession source(servers().mysql.mysql(), name_);
      EXPECT_EQ(difference(source.run(rows), target.run(rows)), "");
      EXPECT_EQ(difference(source.run(small), target.run(small)), "");
    } else {
      PgSession source(servers().pgsql.conninfo(name_));
      EXPECT_EQ(difference(source.run(rows), target.run(rows)), "");
      EXPECT_EQ(difference(source.run(small), target.run(small)), "");
    }
    EXPECT_EQ(target.run("select count(*) from pg_indexes where tablename in ('big', 'small')")[0][0], "3");
  }

  TestDir dir_;
  std::string name_ = unique_name();
  Source source_ = Source::mysql;

 private:
  static std::unique_ptr<OwnServers> servers_;
};

std::unique_ptr<OwnServers> ServerFaultsTest::servers_;

struct RestartCase {
  Source source;
  bool of_target;
  bool killed;
};

class ServerRestartTest : public ServerFaultsTest, public ::testing::WithParamInterface<RestartCase> {};

TEST_P(ServerRestartTest, InTheMiddleOfALoadEndsInTheWholeLoad) {
  make_source(GetParam().source);
  configure(direct_source(), target_conninfo(), "[copy]\nretry_interval = 1\n");
  Program program(args(), here());
  ASSERT_TRUE(in_the_middle()) << program.err_so_far();
  OwnServer& server = GetParam().of_target ? servers().target : source_server();
  if (GetParam().killed)
    server.crash();
  else
    server.stop();
  std::this_thread::sleep_for(500ms);
  server.start();
  const RunResult run = program.wait();
  EXPECT_NE(run.err.find("try 1 of 5"), std::string::npos) << run.describe();
  // A PostgreSQL snapshot ends with its server, and a target that is killed may have
  // lost what it had confirmed; everything else is tried again.
  const bool must_end_well = GetParam().of_target ? !GetParam().killed : GetParam().source == Source::mysql;
  if (must_end_well) {
    EXPECT_EQ(run.exit_code, 0) << run.describe();
  }
  resume(run, 1);
  expect_complete();
}

INSTANTIATE_TEST_SUITE_P(
    Faults, ServerRestartTest,
    ::testing::Values(RestartCase{Source::mysql, false, false}, RestartCase{Source::mysql, true, false},
                      RestartCase{Source::mysql, false, true}, RestartCase{Source::mysql, true, true},
                      RestartCase{Source::pgsql, false, false}, RestartCase{Source::pgsql, true, false},
                      RestartCase{Source::pgsql, false, true}, RestartCase{Source::pgsql, true, true}),
    [](const auto& of) {
      return fmt::format("{}_{}_{}", source_name(of.param.source), of.param.of_target ? "target" : "source",
                         of.param.killed ? "killed" : "restarted");
    });

// system_versioning_asof is for whoever looks at the past; a copy is of now.
TEST_F(ServerFaultsTest, AServerThatShowsThePastOfVersionedTablesIsCopiedAsOfNow) {
  MysqlSession session(servers().mysql.mysql(), "");
  session.run(
      fmt::format("create database {0}; use {0}; create table ver (id int primary key) with system versioning; "
                  "insert into ver values (1), (2); set global system_versioning_asof = '2020-01-01 00:00:00'",
                  name_));
  configure(direct_source(), target_conninfo());
  const RunResult run = run_program({"mysql2pgsql", "--create", "--verify"}, here());
  session.run("set global system_versioning_asof = default");
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_EQ(PgSession(target_conninfo()).run("select count(*) from ver")[0][0], "2");
}

class LostCommitsTest : public ServerFaultsTest, public ::testing::WithParamInterface<Source> {};

// What a crash does to the last commits of synchronous_commit = off, done by hand.
TEST_P(LostCommitsTest, AreFoundAndCanBeLoadedAgain) {
  make_source(GetParam());
  configure(direct_source(), target_conninfo(), "[copy]\nretry_interval = 1\n");
  Program program(args(), here());
  ASSERT_TRUE(in_the_middle()) << program.err_so_far();
  PgSession session(target_conninfo());
  session.run(
      "begin; lock table big in exclusive mode; delete from big; update dbsync.copy_chunk set done = null where task = "
      "(select task from dbsync.copy_table where target_table = 'big'); commit; "
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> "
      "pg_backend_pid()");
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, 4) << run.describe();
  EXPECT_NE(run.err.find("the target crashed and lost"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("chunks that it had confirmed"), std::string::npos) << run.err;
  EXPECT_EQ(resume(run, 1), 1);
  expect_complete();
}

INSTANTIATE_TEST_SUITE_P(Faults, LostCommitsTest, ::testing::Values(Source::mysql, Source::pgsql),
                         [](const auto& of) { return source_name(of.param); });

struct CutCase {
  Source source;
  bool of_target;
};

class ConnectionCutTest : public ServerFaultsTest, public ::testing::WithParamInterface<CutCase> {};

// Each connection ends after a number of bytes of its own; DBSYNC_CUT_ROUNDS runs
// more of them before the network is good again.
TEST_P(ConnectionCutTest, AfterRandomByteCountsEndsInTheWholeLoad) {
  make_source(GetParam().source);
  const OwnServer& server = GetParam().of_target ? servers().target : source_server();
  Proxy proxy(proxy_socket(), server.socket());
  if (GetParam().of_target)
    configure(direct_source(), through_proxy(), "[copy]\nretry_interval = 1\nretry_times = 2\n");
  else
    configure(source_through_proxy(), target_conninfo(), "[copy]\nretry_interval = 1\nretry_times = 2\n");
  proxy.cut_within(kMostBytes);
  const int rounds = number_from_environment("DBSYNC_CUT_ROUNDS", 4);
  RunResult run = run_program(args("40MB"), here());
  for (int i = 0; i < rounds && run.exit_code != 0; ++i) {
    expect_clear_error(run);
    auto again = args("40MB");
    again.emplace_back("--resume");
    run = run_program(again, here());
  }
  EXPECT_GT(proxy.cuts(), 2u);
  proxy.cut_within(0);
  resume(run, 1);
  expect_complete();
}

INSTANTIATE_TEST_SUITE_P(Faults, ConnectionCutTest,
                         ::testing::Values(CutCase{Source::mysql, false}, CutCase{Source::mysql, true},
                                           CutCase{Source::pgsql, false}, CutCase{Source::pgsql, true}),
                         [](const auto& of) {
                           return source_name(of.param.source) + (of.param.of_target ? "_target" : "_source");
                         });

class RefusingTargetTest : public ServerFaultsTest, public ::testing::WithParamInterface<Source> {};

// 3 s in make test; DBSYNC_REFUSE_SECONDS=30 is the long form.
TEST_P(RefusingTargetTest, ForAWhileIsWaitedFor) {
  make_source(GetParam());
  Proxy proxy(proxy_socket(), servers().target.socket());
  configure(direct_source(), through_proxy());
  Program program(args(), here());
  ASSERT_TRUE(in_the_middle()) << program.err_so_far();
  proxy.refuse(true);
  proxy.cut_all();
  std::this_thread::sleep_for(std::chrono::seconds(number_from_environment("DBSYNC_REFUSE_SECONDS", 3)));
  proxy.refuse(false);
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_NE(run.err.find("try 1 of 5"), std::string::npos) << run.describe();
  resume(run, 1);
  expect_complete();
}

// Longer than its patience: an error that names the server, and a state to go on from.
TEST_P(RefusingTargetTest, ForTooLongIsAnErrorAndCanBeResumed) {
  make_source(GetParam());
  Proxy proxy(proxy_socket(), servers().target.socket());
  configure(direct_source(), through_proxy(), "[copy]\nretry_interval = 1\nretry_times = 1\n");
  Program program(args(), here());
  ASSERT_TRUE(in_the_middle()) << program.err_so_far();
  proxy.refuse(true);
  proxy.cut_all();
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, 4) << run.describe();
  EXPECT_NE(run.err.find(dir_.path().string()), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("--resume loads the others"), std::string::npos) << run.err;
  proxy.refuse(false);
  EXPECT_EQ(resume(run, 1), 1);
  expect_complete();
}

INSTANTIATE_TEST_SUITE_P(Faults, RefusingTargetTest, ::testing::Values(Source::mysql, Source::pgsql),
                         [](const auto& of) { return source_name(of.param); });

// A tablespace of some MiB in a file system of its own, which the server alone sees:
// it goes when the server does.
class FullDiskTest : public ServerFaultsTest, public ::testing::WithParamInterface<Source> {
 protected:
  void SetUp() override {
    ServerFaultsTest::SetUp();
    if (IsSkipped()) return;
    if (geteuid() != 0) GTEST_SKIP() << "needs root to mount a small file system";
    const auto space = Servers::instance().work_dir() / ("space_" + name_);
    std::filesystem::create_directory(space);
    // For the user that servers.sh runs it as.
    const std::string mount = fmt::format(
        "for u in postgres nobody; do if id $u >/dev/null 2>&1; then break; fi; done; "
        "mount -t tmpfs -o size=4m,mode=0700,uid=$(id -u $u),gid=$(id -g $u) tmpfs {}",
        space.string());
    if (run_program({"unshare", "-m", "sh", "-c", mount}).exit_code != 0)
      GTEST_SKIP() << "this root may not mount a file system";
    full_ = std::make_unique<OwnServer>(
        "postgres", "full_" + name_, std::vector<std::string>{},
        std::vector<std::string>{"unshare", "-m", "sh", "-c", mount + R"( && exec "$@")", "sh"});
    space_ = space.string();
    PgSession session(full_->conninfo("postgres"));
    session.run(fmt::format("create tablespace small location '{}'", space_));
    session.run("create database " + name_);
    session.run(fmt::format("alter database {} set default_tablespace = small", name_));
  }

  void make_room() const {
    const RunResult run =
        run_program({"nsenter", "-t", std::to_string(full_->pid()), "-m", "mount", "-o", "remount,size=200m", space_});
    ASSERT_EQ(run.exit_code, 0) << run.describe();
  }

  std::unique_ptr<OwnServer> full_;
  std::string space_;
};

TEST_P(FullDiskTest, OfTheTargetIsAnErrorAndCanBeResumed) {
  make_source(GetParam());
  configure(direct_source(), full_->conninfo(name_));
  const RunResult run = run_program(args("40MB"), here());
  EXPECT_EQ(run.exit_code, 4) << run.describe();
  EXPECT_NE(run.err.find("No space left on device"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("53100"), std::string::npos) << run.err;
  const std::string before = *PgSession(full_->conninfo(name_)).run("select count(done) from dbsync.copy_chunk")[0][0];
  EXPECT_GT(std::stoi(before), 0) << "some of it fits";
  make_room();
  auto again = args("40MB");
  again.emplace_back("--resume");
  const RunResult second = run_program(again, here());
  ASSERT_EQ(second.exit_code, 0) << second.describe();
  expect_complete(full_->conninfo(name_));
}

INSTANTIATE_TEST_SUITE_P(Faults, FullDiskTest, ::testing::Values(Source::mysql, Source::pgsql),
                         [](const auto& of) { return source_name(of.param); });

}  // namespace

}  // namespace dbsync::test
