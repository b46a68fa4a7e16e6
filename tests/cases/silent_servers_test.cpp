// A signal while a server does not answer, whatever the run is at: it ends within seconds
// with 130, and what was done stays as it is.
//
// A proxy that takes nothing from either side stands for a server that hangs. All runs of
// one program are stopped together, since each takes as long as a server is waited for.
#include <chrono>
#include <csignal>
#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"
#include "tests/harness/migration.h"
#include "tests/harness/proxy.h"
#include "tests/harness/sample_schema.h"
#include "tests/harness/wait.h"

namespace dbsync::test {
namespace {

using namespace std::chrono_literals;

constexpr int kInterrupted = 130;

enum class Source { mysql, pgsql };
enum class At { copy, follow, verify, resync, cleanup };

struct Silence {
  At at;
  bool of_source;
};

std::string name_of(const Silence& silence) {
  constexpr const char* kNames[] = {"copy", "following", "--verify-only", "--resync", "--cleanup"};
  return fmt::format("{}, silent {}", kNames[static_cast<int>(silence.at)], silence.of_source ? "source" : "target");
}

// One target, and a run into it that waits for one side.
class Stopped {
 public:
  Stopped(Source kind, const Silence& silence, const SourceDb* mysql, TargetDb* pgsql)
      : kind_(kind), silence_(silence), mysql_(mysql), pgsql_(pgsql) {
    write_config(false);
    here_.cwd = dir_.path();
    if (silence_.at != At::copy) {
      const RunResult made = run_program(command({"--end-at", "now"}), here_);
      EXPECT_EQ(made.exit_code, 0) << made.describe();
    }
  }

  // What holds it comes behind all copies: a slot waits for whoever has locked a table for writing.
  void begin() {
    write_config(true);
    hold();
    program_ = std::make_unique<Program>(arguments(), here_);
    EXPECT_TRUE(eventually([this] { return is_there(); }, 60s)) << name_of(silence_) << program_->err_so_far();
    proxy_->pause(true);
    if (silence_.at == At::follow && !silence_.of_source) write();
  }

  void signal() { program_->signal(SIGTERM); }
  void expect_interrupted(std::chrono::steady_clock::time_point since) {
    const RunResult run = program_->wait();
    EXPECT_EQ(run.exit_code, kInterrupted) << name_of(silence_) << run.describe();
    EXPECT_LT(std::chrono::steady_clock::now() - since, 12s) << name_of(silence_) << run.describe();
  }
  // The next run has all that there is.
  void let_go() {
    holder_.reset();
    proxy_.reset();  // sessions behind it hold a slot up
  }
  void expect_completed() {
    proxy_.reset();
    write_config(false);
    if (silence_.at == At::cleanup) {
      const RunResult again = run_program({program(), "--cleanup", "--force"}, here_);
      EXPECT_EQ(again.exit_code, 0) << name_of(silence_) << again.describe();
      return;
    }
    const RunResult next = run_program(command({"--end-at", "now", "--verify"}), here_);
    EXPECT_EQ(next.exit_code, 0) << name_of(silence_) << next.describe();
    run_program({program(), "--cleanup"}, here_);
  }

