// A task under everything at once: pgbench writes to the source from before the
// copy until after it, with large transactions among the small ones, while the
// program is killed, the target crashes and connections are lost. At the end both
// databases are equal, and a log without a key shows that nothing came twice.
//
// make torture makes it long: DBSYNC_TORTURE_KILLS, _CRASHES, _CUTS, _LARGE (rows of
// a large transaction).
#include <algorithm>
#include <chrono>
#include <csignal>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/environment.h"
#include "tests/harness/files.h"
#include "tests/harness/follow_fixture.h"
#include "tests/harness/own_server.h"
#include "tests/harness/process.h"
#include "tests/harness/proxy.h"
#include "tests/harness/rows.h"
#include "tests/harness/target_db.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using namespace std::chrono_literals;

enum class Event { kill, crash, cut };

constexpr char kTables[] =
    "create table account (id int primary key, balance int not null, note text);"
    "create table doc (id int primary key, title text, body text); alter table doc alter body set storage external;"
    "create table item (id bigint primary key, n int);"
    "create table large (id bigint primary key, v text);"
    "create table wide (id int, part int, v text, primary key (part, id)) partition by list (part);"
    "create table wide_0 partition of wide for values in (0); create table wide_1 partition of wide for values in (1);";

constexpr char kRows[] =
    "insert into account select i, 0, repeat('n', 80) from generate_series(1, 3000) i;"
    "insert into doc select i, 'title ' || i, repeat(md5(i::text), 200) from generate_series(1, 300) i;"
    "insert into item select i, i from generate_series(1, 2000) i;"
    "insert into wide select i, i % 2, 'v' from generate_series(1, 2000) i";

// Each transaction that is to count leaves one number in the log.
constexpr char kMove[] =
    "\\set a random(1, 3000)\n\\set b random(1, 3000)\nbegin;\n"
    "update account set balance = balance - 1 where id = least(:a, :b);\n"
    "update account set balance = balance + 1 where id = greatest(:a, :b);\n"
    "insert into log values (default, 'move');\ncommit;\n";
constexpr char kKeys[] =
    "\\set a random(1, 2000)\nbegin;\nupdate item set id = -id, n = n + 1 where id = :a or id = -:a;\n"
    "delete from item where id = 10000 + :a;\ninsert into item values (10000 + :a, :a);\n"
    "update wide set part = 1 - part, v = v || 'w' where id = :a;\ninsert into log values (default, "
    "'keys');\ncommit;\n";
constexpr char kToast[] =
    "\\set a random(1, 300)\nbegin;\nupdate doc set title = title || '.' where id = :a;\nsavepoint s;\n"
    "update doc set body = 'lost' where id = :a;\nrollback to s;\n"
    "update doc set body = repeat(md5(random()::text), 150) where id = (:a % 7);\ninsert into log values (default, "
    "'toast');\ncommit;\n";
constexpr char kLost[] =
    "begin;\nupdate account set balance = 77;\ninsert into log values (default, 'lost');\nrollback;\n";

class FollowTorture : public ::testing::Test {
 protected:
  FollowTorture() {
    if (source_.version() < 110000) return;
    target_.run("create database torture");
    source_.exec(std::string(kTables) + "create table log (n bigserial primary key, what text);" + kRows);
    PgSession(server_.conninfo("torture")).run(std::string(kTables) + "create table log (n bigint, what text)");
    dir_.write_file("my.cfg",
                    fmt::format("[src.pgsql]\nconnect_string = \"host={0} port=5432 user=postgres dbname={1}\"\n"
                                "[desc.pgsql]\nconnect_string = \"host={0}/t port=5432 user=postgres dbname=torture\"\n"
                                "[copy]\nretry_interval = 1\n",
                                dir_.path().string(), source_.name()));
    for (const auto& [name, text] : {std::pair{"move", kMove}, {"keys", kKeys}, {"toast", kToast}, {"lost", kLost}})
      dir_.write_file(std::string(name) + ".sql", text);
    here_.cwd = dir_.path();
    here_.timeout = 7200s;
  }
  ~FollowTorture() override { drop_slots_of(source_); }

  std::vector<Event> events() {
    std::vector<Event> out(static_cast<std::size_t>(number_from_environment("DBSYNC_TORTURE_KILLS", 10)), Event::kill);
    out.insert(out.end(), static_cast<std::size_t>(number_from_environment("DBSYNC_TORTURE_CRASHES", 2)), Event::crash);
    out.insert(out.end(), static_cast<std::size_t>(number_from_environment("DBSYNC_TORTURE_CUTS", 4)), Event::cut);
    std::shuffle(out.begin(), out.end(), random_);
    return out;
  }

  void strike(Event event, std::unique_ptr<Program>& program) {
    switch (event) {
      case Event::kill:
        program->signal(SIGKILL);
        program->wait();
        program.reset();
        break;
      case Event::crash:
        server_.crash();
        std::this_thread::sleep_for(200ms);
        server_.start();
        break;
      case Event::cut:
        to_source_->cut_all();
        to_target_->cut_all();
        break;
    }
  }

