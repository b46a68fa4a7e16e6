// mysql2pgsql goes over to a replica that was promoted: by GTIDs, each change once; or says
// which transactions that server lacks.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/binlog_fixture.h"
#include "tests/harness/own_server.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using testing::HasSubstr;

constexpr int kSourceFailed = 3, kDataFailed = 5;
constexpr std::size_t kUuid = 36;  // characters
constexpr char kExecuted[] = "SELECT REPLACE(@@GLOBAL.gtid_executed, '\\n', '')";

// DBSYNC_OWN_MYSQL="sid DIRECTORY" takes MySQL servers instead of MariaDB's
// (tests/matrix/mysql_server.sh).
const bool kOfMysql = std::getenv("DBSYNC_OWN_MYSQL") != nullptr;
const char* const kServer = kOfMysql ? "mysql" : "mariadb";

// That nobody listens on now.
int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(socket);
  return bound ? ntohs(address.sin_port) : 0;
}

class BinlogFailover : public BinlogTest {
 protected:
  BinlogFailover() {
    run_on(primary_,
           "CREATE USER repl@'%'; GRANT REPLICATION SLAVE ON *.* TO repl@'%'; CREATE DATABASE shop; "
           "CREATE TABLE shop.account (id int PRIMARY KEY, paid int); CREATE TABLE shop.log (a int, b int); "
           "INSERT INTO shop.account VALUES (1, 0), (2, 0)");
    run_on(replica_, fmt::format(fmt::runtime(words_.replicate), port_));
    connect(primary_);
    begin();
  }

  // What the servers call it.
  struct Words {
    const char* replicate;
    const char* stop;
    const char* start;
    const char* promote;
    const char* reset;
    const char* has;  // all of them
  };
  static Words words() {
    if (!kOfMysql)
      return {
          "CHANGE MASTER TO master_host = '127.0.0.1', master_port = {}, master_user = 'repl', master_use_gtid = "
          "slave_pos; START SLAVE",
          "STOP SLAVE",
          "START SLAVE",
          "STOP SLAVE; RESET SLAVE ALL",
          "RESET MASTER",
          "SELECT @@GLOBAL.gtid_current_pos"};
    if (std::string_view(std::getenv("DBSYNC_OWN_MYSQL")).starts_with("5."))
      return {
          "CHANGE MASTER TO master_host = '127.0.0.1', master_port = {}, master_user = 'repl', "
          "master_auto_position = 1; START SLAVE",
          "STOP SLAVE",
          "START SLAVE",
          "STOP SLAVE; RESET SLAVE ALL",
          "RESET MASTER",
          kExecuted};
    return {
        "CHANGE REPLICATION SOURCE TO source_host = '127.0.0.1', source_port = {}, source_user = 'repl', "
        "source_auto_position = 1, source_ssl = 0; START REPLICA",
        "STOP REPLICA",
        "START REPLICA",
        "STOP REPLICA; RESET REPLICA ALL",
        "RESET BINARY LOGS AND GTIDS",
        kExecuted};
  }

