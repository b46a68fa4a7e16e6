// The load of tables that are cut, slow, or fail in the middle: what stays on the
// target, what the messages say, and that the other tables come from the same
// snapshot.
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/migration.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using namespace std::chrono_literals;

constexpr int kTargetFailed = 4;
constexpr int kInterrupted = 130;
constexpr long kMostKib = 64 * 1024;

constexpr auto kLongest = 60s;  // for what the servers do meanwhile

class LoadTest : public MigrationTest {
 protected:
  // Ids 1 to 10000 in 40 MB: more than all buffers between the servers hold.
  void make_big_table() {
    source.exec(R"(
      create table digit (n int primary key);
      insert into digit values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
      create table big (id int primary key, filler varchar(4000));
      insert into big select 1 + a.n + 10 * b.n + 100 * c.n + 1000 * d.n, repeat('x', 4000)
        from digit a, digit b, digit c, digit d;
      analyze table big)");
    target.exec("create table big (id int primary key, filler varchar(4000)); create table digit (n int)");
  }

  // Each of the rows waits on its way into the table until let_go(), then does `then`.
  void hold_rows(const std::string& ids, const std::string& then = "") {
    target.exec(fmt::format(R"(
      create function wait_for_it(id int) returns boolean language plpgsql as $$ begin
        if id in ({}) then perform pg_advisory_xact_lock_shared(77); {} end if;
        return true; end $$;
      alter table big add constraint wait check (wait_for_it(id));
      select pg_advisory_lock(77))",
                            ids, then));
  }
  bool held(int rows) {
    return eventually(
        [&] {
          return target.value(
                     "select count(*) from pg_stat_activity where datname = current_database() and wait_event = "
                     "'advisory'") == std::to_string(rows);
        },
        kLongest);
  }
  void let_go() { target.exec("select pg_advisory_unlock(77)"); }

  std::string count(const std::string& table) { return target.value("select count(*) from " + table); }
  static std::string chunks_on_target(const nlohmann::json& table) {
    return fmt::format("{} of its {} chunks are on the target", table.at("chunks_done").get<int>(),
                       table.at("chunks").get<int>());
  }
};

// One worker has one session, and its snapshot cannot be had again: a failure on
// the target in the middle of a table must not cost it.
TEST_F(LoadTest, AfterAFailedTableTheOthersComeFromTheSameSnapshot) {
  make_big_table();
  source.exec("create table later (n int primary key); insert into later values (1), (2)");
  target.exec("create table later (n int)");
  hold_rows("2000", "raise exception 'not this one';");
  Program program({"mysql2pgsql", "-j", "1", "--chunk-size", "0"}, here());
  ASSERT_TRUE(held(1)) << program.err_so_far();
  source.exec("insert into later values (3)");
  let_go();
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, kTargetFailed) << run.describe();
  EXPECT_NE(run.err.find("not this one"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("2 done, 1 failed"), std::string::npos) << run.err;
  EXPECT_EQ(count("big"), "0");
  EXPECT_EQ(count("digit"), "10");
  EXPECT_EQ(count("later"), "2") << "3 was not there at the snapshot";
}

TEST_F(LoadTest, AFailedChunkIsNamedAndTheOthersAreCounted) {
  make_big_table();
  hold_rows("5000", "raise exception 'not this one';");
  Program program({"mysql2pgsql", "-j", "2", "--chunk-size", "1MB", "--report", "report.json"}, here());
  ASSERT_TRUE(held(1)) << program.err_so_far();
  ASSERT_TRUE(eventually([this] { return count("big") != "0"; }, kLongest)) << program.err_so_far();
  let_go();
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, kTargetFailed) << run.describe();
  const auto big = report_table("big");
  EXPECT_EQ(big.at("status"), "failed");
  EXPECT_GT(big.at("chunks_done"), 0);
  EXPECT_LT(big.at("chunks_done"), big.at("chunks"));
  const std::string message = big.at("error").at("message");
  EXPECT_NE(message.find("where `id` >= "), std::string::npos) << message;
  EXPECT_NE(message.find("not this one"), std::string::npos) << message;
  EXPECT_NE(run.err.find(chunks_on_target(big)), std::string::npos) << chunks_on_target(big) << "\n" << run.err;
  EXPECT_EQ(std::to_string(big.at("rows").get<long>()), count("big")) << "rows of the committed chunks";
  EXPECT_EQ(target.value("select count(*) from big where id = 5000"), "0");
  EXPECT_EQ(count("digit"), "10");
}

