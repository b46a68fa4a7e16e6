// All workers see one moment of the source, whichever way it was had: a writer
// moves money between two tables and rows between keys during the whole load, and
// the target shows the sums, counts and the number of transactions of one moment.
#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/migration.h"

namespace dbsync::test {

namespace {

using namespace std::chrono_literals;

constexpr int kSourceFailed = 3;
constexpr int kRows = 2000;  // of each of the two tables
constexpr int kMoneyPerRow = 1000;

std::string key_line(const std::string& consistency) { return fmt::format("consistency = \"{}\"\n", consistency); }

// Each transaction moves money from a row of one table to a row of the other,
// gives a row of either table another key nearby (a delete and an insert: some of
// them cross the bounds of chunks), and counts itself.
class Writer {
 public:
  // `burst` transactions, then a pause, and so on.
  Writer(const std::string& database, int burst, std::chrono::milliseconds pause)
      : thread_([this, database, burst, pause] { run(database, burst, pause); }) {}
  ~Writer() { stop(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // What went wrong; "" when nothing did.
  std::string stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return problem_;
  }
  long done() const { return done_; }

 private:
  void run(const std::string& database, int burst, std::chrono::milliseconds pause) {
    try {
      MysqlSession session(database);
      while (!stop_) {
        for (int i = 0; i < burst; ++i) transaction(session);
        std::this_thread::sleep_for(pause);
      }
    } catch (const std::exception& error) {
      problem_ = error.what();
    }
  }

  int any_row() { return static_cast<int>(engine_() % kRows); }

  static std::string move_key(const char* table, int row) {
    const std::string rows = fmt::format("from {} where id between {} and {}", table, row * 10, row * 10 + 9);
    // The new key comes first, so that the row is never without one.
    return fmt::format(
        "set @old = (select id {0}); set @new = {1} + (@old - {1} + 1) % 10;"
        "insert into {2} select @new, money, body from {2} where id = @old; delete from {2} where id = @old;",
        rows, row * 10, table);
  }

  void transaction(MysqlSession& session) {
    const int amount = static_cast<int>(engine_() % 500);
    const int from = any_row() * 10;
    const int to = any_row() * 10;
    session.run(
        fmt::format("begin; update a set money = money - {0} where id between {1} and {1} + 9;"
                    "update b set money = money + {0} where id between {2} and {2} + 9; {3} {4}"
                    "update ticks set n = n + 1; commit",
                    amount, from, to, move_key("a", any_row()), move_key("b", any_row())));
    ++done_;
  }

  std::mt19937 engine_{42};
  std::atomic<bool> stop_ = false;
  std::atomic<long> done_ = 0;
  std::string problem_;
  std::thread thread_;
};

class ConsistencyTest : public MigrationTest {
 protected:
  void make_tables() {
    for (const char* table : {"a", "b"})
      source.exec(
          fmt::format("create table {0} (id int primary key, money bigint not null, body varchar(300) not null);"
                      "insert into {0} select seq * 10, {2}, repeat(md5(seq), 7) from seq_0_to_{1}; analyze table {0}",
                      table, kRows - 1, kMoneyPerRow));
    source.exec("create table ticks (id int primary key, n bigint not null); insert into ticks values (1, 0)");
  }

  void configure_source(const std::string& keys) { configure_source(Servers::instance().mysql(), source.name(), keys); }
  void configure_source(const MysqlAccess& access, const std::string& database, const std::string& keys) {
    dir.write_file("my.cfg", my_cfg(mysql_section(access, database) + keys, target.conninfo()));
  }

  RunResult copy(const std::vector<std::string>& more = {}) {
    std::vector<std::string> args = {"mysql2pgsql", "--create", "--report", "report.json"};
    args.insert(args.end(), more.begin(), more.end());
    return run(args);
  }