  static Rows run_on(const OwnServer& server, const std::string& sql) {
    return MysqlSession(server.mysql(), "").run(sql);
  }
  // What is done twice or not at all shows in the sums and counts.
  static void pay(const OwnServer& server, int times) {
    for (int i = 0; i < times; ++i)
      run_on(server,
             fmt::format("BEGIN; UPDATE shop.account SET paid = paid + 1 WHERE id = 1; INSERT INTO shop.log "
                         "VALUES ({0}, 1); COMMIT; BEGIN; UPDATE shop.account SET paid = paid - 1 WHERE id = 2; "
                         "COMMIT",
                         i));
  }
  void connect(const OwnServer& server, const std::string& more = {}) {
    dir.write_file("my.cfg", my_cfg(mysql_section(server.mysql(), "shop"), target.conninfo(),
                                    "[local.pgsql]\ntask = \"moving\"\n" + more));
  }
  static std::string all_of(const OwnServer& server) { return run_on(server, words().has).at(0).at(0).value_or(""); }
  void wait_for_replica() {
    ASSERT_TRUE(eventually([&] { return all_of(replica_) == all_of(primary_); }));
  }
  void expect_same_as(const OwnServer& server) {
    EXPECT_EQ(target.value("SELECT string_agg(concat(id, ':', paid), ' ' ORDER BY id) FROM account"),
              run_on(server, "SELECT group_concat(concat(id, ':', paid) ORDER BY id SEPARATOR ' ') FROM shop.account")
                  .at(0)
                  .at(0));
    EXPECT_EQ(target.value("SELECT concat(count(*), ':', sum(a)) FROM log"),
              run_on(server, "SELECT concat(count(*), ':', sum(a)) FROM shop.log").at(0).at(0));
  }
  std::string gtids() { return target.value("SELECT gtids FROM dbsync.apply_progress"); }

  // A server's directory stays, with its binlog.
  static std::string named(const char* role) {
    return std::string(role) + "_" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  static std::vector<std::string> with(std::vector<std::string> options) {
    if (kOfMysql)
      options.insert(options.end(), {"--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--log-slave-updates"});
    return options;
  }

  const Words words_ = words();
  int port_ = free_port();
  OwnServer primary_{kServer, named("primary"),
                     with({"--skip-networking=0", "--bind-address=127.0.0.1", fmt::format("--port={}", port_)})};
  OwnServer replica_{kServer, named("replica"), with({"--server-id=2", "--log-slave-updates"})};
};

}  // namespace

// What was accepted up to a place of one server's log says nothing of another's, whose places
// are lower.
TEST_F(BinlogFailover, WhatWasAcceptedOnOneServerIsNotOnAnother) {
  run_on(primary_, "FLUSH BINARY LOGS; FLUSH BINARY LOGS; FLUSH BINARY LOGS; ALTER TABLE shop.account ADD note int");
  target.exec("ALTER TABLE account ADD note int");
  ASSERT_EQ(follow({"--accept-schema"}).exit_code, 0) << last_run_report();
  ASSERT_EQ(follow().exit_code, 0) << last_run_report();
  wait_for_replica();
  primary_.crash();
  run_on(replica_, words_.promote);
  connect(replica_);
  Program program({"mysql2pgsql", "--follow"}, here());
  pay(replica_, 1);
  ASSERT_TRUE(eventually([&] { return target.value("SELECT count(*) FROM log") == "1"; })) << program.err_so_far();
  run_on(replica_, "ALTER TABLE shop.log MODIFY b int FIRST; INSERT INTO shop.log (a, b) VALUES (7, 8)");
  const RunResult stopped = program.wait();
  EXPECT_EQ(stopped.exit_code, kSourceFailed) << stopped.describe();
  EXPECT_THAT(stopped.err, HasSubstr("MODIFY b"));
  EXPECT_EQ(target.value("SELECT count(*) FROM log"), "1");
}

TEST_F(BinlogFailover, PromotedReplica) {
  pay(primary_, 5);
  ASSERT_EQ(follow().exit_code, 0);
  EXPECT_EQ(gtids(), all_of(primary_));
  run_on(replica_, "FLUSH BINARY LOGS");
  pay(primary_, 3);  // nobody follows them there
  wait_for_replica();
  primary_.crash();
  run_on(replica_, words_.promote);
  run_on(replica_, "FLUSH BINARY LOGS");
  pay(replica_, 4);

  connect(replica_);
  const RunResult moved = follow({"--verify"});
  EXPECT_EQ(moved.exit_code, 0) << moved.describe();
  EXPECT_THAT(moved.err, HasSubstr("the source is another server now"));
  expect_same_as(replica_);
  pay(replica_, 2);
  const RunResult on = follow();
  EXPECT_EQ(on.exit_code, 0) << on.describe();
  EXPECT_EQ(on.err.find("another server"), std::string::npos);
  expect_same_as(replica_);

  // The old primary has not what the new one has done since.
  primary_.start();
  connect(primary_);
  const RunResult back = follow();
  EXPECT_EQ(back.exit_code, kSourceFailed) << back.describe();
  const std::string theirs =
      kOfMysql ? run_on(replica_, "SELECT @@GLOBAL.server_uuid").at(0).at(0).value_or("") + ":1-12" : gtids();
  EXPECT_THAT(back.err, HasSubstr("lacks transactions that the target has: " + theirs));
  expect_same_as(replica_);
}