// A new table of which a part is there is not completed, and not dropped either.
TEST_F(LoadTest, AnInterruptedCutTableSaysHowManyChunksAreThere) {
  make_big_table();
  hold_rows("5000, 9000");
  Program program({"mysql2pgsql", "-j", "2", "--chunk-size", "1MB", "--report", "report.json"}, here());
  // Both workers wait, and there are chunks behind 9000.
  ASSERT_TRUE(held(2)) << program.err_so_far();
  program.signal(SIGINT);
  ASSERT_TRUE(
      eventually([&] { return program.err_so_far().find("interrupted: stopping") != std::string::npos; }, kLongest))
      << program.err_so_far();
  let_go();
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, kInterrupted) << run.describe();
  const auto big = report_table("big");
  EXPECT_EQ(big.at("status"), "interrupted");
  EXPECT_GT(big.at("chunks_done"), 0);
  EXPECT_NE(run.err.find("big: interrupted; " + chunks_on_target(big)), std::string::npos) << run.err;
  EXPECT_EQ(std::to_string(big.at("rows").get<long>()), count("big"));
  EXPECT_NE(count("big"), "10000");
}

// The target's backends of the test's database, stopped while this lives.
class Stall {
 public:
  explicit Stall(TargetDb& target) {
    for (const Row& row : target.query("select pid from pg_stat_activity where datname = current_database() and "
                                       "pid <> pg_backend_pid()")) {
      pids_.push_back(std::stoi(row[0].value_or("0")));
      kill(pids_.back(), SIGSTOP);
    }
  }
  ~Stall() {
    for (const pid_t pid : pids_) kill(pid, SIGCONT);
  }
  Stall(const Stall&) = delete;
  Stall& operator=(const Stall&) = delete;

  std::size_t backends() const { return pids_.size(); }

 private:
  std::vector<pid_t> pids_;
};

// A source gives up a client that does not read for net_write_timeout seconds. In
// make test that is 2; DBSYNC_STALL_SECONDS=90 stalls beyond the server's own 60.
class StallTest : public LoadTest {
 protected:
  void SetUp() override {
    if (!env_or("DBSYNC_TEST_PG", "").empty() || !env_or("DBSYNC_TEST_MYSQL", "").empty())
      GTEST_SKIP() << "stops the processes of its own servers only";
    const std::string seconds = env_or("DBSYNC_STALL_SECONDS", "");
    if (!seconds.empty()) {
      stall_ = std::chrono::seconds(std::stoi(seconds));
      return;
    }
    usual_ = source.query("select @@global.net_write_timeout")[0][0].value_or("");
    source.exec("set global net_write_timeout = 2");
  }
  void TearDown() override {
    if (!usual_.empty()) source.exec("set global net_write_timeout = " + usual_);
  }

  std::chrono::seconds stall_ = 6s;

 private:
  std::string usual_;
};

TEST_F(StallTest, ATargetThatStallsLongerThanTheSourceWaitsIsLoadedAllTheSame) {
  make_big_table();
  hold_rows("1500");  // 34 MB are still to come: the source must wait, too
  RunOptions options;
  options.timeout = stall_ + 180s;
  Program program({"mysql2pgsql", "-j", "2", "--chunk-size", "0"}, here(options));
  ASSERT_TRUE(held(1)) << program.err_so_far();
  {
    const Stall stall(target);
    EXPECT_GE(stall.backends(), 1u);
    let_go();
    std::this_thread::sleep_for(stall_);
    EXPECT_TRUE(program.running()) << program.err_so_far();
  }
  const RunResult run = program.wait();
  ASSERT_EQ(run.exit_code, 0) << run.describe();
  const std::string sums = "select count(*), sum(id), sum(length(filler)) from big";
  EXPECT_EQ(difference(source.query(sums), target.query(sums)), "");
  EXPECT_TRUE(sanitized() || run.peak_rss_kib < kMostKib) << run.describe();
}