  void expect_one_moment() {
    EXPECT_EQ(target.value("select (select sum(money) from a) + (select sum(money) from b)"),
              std::to_string(2L * kRows * kMoneyPerRow));
    for (const char* table : {"a", "b"}) {
      EXPECT_EQ(target.value(fmt::format("select count(*) from {}", table)), std::to_string(kRows)) << table;
      // A row that was copied under two keys, or under none.
      EXPECT_EQ(target.value(fmt::format("select count(distinct id / 10) from {}", table)), std::to_string(kRows))
          << table;
    }
  }
};

// "0-1-17": the last number counts the transactions of the server.
long transactions_of(const std::string& gtid) {
  const auto dash = gtid.rfind('-');
  if (dash == std::string::npos) return -1;
  return std::stol(gtid.substr(dash + 1));
}

struct Rung {
  const char* consistency;
  const char* method;
  int burst;
  std::chrono::milliseconds pause;
};

void PrintTo(const Rung& rung, std::ostream* out) { *out << rung.consistency; }

class Rungs : public ConsistencyTest, public ::testing::WithParamInterface<Rung> {
 protected:
  // The position is that of the copied rows: the writer's own count of its
  // transactions, as copied, is what the binlog counts up to the position.
  void expect_right_position(const nlohmann::json& snapshot, long gtid_before) {
    const std::string gtid =
        source
            .query(fmt::format("select binlog_gtid_pos('{}', {})", snapshot.at("binlog_file").get<std::string>(),
                               snapshot.at("binlog_position").get<std::string>()))
            .at(0)
            .at(0)
            .value_or("");
    EXPECT_EQ(snapshot.at("gtid"), gtid);
    EXPECT_EQ(target.value("select n from ticks"), std::to_string(transactions_of(gtid) - gtid_before));
  }
};

TEST_P(Rungs, ShowOneMomentOfAMovingSource) {
  if (!source.is_mariadb()) GTEST_SKIP() << "counts transactions by MariaDB's GTID";
  const Rung& rung = GetParam();
  make_tables();
  configure_source(key_line(rung.consistency));
  const long before = transactions_of(source.query("select @@gtid_binlog_pos")[0][0].value_or(""));
  Writer writer(source.name(), rung.burst, rung.pause);
  // Slow enough for the writer to change many rows between the first and the last chunk.
  const RunResult result = copy({"--chunk-size", "64kB", "-j", "4", "--max-rate", "4000"});
  const std::string problem = writer.stop();
  ASSERT_EQ(problem, "");
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  const long copied = std::stol(target.value("select n from ticks"));
  EXPECT_GT(writer.done(), copied) << "the writer did nothing during the load";
  expect_one_moment();
  const auto json = report();
  const auto& snapshot = json.at("snapshot");
  EXPECT_EQ(snapshot.at("method"), rung.method);
  EXPECT_EQ(snapshot.at("consistent"), true);
  EXPECT_NE(result.err.find(fmt::format("snapshot: {}, binlog_file", rung.method)), std::string::npos) << result.err;
  for (const auto& table : json.at("tables"))
    EXPECT_TRUE(table.at("table") == "ticks" || table.at("chunks") > 1) << table;
  expect_right_position(snapshot, before);
}

INSTANTIATE_TEST_SUITE_P(Consistency, Rungs,
                         ::testing::Values(Rung{"binlog_position", "equal binlog positions, no lock", 10, 20ms},
                                           Rung{"auto", "equal binlog positions, no lock", 10, 20ms},
                                           Rung{"global_lock", "global read lock", 50, 1ms},
                                           Rung{"table_locks", "table locks", 50, 1ms},
                                           // Needs a binlog that stands still for a moment.
                                           Rung{"optimistic", "optimistic: the binlog did not move", 10, 400ms}),
                         [](const auto& rung) { return std::string(rung.param.consistency); });

// Accounts that may do little, on one of the servers.
class LittleRightsTest : public ConsistencyTest {
 protected:
  void use(const MysqlAccess& access) {
    access_ = access;
    admin_ = std::make_unique<MysqlSession>(access, "");
    user_ = source.name().substr(std::string_view("dbsync_").size());
    admin_->run(fmt::format(
        "create database if not exists `{0}`; use `{0}`; create table t (id int primary key);"
        "insert into t values (1), (2); create user {1}@localhost; grant select on `{0}`.* to {1}@localhost",
        source.name(), user_));
    reader_ = access;
    reader_.user = user_;
  }
  void grant(const std::string& privileges) { admin_->run(fmt::format("grant {} to {}@localhost", privileges, user_)); }
  void configure_reader(const std::string& keys = {}) { configure_source(reader_, source.name(), keys); }

