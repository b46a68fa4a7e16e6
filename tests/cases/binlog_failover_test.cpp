// mysql2pgsql goes over to a replica that was promoted: by GTIDs, each change once; or says
// which transactions that server lacks.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/binlog_fixture.h"
#include "tests/harness/own_server.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using testing::HasSubstr;

constexpr int kSourceFailed = 3;

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
    run_on(replica_, fmt::format("CHANGE MASTER TO master_host = '127.0.0.1', master_port = {}, master_user = 'repl', "
                                 "master_use_gtid = slave_pos; START SLAVE",
                                 port_));
    connect(primary_);
    begin();
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
  void connect(const OwnServer& server) {
    dir.write_file("my.cfg", my_cfg(mysql_section(server.mysql(), "shop"), target.conninfo(),
                                    "[local.pgsql]\ntask = \"moving\"\n"));
  }
  void wait_for_replica() {
    const auto at = [](const OwnServer& server) { return run_on(server, "SELECT @@GLOBAL.gtid_current_pos"); };
    ASSERT_TRUE(eventually([&] { return at(replica_) == at(primary_); }));
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

  int port_ = free_port();
  OwnServer primary_{"mariadb",
                     named("primary"),
                     {"--skip-networking=0", "--bind-address=127.0.0.1", fmt::format("--port={}", port_)}};
  OwnServer replica_{"mariadb", named("replica"), {"--server-id=2", "--log-slave-updates"}};
};

}  // namespace

TEST_F(BinlogFailover, PromotedReplica) {
  pay(primary_, 5);
  ASSERT_EQ(follow().exit_code, 0);
  EXPECT_EQ(gtids(), run_on(primary_, "SELECT @@GLOBAL.gtid_binlog_pos").at(0).at(0));
  run_on(replica_, "FLUSH BINARY LOGS");
  pay(primary_, 3);  // nobody follows them there
  wait_for_replica();
  primary_.crash();
  run_on(replica_, "STOP SLAVE; RESET SLAVE ALL; FLUSH BINARY LOGS");
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
  EXPECT_THAT(back.err, HasSubstr("lacks transactions that the target has: " + gtids()));
  expect_same_as(replica_);
}

// Names and offsets are those that the task knows, and what is in the files is not.
TEST_F(BinlogFailover, ServerThatLacksTransactions) {
  run_on(replica_, "STOP SLAVE");
  pay(primary_, 2);
  ASSERT_EQ(follow().exit_code, 0);
  connect(replica_);
  const RunResult result = follow();
  EXPECT_EQ(result.exit_code, kSourceFailed) << result.describe();
  EXPECT_THAT(result.err, HasSubstr("lacks transactions that the target has: " + gtids()));
  run_on(replica_, "START SLAVE");
  wait_for_replica();
  const RunResult later = follow();
  EXPECT_EQ(later.exit_code, 0) << later.describe();
  expect_same_as(replica_);
  run_on(replica_, "STOP SLAVE; RESET MASTER; INSERT INTO shop.log VALUES (7, 7); FLUSH BINARY LOGS");
  const RunResult reset = follow();
  EXPECT_EQ(reset.exit_code, kSourceFailed) << reset.describe();
}

}  // namespace dbsync::test
