// mysql2pgsql is killed again and again while it copies and follows a source that is being
// written to: every change arrives, and each once.
#include <signal.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/migration.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using namespace std::chrono_literals;

constexpr int kKills = 6;
constexpr unsigned kAccounts = 5;

// What is done twice or not at all shows in the sums: nothing here can be repeated.
void write_until(const std::atomic<bool>& stop, const std::string& database, unsigned seed) {
  MysqlSession session(database);
  std::mt19937 random(seed);
  const auto below = [&](unsigned limit) { return random() % limit; };
  while (!stop) {
    session.run("BEGIN; INSERT INTO seq (v) VALUES (1)");
    session.run(fmt::format("UPDATE acc SET m = m + 1 WHERE id = {}; UPDATE acc SET m = m - 1 WHERE id = {}",
                            below(kAccounts), below(kAccounts)));
    session.run(fmt::format("INSERT INTO log VALUES ({}, 'x')", below(10)));
    session.run(fmt::format("DELETE FROM log WHERE a = {} LIMIT 1", below(10)));
    session.run(below(4) == 0 ? "ROLLBACK" : "COMMIT");
  }
}

}  // namespace

using BinlogKills = MigrationTest;

TEST_F(BinlogKills, EveryChangeArrivesOnce) {
  source.exec(
      "CREATE TABLE seq (id bigint auto_increment PRIMARY KEY, v int); CREATE TABLE acc (id int PRIMARY KEY, m "
      "bigint); "
      "CREATE TABLE log (a int, b varchar(20)); INSERT INTO acc VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0)");
  std::atomic<bool> stop = false;
  std::thread writer([&] { write_until(stop, source.name(), 17); });
  std::mt19937 random(4);
  for (int i = 0; i < kKills; ++i) {
    Program program({"mysql2pgsql", "--follow", "--create"}, here());
    std::this_thread::sleep_for(300ms + std::chrono::milliseconds(random() % 1500));
    program.signal(SIGKILL);
    program.wait();
  }
  stop = true;
  writer.join();
  const RunResult last = run({"mysql2pgsql", "--follow", "--create", "--end-at", "now", "--verify"});
  EXPECT_EQ(last.exit_code, 0) << last.describe();
  EXPECT_EQ(target.value("SELECT sum(m) FROM acc"), "0");
  EXPECT_NE(target.value("SELECT count(*) FROM seq"), "0");
}

// What a foreign key does goes through a table that was not copied yet, and is not there: what
// is behind it is copied again.
TEST_F(BinlogKills, ACopyGoesOnBehindATableThatItHadNotBrought) {
  constexpr int kMiddleRows = 20000;
  source.exec(
      "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE m (id int AUTO_INCREMENT PRIMARY KEY, p int, FOREIGN KEY (p) "
      "REFERENCES p (id) ON DELETE CASCADE); CREATE TABLE l (id int PRIMARY KEY, m int, FOREIGN KEY (m) REFERENCES m "
      "(id) ON DELETE SET NULL); INSERT INTO p VALUES (1), (2), (3)");
  std::string rows;
  for (int i = 0; i < kMiddleRows; ++i) rows += fmt::format("{}({})", i > 0 ? "," : "", 1 + i % 3);
  source.exec("INSERT INTO m (p) VALUES " + rows + "; INSERT INTO l VALUES (1, 1), (2, 2), (3, 3), (4, 4)");
  Program program({"mysql2pgsql", "--follow", "--create", "-j", "2", "--max-rate", "1000"}, here());
  ASSERT_TRUE(eventually([&] {
    return target.value("SELECT to_regclass('l') IS NOT NULL") == "t" && target.value("SELECT count(*) FROM l") == "4";
  }));
  program.signal(SIGKILL);
  program.wait();
  ASSERT_LT(std::stoi(target.value("SELECT count(*) FROM m")), kMiddleRows);
  target.exec("DROP TABLE m");
  source.exec("DELETE FROM p WHERE id = 1; INSERT INTO l VALUES (5, 2)");
  const RunResult last = run({"mysql2pgsql", "--follow", "--create", "--end-at", "now", "--verify"});
  EXPECT_EQ(last.exit_code, 0) << last.describe();
  EXPECT_EQ(target.value("SELECT count(*) FROM l WHERE m IS NULL"), "2");
}

}  // namespace dbsync::test
