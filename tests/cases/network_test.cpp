// Networks that swallow packets: a dead link becomes a lost connection after
// network_timeout, is tried again as others are, and is never taken for a server that
// is busy.
#include <chrono>
#include <csignal>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"
#include "tests/harness/migration.h"
#include "tests/harness/network_link.h"
#include "tests/harness/proxy.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using namespace std::chrono_literals;

constexpr int kRows = 20000;
constexpr char kTimeout[] = "[copy]\nnetwork_timeout = 3\nretry_interval = 1\n";
constexpr char kDead[] = "(network_timeout)";

enum class Source { mysql, pgsql };

struct DarkSide {
  Source source;
  bool of_target;
};

std::string name_of(const DarkSide& side) {
  return std::string(side.source == Source::mysql ? "mysql2pgsql" : "pgsql2pgsql") +
         (side.of_target ? "_target" : "_source");
}

std::string tcp(const TargetDb& database, const NetworkLink& link, const Proxy& proxy) {
  return fmt::format("host={} port={} user=postgres dbname={}", link.address(), proxy.port(), database.name());
}

class NetworkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto reason = NetworkLink::unavailable()) GTEST_SKIP() << *reason;
    if (target_.conninfo().find("host=/") == std::string::npos || Servers::instance().mysql().socket.empty())
      GTEST_SKIP() << "the proxy wants servers on Unix sockets";
    link_ = std::make_unique<NetworkLink>();
  }

  // One side is reached by the link, the other one directly.
  void make(const DarkSide& side, const std::string& copy_keys = kTimeout) {
    source_ = side.source;
    std::string source_section;
    std::string target = target_.conninfo();
    if (source_ == Source::mysql) {
      mysql_ = std::make_unique<SourceDb>();
      mysql_->exec(
          fmt::format("create table big (id int primary key, filler varchar(600)); "
                      "insert into big values (1, repeat('x', 600))"));
      for (int have = 1; have < kRows; have *= 2)
        mysql_->exec(
            fmt::format("insert into big select id + {}, filler from big where id + {} <= {}", have, have, kRows));
      mysql_->exec("analyze table big");
      MysqlAccess access = Servers::instance().mysql();
      if (!side.of_target) {
        proxy_ = std::make_unique<Proxy>(link_->address(), access.socket);
        access.socket.clear();
        access.host = link_->address();
        access.port = proxy_->port();
      }
      source_section = mysql_section(access, mysql_->name());
    } else {
      pgsql_ = std::make_unique<TargetDb>(PgSide::source);
      pgsql_->exec(
          fmt::format("create table big (id int primary key, filler varchar(600)); "
                      "insert into big select i, repeat('x', 600) from generate_series(1, {}) i; analyze",
                      kRows));
      if (!side.of_target) proxy_ = std::make_unique<Proxy>(link_->address(), socket_of(pgsql_->conninfo()));
      source_section = fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n",
                                   side.of_target ? pgsql_->conninfo() : tcp(*pgsql_, *link_, *proxy_));
    }
    if (side.of_target) {
      proxy_ = std::make_unique<Proxy>(link_->address(), socket_of(target));
      target = tcp(target_, *link_, *proxy_);
    }
    dir_.write_file("my.cfg", my_cfg(source_section, target, copy_keys));
  }

  std::vector<std::string> args(const std::string& rate = "3MB") const {
    std::vector<std::string> out{source_ == Source::mysql ? "mysql2pgsql" : "pgsql2pgsql",
                                 "--create",
                                 "-j",
                                 "2",
                                 "--chunk-size",
                                 "256kB",
                                 "--max-rate",
                                 rate};
    if (source_ == Source::pgsql) out.emplace_back("--full-only");
    return out;
  }
  RunOptions here() const {
    return {.env = {}, .cwd = dir_.path(), .stdin_text = {}, .stdin_file = {}, .timeout = 120s};
  }

  bool in_the_middle() {
    return eventually([&] {
      if (target_.value("select to_regclass('dbsync.copy_chunk') is null") == "t") return false;
      const Rows rows = target_.query("select count(done), count(*) from dbsync.copy_chunk");
      return std::stoi(*rows[0][0]) >= 2 && std::stoi(*rows[0][0]) < std::stoi(*rows[0][1]);
    });
  }
  static bool said(Program& program, const std::string& what, std::chrono::seconds limit = 20s) {
    return eventually([&] { return program.err_so_far().find(what) != std::string::npos || !program.running(); },
                      limit) &&
           program.err_so_far().find(what) != std::string::npos;
  }
  void expect_complete() {
    EXPECT_EQ(target_.value("select count(*) || ' ' || count(distinct id) || ' ' || sum(length(filler)) from big"),
              fmt::format("{0} {0} {1}", kRows, 600 * kRows));
    EXPECT_EQ(target_.value("select count(*) from pg_indexes where tablename = 'big'"), "1");
  }

  TargetDb target_;
  TestDir dir_;
  std::unique_ptr<NetworkLink> link_;
  std::unique_ptr<SourceDb> mysql_;
  std::unique_ptr<TargetDb> pgsql_;
  std::unique_ptr<Proxy> proxy_;
  Source source_ = Source::mysql;
};