// What waited as one group with a change that does not fit is applied up to that one: no more
// than that counts as applied, wherever the task goes on.
TEST_F(BinlogFailover, NothingIsPassedOverBehindAStopWithinAGroup) {
  connect(primary_, "[binlogloader]\nload_batch = 100\nload_batch_gap = 5\n");
  target.exec("INSERT INTO account VALUES (7, 0)");
  for (const int id : {6, 7, 8}) run_on(primary_, fmt::format("INSERT INTO shop.account VALUES ({}, 0)", id));
  const RunResult stopped = follow();
  EXPECT_EQ(stopped.exit_code, kDataFailed) << stopped.describe();
  EXPECT_EQ(target.value("SELECT string_agg(id::text, ' ' ORDER BY id) FROM account WHERE id > 2"), "6 7");
  target.exec("DELETE FROM account WHERE id = 7");
  if (!kOfMysql) {  // there GTIDs tell the place on another server only
    wait_for_replica();
    connect(replica_);
  }
  const RunResult on = follow({"--verify"});
  EXPECT_EQ(on.exit_code, 0) << on.describe();
  EXPECT_EQ(target.value("SELECT string_agg(id::text, ' ' ORDER BY id) FROM account WHERE id > 2"), "6 7 8");
}

// Names and offsets are those that the task knows, and what is in the files is not.
TEST_F(BinlogFailover, ServerThatLacksTransactions) {
  run_on(replica_, words_.stop);
  pay(primary_, 2);
  ASSERT_EQ(follow().exit_code, 0);
  connect(replica_);
  const RunResult result = follow();
  EXPECT_EQ(result.exit_code, kSourceFailed) << result.describe();
  EXPECT_THAT(result.err,
              HasSubstr("lacks transactions that the target has: " + (kOfMysql ? gtids().substr(0, kUuid) : gtids())));
  run_on(replica_, words_.start);
  wait_for_replica();
  const RunResult later = follow();
  EXPECT_EQ(later.exit_code, 0) << later.describe();
  expect_same_as(replica_);
  run_on(replica_,
         fmt::format("{}; {}; INSERT INTO shop.log VALUES (7, 7); FLUSH BINARY LOGS", words_.stop, words_.reset));
  const RunResult reset = follow();
  EXPECT_EQ(reset.exit_code, kSourceFailed) << reset.describe();
}

// Two writers of MariaDB, each in a domain of its own. Their order need not be the same on two
// servers; that of each domain is.
class BinlogDomains : public BinlogFailover {
 protected:
  BinlogDomains() {
    if (!kOfMysql) wait_for_replica();
    if (!kOfMysql) run_on(replica_, words_.promote);
  }

  // The transaction of this number of a domain, as the primary would send it.
  void write(const OwnServer& server, int domain, int number, const std::string& sql = {}) {
    const std::string insert = fmt::format("INSERT INTO shop.log VALUES ({}, {})", domain, number);
    run_on(server, fmt::format("SET gtid_domain_id = {}, server_id = 1, gtid_seq_no = {}; {}", domain, first_ + number,
                               sql.empty() ? insert : sql));
  }
  static std::string end_of(const OwnServer& server) {
    const Rows rows = run_on(server, "SHOW MASTER STATUS");
    return fmt::format("{}:{}", *rows.at(0).at(0), *rows.at(0).at(1));
  }
  std::string rows() { return target.value("SELECT string_agg(concat(a, '.', b), ' ' ORDER BY a, b) FROM log"); }

