// mysql2pgsql --resync: one table of a task is copied again at a later moment of the binlog.
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/background.h"
#include "tests/harness/binlog_fixture.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using namespace std::chrono_literals;

constexpr int kConfig = 2;
constexpr int kSourceFailed = 3;

class BinlogResync : public BinlogTest {
 protected:
  void resync(const std::string& table, int status = 0) {
    last_ = run({"mysql2pgsql", "--resync", table});
    ASSERT_EQ(last_.exit_code, status) << last_.describe();
  }
  void expect_equal() {
    const RunResult result = follow({"--verify"});
    EXPECT_EQ(result.exit_code, 0) << result.describe();
  }
  std::string state() {
    return target.value("SELECT max(state) FROM dbsync.apply_progress WHERE task NOT LIKE '% (resync)'");
  }
  std::string resync_state() {
    return target.value("SELECT coalesce(max(state), '') FROM dbsync.apply_progress WHERE task LIKE '% (resync)'");
  }
  bool arrives(const std::string& query, const std::string& value) {
    return eventually([&] { return target.value(query) == value; });
  }
  RunResult last_;
};

std::function<void(int)> changes(const std::string& database) {
  return [session = std::make_shared<MysqlSession>(database)](int n) {
    for (const char* table : {"damaged", "other"})
      session->run(
          fmt::format("BEGIN; UPDATE {0} SET v = v + 1 WHERE id = {1}; INSERT INTO {0}_log VALUES ({2}, 'x'); "
                      "DELETE FROM {0}_log WHERE a = {2} - 50; COMMIT",
                      table, 1 + n % 200, n));
  };
}

}  // namespace

TEST_F(BinlogResync, MendsATableWhileAllAreWrittenToAndItIsKilled) {
  std::string rows;
  for (int i = 1; i <= 500; ++i) rows += fmt::format("{}({}, 0)", i > 1 ? "," : "", i);
  for (const char* table : {"damaged", "other"})
    source.exec(
        fmt::format("CREATE TABLE {0} (id int PRIMARY KEY, v int); CREATE TABLE {0}_log (a int, b varchar(9)); "
                    "INSERT INTO {0} VALUES {1}",
                    table, rows));
  begin();
  Background writer(changes(source.name()));
  std::mt19937 random(5);
  for (int i = 0; i < 3; ++i) {
    target.exec("UPDATE damaged SET v = -7; DELETE FROM damaged_log");
    Program program({"mysql2pgsql", "--resync", "damaged", "--resync", "damaged_log", "--max-rate", "1000"}, here());
    std::this_thread::sleep_for(100ms + std::chrono::milliseconds(random() % 600));
    program.signal(SIGKILL);
    program.wait();
    const bool begun = state() == "copying";
    if (begun && i == 0) {
      const RunResult result = run({"mysql2pgsql", "--follow-only", "--end-at", "now"});
      EXPECT_EQ(result.exit_code, 0) << result.describe();
    } else {
      resync("damaged*");
    }
    EXPECT_EQ(state(), "following");
  }
  writer.stop();
  expect_equal();
}