class DarkLinkTest : public NetworkTest, public ::testing::WithParamInterface<DarkSide> {};

TEST_P(DarkLinkTest, ThatComesBackEndsInTheWholeLoad) {
  make(GetParam());
  Program program(link_->command(args()), here());
  ASSERT_TRUE(in_the_middle()) << program.err_so_far();
  link_->set_dark(true);
  EXPECT_TRUE(said(program, kDead) || said(program, "timed out", 1s)) << program.err_so_far();
  link_->set_dark(false);
  RunResult run = program.wait();
  // A snapshot of PostgreSQL ends with the session that holds it.
  if (source_ == Source::pgsql && !GetParam().of_target && run.exit_code != 0) {
    EXPECT_EQ(run.exit_code, 3) << run.describe();
    std::vector<std::string> again = args("40MB");
    again.emplace_back("--resume");
    run = run_program(link_->command(again), here());
  }
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  expect_complete();
}

TEST_P(DarkLinkTest, ThatDoesNotComeBackIsAnErrorOfThatSide) {
  make(GetParam(), std::string(kTimeout) + "retry_times = 1\n");
  Program program(link_->command(args()), here());
  ASSERT_TRUE(in_the_middle()) << program.err_so_far();
  link_->set_dark(true);
  const auto since = std::chrono::steady_clock::now();
  const RunResult run = program.wait();
  EXPECT_LT(std::chrono::steady_clock::now() - since, 30s);
  EXPECT_EQ(run.exit_code, GetParam().of_target ? 4 : 3) << run.describe();
  EXPECT_NE(run.err.find(link_->address()), std::string::npos) << run.err;
}

void PrintTo(const DarkSide& side, std::ostream* out) { *out << name_of(side); }

INSTANTIATE_TEST_SUITE_P(Network, DarkLinkTest,
                         ::testing::Values(DarkSide{Source::mysql, false}, DarkSide{Source::mysql, true},
                                           DarkSide{Source::pgsql, false}, DarkSide{Source::pgsql, true}),
                         [](const auto& of) { return name_of(of.param); });

TEST_F(NetworkTest, ATargetThatDoesNotReadForLongIsWaitedForAndNamed) {
  make({Source::mysql, true});
  Program program(link_->command(args()), here());
  ASSERT_TRUE(in_the_middle()) << program.err_so_far();
  proxy_->pause(true);
  EXPECT_TRUE(said(program, "waiting for the target", 45s)) << program.err_so_far();
  proxy_->pause(false);
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_EQ(run.err.find("try 1 of"), std::string::npos) << run.err;
  expect_complete();
}

// The window is closed when the link goes dark: nothing is under way that could be missed.
TEST_F(NetworkTest, ALinkThatGoesDarkWhileTheTargetDoesNotReadIsFoundDead) {
  make({Source::mysql, true}, std::string(kTimeout) + "retry_times = 1\n");
  Program program(link_->command(args()), here());
  ASSERT_TRUE(in_the_middle()) << program.err_so_far();
  proxy_->pause(true);
  std::this_thread::sleep_for(6s);
  EXPECT_TRUE(program.running());
  link_->set_dark(true);
  EXPECT_TRUE(said(program, kDead)) << program.err_so_far();
  proxy_->pause(false);
  EXPECT_EQ(program.wait().exit_code, 4);
}

TEST_F(NetworkTest, AComparisonOverALinkThatComesBackGoesOn) {
  make({Source::mysql, true});
  ASSERT_EQ(run_program(link_->command(args("100MB")), here()).exit_code, 0);
  Program program(link_->command({"mysql2pgsql", "--verify-only", "-j", "2", "--max-rate", "3MB"}), here());
  std::this_thread::sleep_for(1500ms);
  ASSERT_TRUE(program.running());
  link_->set_dark(true);
  std::this_thread::sleep_for(6s);
  link_->set_dark(false);
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, 0) << run.describe();
}

class DarkFollowTest : public FollowTest, public ::testing::WithParamInterface<bool> {};

TEST_P(DarkFollowTest, GoesOnWhenTheLinkIsBack) {
  if (const auto reason = NetworkLink::unavailable()) GTEST_SKIP() << *reason;
  const bool of_target = GetParam();
  both("create table t (id int primary key, v text)");
  NetworkLink link;
  Proxy proxy(link.address(), socket_of(of_target ? target.conninfo() : source.conninfo()));
  dir.write_file(
      "my.cfg",
      fmt::format(
          "[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n[copy]\nnetwork_timeout = 3\n",
          of_target ? source.conninfo() : tcp(source, link, proxy),
          of_target ? tcp(target, link, proxy) : target.conninfo()));
  const RunResult first = run_program(link.command({"pgsql2pgsql", "--follow-only", "--end-at", "now"}), here());
  ASSERT_EQ(first.exit_code, 0) << first.describe();
  Program program(link.command({"pgsql2pgsql", "--follow-only"}), here());
  source.exec("insert into t values (1, 'before')");
  ASSERT_TRUE(eventually([&] { return target.value("select count(*) from t") == "1"; })) << program.err_so_far();
  link.set_dark(true);
  source.exec("insert into t select i, repeat('y', 1000) from generate_series(2, 3000) i");
  EXPECT_TRUE(eventually([&] { return program.err_so_far().find("trying again") != std::string::npos; }, 20s))
      << program.err_so_far();
  link.set_dark(false);
  EXPECT_TRUE(eventually([&] { return target.value("select count(*) from t") == "3000"; })) << program.err_so_far();
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait().exit_code, 130);
  expect_same_table("t");
}

