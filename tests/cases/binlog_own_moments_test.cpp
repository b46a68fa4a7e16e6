// mysql2pgsql follows behind a copy of no one moment (consistency = none): what the rows have
// already is made to fit up to the copy's end, and where that could go wrong it is refused.
//
// The server is the test's own, since XA transactions of others would be in the way.
// DBSYNC_OWN_MYSQL="sid DIRECTORY" takes a MySQL server instead of MariaDB
// (tests/matrix/mysql_server.sh).
#include <signal.h>

#include <cstdlib>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/binlog_fixture.h"
#include "tests/harness/own_server.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using testing::HasSubstr;

constexpr int kRefused = 2, kSourceFailed = 3, kDataFailed = 5;
const bool kOfMysql = std::getenv("DBSYNC_OWN_MYSQL") != nullptr;

class BinlogOwnMoments : public BinlogTest {
 protected:
  BinlogOwnMoments() {
    MysqlSession(server_.mysql(), "").run("CREATE DATABASE shop");
    dir.write_file("my.cfg", my_cfg(mysql_section(server_.mysql(), "shop") + "consistency = \"none\"\n",
                                    target.conninfo(), "[local.pgsql]\ntask = \"loose\"\n"));
  }

  void write(const std::string& sql) { MysqlSession(server_.mysql(), "shop").run(sql); }
  bool is(const char* state) {
    return target.value("SELECT to_regclass('dbsync.apply_progress') IS NOT NULL") == "t" &&
           target.value(fmt::format("SELECT count(*) FROM dbsync.apply_progress WHERE state = '{}'", state)) == "1";
  }
  void expect_refused(int status, const std::string& why) {
    const RunResult result = run({"mysql2pgsql", "--follow", "--create"});
    EXPECT_EQ(result.exit_code, status) << result.describe();
    EXPECT_THAT(result.err, HasSubstr(why));
  }

  // A server's directory stays.
  OwnServer server_{kOfMysql ? "mysql" : "mariadb",
                    std::string("own_") + ::testing::UnitTest::GetInstance()->current_test_info()->name(),
                    kOfMysql ? std::vector<std::string>{"--gtid-mode=ON", "--enforce-gtid-consistency=ON"}
                             : std::vector<std::string>{}};
};

}  // namespace

TEST_F(BinlogOwnMoments, ChangesThatTheCopyHasAlreadyAreMadeToFit) {
  std::string rows;
  for (int i = 0; i < 3000; ++i) rows += fmt::format("{}({})", i > 0 ? "," : "", i);
  write("CREATE TABLE slow (id int PRIMARY KEY); INSERT INTO slow VALUES " + rows +
        "; CREATE TABLE late (id int PRIMARY KEY, v int); INSERT INTO late VALUES (1, 1), (2, 2), (3, 3), (4, 4)");
  Program program({"mysql2pgsql", "--follow", "--create", "-j", "1", "--max-rate", "1500"}, here());
  ASSERT_TRUE(eventually([&] { return is("copying"); }));
  write(
      "INSERT INTO late VALUES (5, 5), (6, 6); UPDATE late SET v = 10 WHERE id = 1; UPDATE late SET id = 20 WHERE id "
      "= 2; DELETE FROM late WHERE id = 3; DELETE FROM late WHERE id = 6");
  ASSERT_TRUE(eventually([&] { return is("following"); }));
  program.signal(SIGTERM);
  program.wait();
  const RunResult followed = follow({"--verify"});
  EXPECT_EQ(followed.exit_code, 0) << followed.describe();
  EXPECT_EQ(target.value("SELECT string_agg(concat(id, ':', v), ' ' ORDER BY id) FROM late"), "1:10 4:4 5:5 20:2");
  EXPECT_NE(target.value("SELECT conflicts FROM dbsync.apply_progress"), "0") << "nothing had to be made to fit";
  // From there on they are exact.
  target.exec("DELETE FROM late WHERE id = 4");
  write("UPDATE late SET v = 7 WHERE id = 4");
  EXPECT_EQ(follow().exit_code, kDataFailed);
}

TEST_F(BinlogOwnMoments, WhatCannotBeMadeToFitIsRefused) {
  write("CREATE TABLE bag (a int, b int UNIQUE); CREATE TABLE p (id int PRIMARY KEY)");
  expect_refused(kRefused, "tables without a key could come twice: bag");
  const RunResult check = run({"mysql2pgsql", "--check", "--follow"});
  EXPECT_EQ(check.exit_code, kRefused) << check.describe();
  EXPECT_THAT(check.out, HasSubstr("could come twice: bag"));
  write("DROP TABLE bag; SET GLOBAL binlog_row_image = MINIMAL");
  expect_refused(kRefused, "binlog_row_image = FULL");
  write("SET GLOBAL binlog_row_image = FULL");
  if (!kOfMysql) {  // whose newer servers log it
    write(
        "CREATE TABLE c (id int PRIMARY KEY, p int, CONSTRAINT of_p FOREIGN KEY (p) REFERENCES p (id) ON DELETE "
        "CASCADE)");
    expect_refused(kRefused, "what foreign keys have done to rows: of_p of c");
    write("DROP TABLE c");
  }
  write("XA START 'x'; INSERT INTO p VALUES (1); XA END 'x'; XA PREPARE 'x'; XA COMMIT 'x'");
  expect_refused(kSourceFailed, "the server commits XA transactions");
}

}  // namespace dbsync::test
