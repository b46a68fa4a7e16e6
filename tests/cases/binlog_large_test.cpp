// What is too large for memory, or for 32 bits, on its way through the binlog: an event of
// hundreds of megabytes, and a file of the log that is longer than 4 GiB.
//
// make torture makes them that large: DBSYNC_LARGE_EVENT_MIB (of a value; its UPDATE has it
// twice), DBSYNC_LARGE_LOG_MIB (of a transaction, which is never cut in two files).
#include <chrono>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/environment.h"
#include "tests/harness/migration.h"
#include "tests/harness/own_server.h"

namespace dbsync::test {

namespace {

using namespace std::chrono_literals;

class BinlogLarge : public ::testing::Test {
 protected:
  BinlogLarge() {
    MysqlSession(source_.mysql(), "").run("DROP DATABASE IF EXISTS large; CREATE DATABASE large");
    target_.exec("SELECT 1");
    dir_.write_file("my.cfg", my_cfg(mysql_section(source_.mysql(), "large"), target_.conninfo()));
    here_.cwd = dir_.path();
    here_.timeout = 1800s;
  }

  void follow(const std::vector<std::string>& more = {}) {
    std::vector<std::string> args{"mysql2pgsql", "--end-at", "now"};
    args.insert(args.end(), more.begin(), more.end());
    last_ = run_program(args, here_);
    ASSERT_EQ(last_.exit_code, 0) << last_.describe();
  }

  void expect_equal(const std::string& of_source, const std::string& of_target) {
    MysqlSession source(source_.mysql(), "large");
    EXPECT_EQ(difference(source.run(of_source), target_.query(of_target)), "");
  }

  OwnServer source_{
      "mariadb",
      "large-source",
      {"--max-allowed-packet=1G", "--max-binlog-size=1G", "--innodb-log-file-size=2G", "--binlog-cache-size=1M"}};
  TargetDb target_;
  TestDir dir_;
  RunOptions here_;
  RunResult last_;
};

}  // namespace

TEST_F(BinlogLarge, AnEventNeedsTheMemoryOfItsRow) {
  const int mib = number_from_environment("DBSYNC_LARGE_EVENT_MIB", 24);
  MysqlSession session(source_.mysql(), "large");
  session.run("CREATE TABLE files (id int PRIMARY KEY, content longblob, n int)");
  follow({"--follow", "--create"});
  session.run(fmt::format("INSERT INTO files VALUES (1, repeat(unhex('00ff5c0a'), {}), 1), (2, 'small', 2)",
                          mib * 1024 * 1024 / 4));
  session.run("UPDATE files SET content = concat(content, 'x'), n = n + 1 WHERE id = 1");
  session.run("UPDATE files SET n = n + 1");
  follow();
  expect_equal("SELECT id, length(content), md5(content), n FROM files ORDER BY id",
               "SELECT id, length(content), md5(content), n FROM files ORDER BY id");
  fmt::print("values of {} MiB: peak RSS {} MiB, {:.1f} s\n", mib, last_.peak_rss_kib / 1024, last_.seconds);
}

TEST_F(BinlogLarge, AFileMayBeLongerThan4GiB) {
  const int mib = number_from_environment("DBSYNC_LARGE_LOG_MIB", 24);
  MysqlSession session(source_.mysql(), "large");
  session.run("CREATE TABLE rows_ (id int PRIMARY KEY, content longblob); CREATE TABLE others (id int PRIMARY KEY)");
  session.run("CREATE TABLE unselected (id int PRIMARY KEY, content longblob)");
  dir_.write_file("tab_list.txt", "rows_\nothers\n");
  follow({"--follow", "--create", "-l", "tab_list.txt"});
  session.run("BEGIN");
  for (int i = 0; i < mib; i += 8)
    session.run(fmt::format("INSERT INTO {} VALUES ({}, repeat('{}', 1048576))", i % 256 == 0 ? "rows_" : "unselected",
                            i, std::string(8, static_cast<char>('a' + i % 26))));
  session.run("COMMIT");
  // Behind the transaction: places beyond what an event's header can tell.
  const std::string end = session.run("SHOW BINARY LOGS").back().at(1).value();
  session.run("INSERT INTO others VALUES (1)");
  follow({"-l", "tab_list.txt"});
  session.run("INSERT INTO others VALUES (2)");
  follow({"-l", "tab_list.txt"});
  session.run("FLUSH BINARY LOGS; INSERT INTO others VALUES (3)");
  follow({"-l", "tab_list.txt"});
  expect_equal("SELECT id, md5(content) FROM rows_ ORDER BY id", "SELECT id, md5(content) FROM rows_ ORDER BY id");
  EXPECT_EQ(target_.value("SELECT string_agg(id::text, ' ' ORDER BY id) FROM others"), "1 2 3");
  fmt::print("a file of {} bytes: peak RSS {} MiB\n", end, last_.peak_rss_kib / 1024);
}

}  // namespace dbsync::test