INSTANTIATE_TEST_SUITE_P(Network, DarkFollowTest, ::testing::Bool(),
                         [](const auto& of) { return of.param ? "target" : "source"; });

// A lock of another session: the target lives and does nothing for us.
TEST_F(FollowTest, ATargetThatWaitsShowsAsLagThatGrows) {
  both("create table t (id int primary key, v text)");
  begin();
  target.exec("begin; lock table t");
  source.exec("insert into t select i, repeat('y', 1000) from generate_series(1, 3000) i");
  Program program({"pgsql2pgsql", "--follow-only", "--metrics-file", "run.prom"}, here());
  EXPECT_TRUE(eventually([&] { return program.err_so_far().find("waiting for the target for") != std::string::npos; }))
      << program.err_so_far();
  const auto metric = [&](const std::string& name) {
    const std::string text = read_file(dir.path() / "run.prom");
    const std::size_t at = text.find("\n" + name);
    return at == std::string::npos ? 0.0 : std::stod(text.substr(text.find_first_of(" ", at) + 1));
  };
  EXPECT_TRUE(eventually(
      [&] { return metric("dbsync_follow_lag_bytes") > 3000 && metric("dbsync_follow_lag_seconds") >= 10; }, 10s))
      << read_file(dir.path() / "run.prom");
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait().exit_code, 130);
}

// Takes connections, and never says a word.
class SilentServer {
 public:
  SilentServer() : proxy_(std::string("127.0.0.1"), std::filesystem::path("/nowhere")) { proxy_.pause(true); }
  unsigned port() const { return proxy_.port(); }

 private:
  Proxy proxy_;
};

class SilentServerTest : public MigrationTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(SilentServerTest, DoesNotKeepASignalWaiting) {
  const SilentServer silent;
  MysqlAccess access;
  access.host = "127.0.0.1";
  access.port = silent.port();
  const std::string conninfo = fmt::format("host=127.0.0.1 port={} user=postgres dbname=x", silent.port());
  const std::string program_name = GetParam().substr(0, GetParam().find('_'));
  const bool of_target = GetParam().ends_with("target");
  const std::string section =
      program_name == "mysql2pgsql"
          ? (of_target ? mysql_section(Servers::instance().mysql(), source.name()) : mysql_section(access, "x"))
          : "[src.pgsql]\nconnect_string = \"" + (of_target ? target.conninfo() : conninfo) + "\"\n";
  dir.write_file("my.cfg", my_cfg(section, of_target ? conninfo : target.conninfo()));
  Program program({program_name, "--create"}, here());
  std::this_thread::sleep_for(1s);
  ASSERT_TRUE(program.running()) << program.err_so_far();
  const auto since = std::chrono::steady_clock::now();
  program.signal(SIGTERM);
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, 130) << run.describe();
  EXPECT_LT(std::chrono::steady_clock::now() - since, 8s);
}

// connect_timeout holds for each host, and the next one is asked then.
using SilentHost = MigrationTest;

TEST_F(SilentHost, TheNextHostIsAskedWhenOneSaysNothing) {
  const SilentServer silent;
  const std::string socket = target.value("show unix_socket_directories");
  const auto configure_hosts = [&](const std::string& hosts, const std::string& ports) {
    dir.write_file("my.cfg", my_cfg(mysql_section(Servers::instance().mysql(), source.name()),
                                    fmt::format("host={} port={} user=postgres dbname={} connect_timeout=2", hosts,
                                                ports, target.name())));
  };
  source.exec("create table t (id int primary key); insert into t values (1)");
  configure_hosts("127.0.0.1," + socket, fmt::format("{},5432", silent.port()));
  RunResult result = run({"mysql2pgsql", "--create", "-j", "1"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value("select count(*) from t"), "1");
  configure_hosts("127.0.0.1", std::to_string(silent.port()));
  result = run({"mysql2pgsql"});
  EXPECT_EQ(result.exit_code, 4) << result.describe();
  EXPECT_NE(result.err.find("failed: timeout expired"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("the firewall between"), std::string::npos) << result.err;
}

INSTANTIATE_TEST_SUITE_P(Network, SilentServerTest,
                         ::testing::Values("mysql2pgsql_source", "mysql2pgsql_target", "pgsql2pgsql_source",
                                           "pgsql2pgsql_target"),
                         [](const auto& of) { return of.param; });

}  // namespace

}  // namespace dbsync::test