class FreezeTest : public LoadTest {
 protected:
  void SetUp() override {
    if (!source.is_mariadb()) GTEST_SKIP() << "its rows come from MariaDB's SEQUENCE engine";
    if (target.value("select count(*) from pg_available_extensions where name = 'pageinspect'") == "0")
      GTEST_SKIP() << "the extension pageinspect is not installed";
    target.exec("create extension pageinspect");
  }
  // Rows whose header says that they are frozen, of all.
  std::string frozen(const std::string& name) {
    return target.value(
        fmt::format("select count(*) filter (where t_infomask & 768 = 768) || ' of ' || count(*) "
                    "from generate_series(0, pg_relation_size('{0}') / current_setting('block_size')::int - 1) page, "
                    "heap_page_items(get_raw_page('{0}', page::int)) where t_data is not null",
                    name));
  }
};

TEST_F(FreezeTest, RowsOfATableLoadedAtOnceAreFrozen) {
  source.exec("create table t (id int primary key); insert into t values (1), (2), (3)");
  // A table that the run makes is worth it from 1 MiB on.
  source.exec(
      "create table large (id int primary key, filler char(250)); "
      "insert into large select seq, repeat('x', 250) from seq_1_to_8000; analyze table large");
  ASSERT_EQ(run({"mysql2pgsql", "--create"}).exit_code, 0);
  EXPECT_EQ(frozen("large"), "8000 of 8000");
  source.exec("drop table large");
  ASSERT_EQ(run({"mysql2pgsql", "--append"}).exit_code, kTargetFailed) << "the keys are there already";
  ASSERT_EQ(run({"mysql2pgsql", "--truncate"}).exit_code, 0);
  EXPECT_EQ(frozen("t"), "3 of 3");
  target.exec("truncate t");
  ASSERT_EQ(run({"mysql2pgsql"}).exit_code, 0);
  EXPECT_EQ(frozen("t"), "0 of 3") << "not emptied by the load's own transaction";
}

// The server refuses FREEZE for a partitioned table; the copy must not ask for it.
TEST_F(FreezeTest, RowsOfAPartitionedTableAreNot) {
  source.exec(
      "create table t (id int primary key) partition by range (id) (partition low values less than (10), "
      "partition high values less than maxvalue); insert into t values (1), (2), (30)");
  const RunResult result = run({"mysql2pgsql", "--create"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value("select relkind from pg_class where oid = 't'::regclass"), "p");
  EXPECT_EQ(count("t"), "3");
  const std::string leaf = target.value("select tableoid::regclass from t where id = 1");
  EXPECT_EQ(frozen(leaf), "0 of 2");
}

// Lower bounds only: a busy machine is slower, never faster.
// "(1…), (2…), …": not every server has MariaDB's sequences.
std::string numbers(int count, const std::string& more) {
  std::string out;
  for (int i = 1; i <= count; ++i) out += fmt::format("{}({}{})", i > 1 ? ", " : "", i, more);
  return out;
}

TEST_F(LoadTest, MaxRateHoldsTheRows) {
  source.exec("create table t (id int primary key); insert into t values " + numbers(1500, ""));
  const RunResult result = run({"mysql2pgsql", "--create", "-j", "4", "--max-rate", "1000"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(count("t"), "1500");
  EXPECT_GE(result.seconds, 1.5);
}

TEST_F(LoadTest, MaxRateHoldsTheBytesOfAllWorkersTogether) {
  std::string list;
  source.exec("create table t (id int primary key, body varchar(4000)); insert into t values " +
              numbers(300, ", repeat('x', 1000)"));
  for (int i = 0; i < 4; ++i) list += fmt::format("t{} : select * from t\n", i);
  table_list(list);
  const RunResult result = run(
      {"mysql2pgsql", "--create", "-j", "4", "--max-rate", "512kB", "-l", "tab_list.txt", "--report", "report.json"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  const auto bytes = report().at("bytes").get<double>();
  EXPECT_GT(bytes, 1.2e6);
  EXPECT_GE(result.seconds, bytes / (512 * 1024));
}

}  // namespace

}  // namespace dbsync::test