  int first_ = 1000;  // above what the servers have made themselves
};

TEST_F(BinlogDomains, OfAnotherOrderAreFollowedEachFromItsPlace) {
  if (kOfMysql) GTEST_SKIP() << "MySQL has no domains";
  constexpr char kComment[] = "ALTER TABLE shop.account COMMENT = 'in domain 0'";
  write(primary_, 0, 1);
  write(primary_, 1, 1);
  write(primary_, 0, 2, kComment);
  write(primary_, 1, 2);
  write(primary_, 0, 3);
  ASSERT_EQ(follow({"--accept-schema"}).exit_code, 0);
  ASSERT_EQ(rows(), "0.1 0.3 1.1 1.2");
  // Here all of domain 1 was first, and more of it than the target has.
  for (int number = 1; number <= 3; ++number) write(replica_, 1, number);
  const std::string between = end_of(replica_);
  write(replica_, 0, 1);
  write(replica_, 1, 4);
  const std::string within = end_of(replica_);
  write(replica_, 0, 2, kComment);
  write(replica_, 0, 3);
  write(replica_, 0, 4);
  run_on(replica_, "FLUSH BINARY LOGS");
  write(replica_, 1, 5);

  connect(replica_);
  const RunResult part = run({"mysql2pgsql", "--end-at", between});
  EXPECT_EQ(part.exit_code, 0) << part.describe();
  EXPECT_EQ(rows(), "0.1 0.3 1.1 1.2 1.3");
  EXPECT_EQ(gtids(), "0-1-1003,1-1-1003");
  const std::filesystem::path saved = dir.path() / "saved";
  std::filesystem::create_directory(saved);
  for (const auto& entry : std::filesystem::directory_iterator(replica_.socket().parent_path() / "mariadb"))
    if (entry.path().filename().string().starts_with("bin."))
      std::filesystem::copy(entry.path(), saved / entry.path().filename());
  const RunResult of_files = run({"mysql2pgsql", "--binlog-dir", "saved", "--end-at", within});
  EXPECT_EQ(of_files.exit_code, 0) << of_files.describe();
  EXPECT_EQ(rows(), "0.1 0.3 1.1 1.2 1.3 1.4");
  EXPECT_EQ(gtids(), "0-1-1003,1-1-1004");
  const RunResult on = follow({"--verify"});
  EXPECT_EQ(on.exit_code, 0) << on.describe();
  EXPECT_EQ(rows(), "0.1 0.3 0.4 1.1 1.2 1.3 1.4 1.5");
  EXPECT_EQ(gtids(), "0-1-1004,1-1-1005");
}

// In one of them the server has gone another way: what it has there cannot be told apart from
// what the target has.
TEST_F(BinlogDomains, ThatLackATransactionAreRefused) {
  if (kOfMysql) GTEST_SKIP() << "MySQL has no domains";
  for (const int domain : {0, 1}) {
    write(primary_, domain, 1);
    write(primary_, domain, 2);
  }
  ASSERT_EQ(follow().exit_code, 0);
  for (int number = 1; number <= 3; ++number) write(replica_, 1, number);
  write(replica_, 0, 1);
  connect(replica_);
  const RunResult behind = follow();
  EXPECT_EQ(behind.exit_code, kSourceFailed) << behind.describe();
  EXPECT_THAT(behind.err, HasSubstr("lacks transactions that the target has: 0-1-1002"));
  write(replica_, 0, 3);
  const RunResult gap = follow();
  EXPECT_EQ(gap.exit_code, kSourceFailed) << gap.describe();
  EXPECT_THAT(gap.err, HasSubstr("has 0-1-1003 where 0-1-1002 should come"));
  EXPECT_EQ(target.value("SELECT count(*) FROM log WHERE a = 0"), "2");
}

}  // namespace dbsync::test