 private:
  std::string program() const { return kind_ == Source::mysql ? "mysql2pgsql" : "pgsql2pgsql"; }
  std::vector<std::string> command(const std::vector<std::string>& more) const {
    std::vector<std::string> out{program(), "--create", "-j", "2"};
    if (kind_ == Source::mysql) out.emplace_back("--follow");
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  std::vector<std::string> arguments() const {
    switch (silence_.at) {
      case At::copy: return command({"--max-rate", "500"});
      case At::follow: return command({});
      case At::verify: return {program(), "--verify-only"};
      case At::resync: return {program(), "--resync", "big"};
      case At::cleanup: break;
    }
    return {program(), "--cleanup"};
  }

  // The side goes by the proxy.
  void write_config(bool by_proxy) {
    MysqlAccess access = Servers::instance().mysql();
    std::string source = pgsql_ != nullptr ? pgsql_->conninfo() : "";
    std::string target = target_.conninfo();
    const auto through = [this](const std::string& conninfo, const std::string& name) {
      proxy_ = std::make_unique<Proxy>(dir_.path() / ".s.PGSQL.5432", socket_of(conninfo));
      return fmt::format("host={} port=5432 user=postgres dbname={}", dir_.path().string(), name);
    };
    if (by_proxy && !silence_.of_source) {
      target = through(target, target_.name());
    } else if (by_proxy && pgsql_ != nullptr) {
      source = through(source, pgsql_->name());
    } else if (by_proxy) {
      proxy_ = std::make_unique<Proxy>(dir_.path() / "mysql.sock", access.socket);
      access.socket = (dir_.path() / "mysql.sock").string();
    }
    const std::string section = mysql_ != nullptr ? mysql_section(access, mysql_->name())
                                                  : "[src.pgsql]\nconnect_string = \"" + source + "\"\n";
    dir_.write_file("my.cfg", my_cfg(section, target, "[local.pgsql]\ntask = \"" + target_.name() + "\"\n"));
  }

  // So that the run is at this when the silence begins.
  void hold() {
    if (silence_.at == At::copy || silence_.at == At::follow) return;
    holder_ = std::make_unique<PgSession>(target_.conninfo());
    holder_->run(silence_.at == At::cleanup  ? "begin; lock table dbsync.apply_progress in access exclusive mode"
                 : silence_.at == At::verify ? "begin; lock table big in access exclusive mode"
                                             : "begin; lock table big in access share mode");
  }
  bool is_there() {
    if (silence_.at == At::copy)
      return target_.value(
                 "select count(*) from pg_stat_activity where datname = current_database() and query like '%COPY%' "
                 "and pid <> pg_backend_pid()") != "0";
    if (silence_.at == At::follow) return program_->err_so_far().find("following ") != std::string::npos;
    return target_.value(
               "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = "
               "'Lock'") != "0";
  }
  void write() const {
    const std::string sql = "update big set n = n + 1 where id = 1";
    mysql_ != nullptr ? MysqlSession(mysql_->name()).run(sql) : PgSession(pgsql_->conninfo()).run(sql);
  }

  const Source kind_;
  const Silence silence_;
  const SourceDb* mysql_;
  TargetDb* pgsql_;
  TargetDb target_;
  TestDir dir_;
  RunOptions here_;
  std::unique_ptr<Proxy> proxy_;
  std::unique_ptr<PgSession> holder_;
  std::unique_ptr<Program> program_;
};

class SilentServersTest : public ::testing::TestWithParam<Source> {
 protected:
  SilentServersTest() {
    if (GetParam() == Source::mysql) {
      mysql_ = std::make_unique<SourceDb>();
      mysql_->load_script(kSampleOfMysql);
    } else {
      pgsql_ = std::make_unique<TargetDb>(PgSide::source);
      pgsql_->exec(kSampleOfPostgres);
    }
  }
  ~SilentServersTest() override {
    if (pgsql_) drop_slots_of(*pgsql_);
  }
  std::unique_ptr<SourceDb> mysql_;
  std::unique_ptr<TargetDb> pgsql_;
};

TEST_P(SilentServersTest, ASignalEndsWhatWaitsForThem) {
  for (const bool of_source : {false, true}) {
    std::vector<std::unique_ptr<Stopped>> all;
    for (const At at : {At::copy, At::resync, At::follow, At::verify, At::cleanup})
      if (!of_source || at == At::copy || at == At::follow)
        all.push_back(std::make_unique<Stopped>(GetParam(), Silence{at, of_source}, mysql_.get(), pgsql_.get()));
    for (const auto& stopped : all) stopped->begin();
    const auto since = std::chrono::steady_clock::now();
    for (const auto& stopped : all) stopped->signal();
    for (const auto& stopped : all) stopped->expect_interrupted(since);
    for (const auto& stopped : all) stopped->let_go();
    for (const auto& stopped : all) stopped->expect_completed();
  }
}

INSTANTIATE_TEST_SUITE_P(Programs, SilentServersTest, ::testing::Values(Source::mysql, Source::pgsql),
                         [](const auto& program) {
                           return program.param == Source::mysql ? "mysql2pgsql" : "pgsql2pgsql";
                         });

}  // namespace
}  // namespace dbsync::test