// The target's table is in use, so that its copy waits; killed before it ends and behind it.
TEST_F(BinlogResync, TheOthersAreFollowedWhileItIsCopiedAndCatchesUp) {
  for (const char* table : {"damaged", "damaged_log", "other"})
    source.exec(
        fmt::format("CREATE TABLE {0} (id int PRIMARY KEY, v int); INSERT INTO {0} SELECT seq, 0 FROM "
                    "seq_1_to_100",
                    table));
  begin();
  int others = 100;
  for (const char* until : {"copying", "following", "end"}) {
    target.exec("UPDATE damaged SET v = -1");
    PgSession reader(target.conninfo());
    reader.run("BEGIN; LOCK TABLE damaged_log IN ACCESS SHARE MODE");
    Program program({"mysql2pgsql", "--resync", "damaged*"}, here());
    ASSERT_TRUE(eventually([this] { return resync_state() == "copying"; })) << program.err_so_far();
    EXPECT_TRUE(arrives("SELECT count(*) FROM damaged WHERE v = -1", "0")) << program.err_so_far();
    PgSession writer(target.conninfo());
    const std::string row = std::to_string(900 + others);
    if (until == std::string("following")) writer.run("BEGIN; INSERT INTO damaged VALUES (" + row + ")");
    source.exec("INSERT INTO damaged VALUES (" + row + ", 1); UPDATE damaged_log SET v = v + 1");
    const auto another_arrives = [&] {  // so the others are beyond what was done before
      source.exec(fmt::format("UPDATE other SET v = v + 1; INSERT INTO other VALUES ({}, 0)", ++others));
      EXPECT_TRUE(arrives("SELECT count(*) FROM other", std::to_string(others))) << program.err_so_far();
    };
    another_arrives();
    if (until != std::string("copying")) reader.run("COMMIT");
    if (until == std::string("following")) {
      EXPECT_TRUE(eventually([this] { return resync_state() == "following"; })) << program.err_so_far();
      another_arrives();
    }
    if (until == std::string("end")) {
      const RunResult result = program.wait();
      EXPECT_EQ(result.exit_code, 0) << result.describe();
    } else {
      program.signal(SIGKILL);
      program.wait();
      reader.run("ROLLBACK");
      writer.run("ROLLBACK");
    }
    const RunResult result = follow({"--verify"});
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    const bool went_on = result.err.find("copied before: ") != std::string::npos;
    EXPECT_EQ(went_on, until == std::string("following")) << result.describe();
    EXPECT_EQ(state(), "following");
    EXPECT_EQ(resync_state(), "");
  }
}

TEST_F(BinlogResync, MendsWhatATaskStoppedAt) {
  source.exec(
      "CREATE TABLE t (id int PRIMARY KEY, v int); CREATE TABLE other (id int PRIMARY KEY); "
      "INSERT INTO t VALUES (1, 1)");
  begin();
  source.exec("UPDATE t SET v = 2; ALTER TABLE t ADD w int; UPDATE t SET w = 3; INSERT INTO other VALUES (1)");
  const RunResult stopped = follow();
  EXPECT_EQ(stopped.exit_code, kSourceFailed) << stopped.describe();
  EXPECT_NE(stopped.err.find(fmt::format("--resync {}.t ", source.name())), std::string::npos) << stopped.err;
  target.exec("ALTER TABLE t ADD w int");
  resync("t");
  EXPECT_NE(last_.err.find("copied again: "), std::string::npos) << last_.err;
  source.exec("INSERT INTO t VALUES (2, 2, 2)");
  expect_equal();
  EXPECT_EQ(target.value("SELECT string_agg(t::text, ' ' ORDER BY id) FROM t"), "(1,2,3) (2,2,2)");
}

// Rows that foreign keys delete are in no binlog, so what hangs on its rows comes with it.
TEST_F(BinlogResync, TablesBehindCascadesComeWithIt) {
  source.exec(
      "CREATE TABLE top (id int PRIMARY KEY); CREATE TABLE mid (id int PRIMARY KEY, t int, FOREIGN KEY (t) REFERENCES "
      "top (id) ON DELETE CASCADE); CREATE TABLE low (id int PRIMARY KEY, m int, FOREIGN KEY (m) REFERENCES mid (id) "
      "ON "
      "DELETE CASCADE); CREATE TABLE other (id int PRIMARY KEY); INSERT INTO top VALUES (1), (2), (3); INSERT INTO mid "
      "VALUES (1, 1), (2, 2), (3, 3); INSERT INTO low VALUES (1, 1), (2, 2), (3, 3)");
  begin();
  target.exec("UPDATE mid SET t = 3 WHERE id = 1");
  source.exec("DELETE FROM top WHERE id = 2; INSERT INTO other VALUES (1)");
  resync("mid");
  EXPECT_NE(last_.err.find(".low, "), std::string::npos) << last_.err;
  source.exec("DELETE FROM top WHERE id = 1");
  expect_equal();
  EXPECT_EQ(target.value("SELECT (SELECT count(*) FROM mid) || ' ' || (SELECT count(*) FROM low)"), "1 1");
}