  std::string state() {
    PgSession session(server_.conninfo("torture"));
    if (session.run("select to_regclass('dbsync.apply_progress') is null").at(0).at(0) == "t") return "";
    return session.run("select max(state) from dbsync.apply_progress").at(0).at(0).value_or("");
  }

  // One transaction of many rows, with keys of its own.
  void large_transaction(int n, int rows) {
    source_.exec(fmt::format(
        "begin; insert into large select {0} + i, 'row ' || i from generate_series(1, {1}) i; "
        "update large set v = v || '!' where id > {0} and id % 5 = 0; delete from large where id > {0} and id % 7 = 0; "
        "insert into log values (default, 'large'); commit",
        static_cast<std::int64_t>(n) * 10000000, rows));
  }

  void expect_equal() {
    PgSession target(server_.conninfo("torture"));
    for (const char* table : {"account", "doc", "item", "large", "wide", "log"}) {
      const std::string sql = fmt::format("select count(*), sum(hashtextextended(t::text, 0)) from {} t", table);
      EXPECT_EQ(difference(source_.query(sql), target.run(sql)), "") << table;
    }
    EXPECT_EQ(target.run("select count(*) - count(distinct n) from log").at(0).at(0), "0") << "applied twice";
    EXPECT_EQ(target.run("select sum(balance) from account").at(0).at(0), "0");
  }

  TargetDb source_{PgSide::source};
  OwnServer server_{"postgres", "torture"};
  PgSession target_{server_.conninfo()};
  TestDir dir_;
  RunOptions here_;
  std::mt19937 random_{20261124};
  std::unique_ptr<Proxy> to_source_;
  std::unique_ptr<Proxy> to_target_;
};

TEST_F(FollowTorture, NothingIsLostAndNothingComesTwice) {
  if (source_.version() < 110000) GTEST_SKIP() << "keys of partitioned tables came with 11";
  std::filesystem::create_directory(dir_.path() / "t");
  to_source_ = std::make_unique<Proxy>(dir_.path() / ".s.PGSQL.5432", socket_of(source_.conninfo()));
  to_target_ = std::make_unique<Proxy>(dir_.path() / "t" / ".s.PGSQL.5432", server_.socket());
  Program load({"pgbench", "-n", "-c", "3", "-R", "150", "-T", "7200", "-f", "move.sql@6", "-f", "keys.sql@2", "-f",
                "toast.sql@1", "-f", "lost.sql@1", "-d", source_.conninfo()},
               here_);
  std::this_thread::sleep_for(500ms);
  ASSERT_TRUE(load.running()) << load.err_so_far();

  const auto events = this->events();
  std::unique_ptr<Program> program;
  int in_copy = 0;
  int by_itself = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (program && !program->running()) {
      ++by_itself;
      const RunResult ended = program->wait();
      EXPECT_TRUE(ended.exit_code == 3 || ended.exit_code == 4) << ended.describe();  // a server that was away
      program.reset();
    }
    std::vector<std::string> command{"pgsql2pgsql", "-j", "2"};
    if (i < events.size() / 3) command.insert(command.end(), {"--max-rate", "5000"});  // so that events hit the copy
    if (!program) program = std::make_unique<Program>(command, here_);
    // The second half is to hit the following.
    if (i == events.size() / 2) {
      EXPECT_TRUE(eventually([&] { return state() == "following" || !program->running(); }, 900s));
    }
    // Two really large ones, in the copy and behind it, and many smaller ones.
    const bool largest = i % (events.size() / 2) == events.size() / 4;
    if (largest) large_transaction(static_cast<int>(i), number_from_environment("DBSYNC_TORTURE_LARGE", 50000));
    if (i % 8 == 7) large_transaction(static_cast<int>(i), 10000);
    std::this_thread::sleep_for(std::chrono::milliseconds(random_() % 1200 + (largest ? 5000 : 50)));
    in_copy += state() == "copying" ? 1 : 0;
    strike(events[i], program);
  }
  program.reset();
  EXPECT_GT(in_copy, 0) << "nothing hit the copy";
  load.signal(SIGTERM);  // INT may be ignored in the background
  load.wait();
  RunResult last;
  for (int i = 0; i < 5 && last.exit_code != 0; ++i)
    last = run_program({"pgsql2pgsql", "-j", "2", "--end-at", "now"}, here_);
  EXPECT_EQ(last.exit_code, 0) << last.describe();
  expect_equal();
  fmt::print(
      "{} kills, crashes and cuts, {} of them during the copy; the program ended by itself {} times; {} transactions\n",
      events.size(), in_copy, by_itself, source_.value("select count(*) from log"));
}

}  // namespace

}  // namespace dbsync::test