  void TearDown() override {
    if (!admin_) return;
    admin_->run(fmt::format("drop user {}@localhost", user_));
    if (access_.socket != Servers::instance().mysql().socket)
      admin_->run(fmt::format("drop database `{}`", source.name()));
  }

  std::string method() const { return report().at("snapshot").at("method"); }

 private:
  MysqlAccess access_;
  MysqlAccess reader_;
  std::string user_;
  std::unique_ptr<MysqlSession> admin_;
};

TEST_F(LittleRightsTest, SelectIsEnoughWithABinlogOfMariaDB) {
  if (!source.is_mariadb()) GTEST_SKIP() << "MySQL does not tell the position of a snapshot";
  use(Servers::instance().mysql());
  configure_reader();
  const RunResult result = copy({"-j", "4"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(method(), "equal binlog positions, no lock");
}

TEST_F(LittleRightsTest, WithoutBinlogAndLocksSeveralWorkersAreRefused) {
  use(Servers::instance().mariadb_without_binlog());
  configure_reader();
  const RunResult refused = copy({"-j", "4"});
  EXPECT_EQ(refused.exit_code, kSourceFailed) << refused.describe();
  for (const char* text : {"no consistent snapshot", "RELOAD", "LOCK TABLES", "binlog", "-j 1", "consistency = none"})
    EXPECT_NE(refused.err.find(text), std::string::npos) << text << " is missing in " << refused.err;
  EXPECT_EQ(target.value("select to_regclass('t') is null"), "t")
      << "nothing may be touched before there is a snapshot";

  const RunResult one = copy({"-j", "1"});
  ASSERT_EQ(one.exit_code, 0) << one.describe();
  EXPECT_EQ(method(), "one session");
  EXPECT_EQ(report().at("snapshot").at("consistent"), true);
  EXPECT_EQ(target.value("select count(*) from t"), "2");
}

TEST_F(LittleRightsTest, NoneCopiesWithoutASnapshotAndSaysSo) {
  use(Servers::instance().mariadb_without_binlog());
  configure_reader(key_line("none"));
  const RunResult result = copy({"-j", "4"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(report().at("snapshot").at("consistent"), false);
  EXPECT_NE(result.err.find("its own moment"), std::string::npos) << result.err;
  EXPECT_EQ(target.value("select count(*) from t"), "2");
}

TEST_F(LittleRightsTest, EachRightOpensItsRung) {
  use(Servers::instance().mariadb_without_binlog());
  grant("lock tables on `" + source.name() + "`.*");
  configure_reader();
  const RunResult locks = copy({"-j", "4"});
  ASSERT_EQ(locks.exit_code, 0) << locks.describe();
  EXPECT_EQ(method(), "table locks");
  grant("reload on *.*");
  ASSERT_EQ(copy({"-j", "4", "--truncate"}).exit_code, 0);
  EXPECT_EQ(method(), "global read lock");
  EXPECT_FALSE(report().at("snapshot").contains("binlog_position"));
}

TEST_F(ConsistencyTest, ALockThatDoesNotComeEndsTheRun) {
  source.exec("create table t (id int primary key); insert into t values (1)");
  MysqlSession other(source.name());
  other.run("lock tables t write");
  for (const char* way : {"global_lock", "table_locks"}) {
    configure_source(key_line(way) + "lock_wait_timeout = \"1\"\n");
    const RunResult result = copy({"-j", "2"});
    EXPECT_EQ(result.exit_code, kSourceFailed) << result.describe();
    EXPECT_NE(result.err.find("1205"), std::string::npos) << result.err;
    EXPECT_EQ(target.value("select to_regclass('t') is null"), "t");
  }
}

TEST_F(ConsistencyTest, TablesWithoutTransactionsAreNamed) {
  source.exec("create table legacy (id int) engine=MyISAM; create table modern (id int) engine=InnoDB");
  const RunResult result = copy();
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  const auto warning = result.err.find("engines without transactions");
  ASSERT_NE(warning, std::string::npos) << result.err;
  const std::string line = result.err.substr(warning, result.err.find('\n', warning) - warning);
  EXPECT_NE(line.find("legacy (MyISAM)"), std::string::npos) << line;
  EXPECT_EQ(line.find("modern"), std::string::npos) << line;
}

}  // namespace

}  // namespace dbsync::test