// What stands between it and another table comes with it, too.
TEST_F(BinlogResync, ATableAtTheEndOfCascades) {
  source.exec(
      "CREATE TABLE top (id int PRIMARY KEY); CREATE TABLE mid (id int PRIMARY KEY, t int, FOREIGN KEY (t) REFERENCES "
      "top (id) ON DELETE CASCADE); CREATE TABLE low (id int PRIMARY KEY, m int, FOREIGN KEY (m) REFERENCES mid (id) "
      "ON DELETE CASCADE); INSERT INTO top VALUES (1), (2), (3); INSERT INTO mid VALUES (1, 1), (2, 2), (3, 3); "
      "INSERT INTO low VALUES (1, 1), (2, 2), (3, 3)");
  begin();
  target.exec("UPDATE low SET m = 3 WHERE id = 1");
  PgSession reader(target.conninfo());
  reader.run("BEGIN; LOCK TABLE low IN ACCESS SHARE MODE");
  Program program({"mysql2pgsql", "--resync", "low"}, here());
  ASSERT_TRUE(eventually([this] { return resync_state() == "copying"; })) << program.err_so_far();
  source.exec("DELETE FROM top WHERE id = 2");
  EXPECT_TRUE(arrives("SELECT count(*) FROM top", "2")) << program.err_so_far();
  reader.run("COMMIT");
  const RunResult result = program.wait();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.err.find(".mid"), std::string::npos) << result.err;
  expect_equal();
  EXPECT_EQ(target.value("SELECT (SELECT count(*) FROM mid) || ' ' || (SELECT count(*) FROM low)"), "2 2");
}

// The role may not keep keys from acting, so they are dropped: a run that is killed behind the
// joining, before they are back, leaves that to the next one, whichever it is.
TEST_F(BinlogResync, KeysThatAreDroppedComeBack) {
  const std::string role = target.name() + "_role";
  target.exec(
      fmt::format("CREATE ROLE {0} LOGIN; GRANT CREATE ON DATABASE {1} TO {0}; GRANT ALL ON SCHEMA public TO {0}", role,
                  target.name()));
  dir.write_file(
      "my.cfg", my_cfg(mysql_section(Servers::instance().mysql(), source.name()), target.conninfo() + " user=" + role));
  source.exec(
      "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int PRIMARY KEY, p int, FOREIGN KEY (p) "
      "REFERENCES parent (id)); CREATE TABLE slow (id int PRIMARY KEY); INSERT INTO parent VALUES (1); INSERT INTO "
      "child VALUES (1, 1); INSERT INTO slow VALUES (1)");
  begin();
  const std::string keys = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated";
  const std::vector<std::vector<std::string>> next{{"mysql2pgsql", "--end-at", "now"},
                                                   {"mysql2pgsql", "--follow-only", "--end-at", "now"},
                                                   {"mysql2pgsql", "--resync", "slow"}};
  int n = 1;
  for (const auto& command : next) {
    PgSession reader(target.conninfo());
    reader.run("BEGIN; LOCK TABLE slow IN ACCESS SHARE MODE");
    Program program({"mysql2pgsql", "--resync", "parent", "--resync", "slow"}, here());
    ASSERT_TRUE(arrives(keys, "0")) << program.err_so_far();
    PgSession writer(target.conninfo());
    writer.run("BEGIN; LOCK TABLE child IN ROW EXCLUSIVE MODE");  // the key waits for its end
    ++n;
    source.exec(fmt::format("INSERT INTO parent VALUES ({0}); INSERT INTO child VALUES ({0}, {0})", n));
    reader.run("COMMIT");
    EXPECT_TRUE(arrives("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'child'::regclass", "1"))
        << program.err_so_far();
    EXPECT_EQ(state() + resync_state(), "following");
    program.signal(SIGKILL);
    program.wait();
    writer.run("ROLLBACK");
    const RunResult after = run(command);
    EXPECT_EQ(after.exit_code, 0) << after.describe();
    EXPECT_EQ(target.value(keys), "1") << after.describe();
    expect_equal();
  }
  target.exec("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

TEST_F(BinlogResync, BringsATableThatWasMadeLater) {
  source.exec("CREATE TABLE t (id int PRIMARY KEY)");
  begin();
  source.exec("CREATE TABLE later (id int PRIMARY KEY); INSERT INTO later VALUES (1)");
  target.exec("CREATE TABLE later (id int PRIMARY KEY)");
  resync("late", kConfig);
  resync("later");
  source.exec("INSERT INTO later VALUES (2); INSERT INTO t VALUES (1)");
  expect_equal();
  EXPECT_EQ(target.value("SELECT count(*) FROM later"), "2");
}

}  // namespace dbsync::test
