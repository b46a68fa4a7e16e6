// mysql2pgsql under everything at once: writers change the source from before the copy until
// after it, while the program is killed, both servers go down, connections are lost, and the
// binlog is rotated and purged behind the reader. At the end every table is equal, and a log
// without a key shows that nothing came twice.
//
// make torture makes it long: DBSYNC_TORTURE_KILLS, _CRASHES (of the target), _RESTARTS (of the
// source), _CUTS, _LARGE (rows of a large transaction). DBSYNC_OWN_MYSQL="sid DIRECTORY" takes a
// MySQL server (tests/matrix/mysql_server.sh) instead of MariaDB.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/environment.h"
#include "tests/harness/migration.h"
#include "tests/harness/own_server.h"
#include "tests/harness/proxy.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using namespace std::chrono_literals;

enum class Strike { kill, crash_target, restart_source, cut };

constexpr char kTables[] =
    "CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL, note varchar(80));"
    "CREATE TABLE doc (id int PRIMARY KEY, title varchar(120) CHARACTER SET latin1, body mediumtext, at datetime(3));"
    "CREATE TABLE item (id bigint PRIMARY KEY, n int);"
    "CREATE TABLE large (id bigint PRIMARY KEY, v varchar(40));"
    "CREATE TABLE bag (a int, b varchar(20));"
    "CREATE TABLE parent (id int PRIMARY KEY, name varchar(20));"
    "CREATE TABLE child (id int PRIMARY KEY, parent int, CONSTRAINT child_parent FOREIGN KEY (parent) REFERENCES "
    "parent "
    "(id) ON DELETE CASCADE ON UPDATE CASCADE);"
    "CREATE TABLE leaf (id int PRIMARY KEY, child int, CONSTRAINT leaf_child FOREIGN KEY (child) REFERENCES child (id) "
    "ON DELETE SET NULL);"
    "CREATE TABLE log (n bigint AUTO_INCREMENT, what varchar(20), KEY (n));"
    "CREATE TABLE isam (id int PRIMARY KEY, v int NOT NULL) ENGINE=MyISAM;"
    "CREATE TABLE numbers (n int PRIMARY KEY)";

constexpr char kRows[] =
    "INSERT INTO account SELECT a.n * 1000 + b.n, 0, repeat('n', 80) FROM numbers a, numbers b WHERE a.n < 4;"
    "INSERT INTO doc SELECT n, concat('title ', n), repeat(n, 500), '2024-02-29 12:00:00.125' FROM numbers WHERE n < "
    "300;"
    "INSERT INTO item SELECT n + 1, n FROM numbers; INSERT INTO parent SELECT n, concat('p', n) FROM numbers WHERE n < "
    "200;"
    "INSERT INTO isam SELECT n, 0 FROM numbers;"
    "INSERT INTO child SELECT n, n % 200 FROM numbers WHERE n < 600; INSERT INTO leaf SELECT n, n % 600 FROM numbers";

constexpr int kOwnAccounts = 3000;  // from here on: of XA transactions, whose locks last

// What every row of a table says, for both servers to sum up.
struct Content {
  const char* table;
  const char* of_source;
  const char* of_target;
};
constexpr Content kContents[] = {
    {"account", "id, balance, note", "id, balance, note"},
    {"doc", "id, convert(title USING utf8mb4), body, date_format(at, '%Y-%m-%d %H:%i:%s.%f')",
     "id, title, body, to_char(at, 'YYYY-MM-DD HH24:MI:SS.US')"},
    {"item", "id, n", "id, n"},
    {"large", "id, v", "id, v"},
    {"bag", "a, b", "a, b"},
    {"parent", "id, name", "id, name"},
    {"child", "id, parent", "id, parent"},
    {"leaf", "id, coalesce(child, -1)", "id, coalesce(child, -1)"},
    {"log", "n, what", "n, what"},
    {"isam", "id, v", "id, v"},
    {"numbers", "n", "n"},
};

// Runs a step again and again, in a session of its own, which it loses when the server goes.
class Repeated {
 public:
  Repeated(MysqlAccess access, std::function<void(MysqlSession&)> first, std::function<void(MysqlSession&)> step)
      : access_(std::move(access)), first_(std::move(first)), step_(std::move(step)), thread_([this] { run(); }) {}
  ~Repeated() { stop(); }
  Repeated(const Repeated&) = delete;
  Repeated& operator=(const Repeated&) = delete;

  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    std::unique_ptr<MysqlSession> session;
    while (!stop_) {
      try {
        if (!session) {
          session = std::make_unique<MysqlSession>(access_, "torture");
          session->run("SET SESSION innodb_lock_wait_timeout = 2");
          first_(*session);
        }
        step_(*session);
      } catch (const std::exception&) {  // a deadlock, or the server is away
        session.reset();
        std::this_thread::sleep_for(100ms);
      }
    }
  }

  MysqlAccess access_;
  std::function<void(MysqlSession&)> first_;
  std::function<void(MysqlSession&)> step_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

// Transactions of several kinds; each that counts leaves a number in the log.
class Writes {
 public:
  explicit Writes(unsigned seed) : random_(seed) {}

  void step(MysqlSession& session) {
    const unsigned a = below(1000), b = below(kOwnAccounts);
    switch (below(8)) {
      case 0:
      case 1: keys(session, a + 1); break;
      case 2: texts(session, a % 300); break;
      case 3: cascades(session, a % 200); break;
      case 4: session.run("BEGIN; UPDATE account SET balance = 77 WHERE id < 50; ROLLBACK"); break;
      default:
        session.run(
            fmt::format("BEGIN; UPDATE account SET balance = balance - 1 WHERE id = {}; UPDATE account SET balance = "
                        "balance + 1, note = '{}' WHERE id = {}; INSERT INTO log (what) VALUES ('move'); COMMIT",
                        std::min(a, b), b, std::max(a, b)));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(below(25)));
  }

  // It is prepared, perhaps left by its session, and decided later.
  void xa(MysqlSession& session) {
    const std::string xid = fmt::format("'x{}-{}'", random_(), ++count_);
    const unsigned a = kOwnAccounts + below(1000), b = kOwnAccounts + below(1000);
    session.run(
        fmt::format("XA START {0}; UPDATE account SET balance = balance - 1 WHERE id = {1}; UPDATE account SET "
                    "balance = balance + 1 WHERE id = {2}; INSERT INTO log (what) VALUES ('xa'); XA END {0}",
                    xid, a, b));
    if (below(5) == 0) return void(session.run("XA COMMIT " + xid + " ONE PHASE"));
    session.run("XA PREPARE " + xid);
    std::this_thread::sleep_for(std::chrono::milliseconds(below(400)));
    const bool rolled_back = below(4) == 0;
    if (rolled_back) rolled_back_.insert(xid);
    session.run((rolled_back ? "XA ROLLBACK " : "XA COMMIT ") + xid);
  }

  // Each statement is done at once: there is no transaction.
  void loose(MysqlSession& session) {
    const unsigned a = below(1000);
    switch (below(4)) {
      case 0: session.run(fmt::format("DELETE FROM isam WHERE id = {}", a)); break;
      case 1: session.run(fmt::format("UPDATE isam SET id = -id WHERE id IN ({}, {})", a, -static_cast<int>(a))); break;
      case 2: session.run(fmt::format("UPDATE isam SET v = v + 1 WHERE id BETWEEN {} AND {}", a, a + 20)); break;
      default: session.run(fmt::format("INSERT INTO isam VALUES ({}, 0) ON DUPLICATE KEY UPDATE v = v + 1", a));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(below(25)));
  }

  // What sessions have left undecided when the server went. A server that crashes may forget that
  // one was rolled back, though its binlog says so: to commit it then would contradict that.
  void decide_xa(MysqlSession& session) {
    for (const Row& row : session.run("XA RECOVER")) {
      const std::string xid = "'" + row.at(3).value_or("") + "'";
      session.run((rolled_back_.contains(xid) ? "XA ROLLBACK " : "XA COMMIT ") + xid);
    }
  }

 private:
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

  void keys(MysqlSession& session, unsigned a) {
    session.run(fmt::format(
        "BEGIN; UPDATE item SET id = -id, n = n + 1 WHERE id = {0} OR id = -{0}; DELETE FROM item WHERE id = 10000 + "
        "{0}; INSERT INTO item VALUES (10000 + {0}, {0}); INSERT INTO log (what) VALUES ('keys'); COMMIT",
        a));
  }

  void texts(MysqlSession& session, unsigned a) {
    session.run(fmt::format(
        "BEGIN; UPDATE doc SET title = concat(left(title, 90), 'é.') WHERE id = {0}; SAVEPOINT s; UPDATE doc SET body "
        "= "
        "'lost' WHERE id = {0}; ROLLBACK TO s; UPDATE doc SET body = repeat('{1} ', 1 + {1} % 3000), at = now(3) WHERE "
        "id = {0} % 7; INSERT INTO bag VALUES ({0} % 10, 'x'), ({0} % 10, 'x'); DELETE FROM bag WHERE a = {1} % 10 "
        "LIMIT "
        "1; INSERT INTO log (what) VALUES ('texts'); COMMIT",
        a, below(100000)));
  }

  // Keys above 1000 are those that were changed.
  void cascades(MysqlSession& session, unsigned a) {
    session.run(fmt::format(
        "BEGIN; UPDATE parent SET id = IF(id >= 1000, id - 1000, id + 1000) WHERE id = {0} OR id = 1000 + {0}; DELETE "
        "FROM parent WHERE id = {1} OR id = 1000 + {1}; INSERT INTO parent VALUES ({1}, 'again'); INSERT INTO child "
        "VALUES ({1}, {1}) ON DUPLICATE KEY UPDATE parent = {1}; UPDATE leaf SET child = {1} WHERE id = {1}; INSERT "
        "INTO "
        "log (what) VALUES ('cascades'); COMMIT",
        a, (a + 1) % 200));
  }

  std::mt19937 random_;
  unsigned count_ = 0;
  std::set<std::string> rolled_back_;
};

}  // namespace

class BinlogTorture : public ::testing::Test {
 protected:
  BinlogTorture() {
    target_.run("CREATE DATABASE torture");
    MysqlSession(source_.mysql(), "").run("CREATE DATABASE torture");
    MysqlSession session(source_.mysql(), "torture");
    session.run(kTables);
    std::string numbers;
    for (int i = 0; i < 1000; ++i) numbers += fmt::format("{}({})", i > 0 ? "," : "", i);
    session.run("INSERT INTO numbers VALUES " + numbers);
    session.run(kRows);
    std::filesystem::create_directory(dir_.path() / "t");
    MysqlAccess access;
    access.socket = (dir_.path() / "s.sock").string();
    dir_.write_file("my.cfg",
                    my_cfg(mysql_section(access, "torture"),
                           fmt::format("host={}/t port=5432 user=postgres dbname=torture", dir_.path().string()),
                           "[copy]\nretry_interval = 1\n"));
    here_.cwd = dir_.path();
    here_.timeout = 7200s;
  }

  std::vector<Strike> strikes() {
    std::vector<Strike> out;
    const auto add = [&](const char* name, int otherwise, Strike strike) {
      out.insert(out.end(), static_cast<std::size_t>(number_from_environment(name, otherwise)), strike);
    };
    add("DBSYNC_TORTURE_KILLS", 5, Strike::kill);
    add("DBSYNC_TORTURE_CRASHES", 1, Strike::crash_target);
    add("DBSYNC_TORTURE_RESTARTS", 2, Strike::restart_source);
    add("DBSYNC_TORTURE_CUTS", 2, Strike::cut);
    std::shuffle(out.begin(), out.end(), random_);
    return out;
  }

  void strike(Strike what, std::unique_ptr<Program>& program) {
    switch (what) {
      case Strike::kill:
        program->signal(SIGKILL);
        program->wait();
        program.reset();
        break;
      case Strike::crash_target:
        server_.crash();
        std::this_thread::sleep_for(200ms);
        server_.start();
        break;
      case Strike::restart_source: {
        // A crash between the binlog's and the engine's half of an XA statement, or of one on
        // MyISAM, is the server's to lose: it has none then.
        const bool crash = random_() % 2 == 0;
        std::unique_lock held(xa_, std::defer_lock), loose_held(loose_, std::defer_lock);
        if (crash) std::lock(held, loose_held);
        if (crash)
          source_.crash();
        else
          source_.stop();
        source_.start();
        break;
      }
      case Strike::cut:
        to_source_->cut_all();
        to_target_->cut_all();
        break;
    }
  }

  std::string progress(const std::string& column) {
    PgSession session(server_.conninfo("torture"));
    if (session.run("SELECT to_regclass('dbsync.apply_progress') IS NULL").at(0).at(0) == "t") return "";
    return session.run("SELECT max(" + column + ") FROM dbsync.apply_progress").at(0).at(0).value_or("");
  }

  // What the task had applied a moment ago, and a crash of the target cannot take back, is not
  // needed any more, but for XA transactions that are decided later: they begin no earlier than
  // a file that began when none was undecided.
  void rotate_and_purge(MysqlSession& session) {
    std::this_thread::sleep_for(2s);
    Rows files;
    {
      const std::scoped_lock lock(xa_);
      const bool none_undecided = session.run("XA RECOVER").empty();
      session.run("FLUSH BINARY LOGS");
      files = session.run("SHOW BINARY LOGS");
      if (none_undecided) borders_.insert(files.back().at(0).value());
    }
    auto border = borders_.upper_bound(applied_.substr(0, applied_.find(':')));
    if (border != borders_.begin()) session.run("PURGE BINARY LOGS TO '" + *--border + "'");
    applied_ = progress("position");
  }

  void large_transaction(int n, int rows) {
    const auto base = static_cast<std::int64_t>(n) * 10000000;
    MysqlSession(source_.mysql(), "torture")
        .run(fmt::format(
            "BEGIN; INSERT INTO large SELECT {0} + a.n * 1000 + b.n, concat('row ', a.n, b.n) FROM numbers a, numbers "
            "b "
            "WHERE a.n < {1}; UPDATE large SET v = concat(v, '!') WHERE id >= {0} AND id < {2} AND id % 5 = 0; DELETE "
            "FROM large WHERE id >= {0} AND id < {2} AND id % 7 = 0; INSERT INTO log (what) VALUES ('large'); COMMIT",
            base, rows / 1000, base + rows));
  }

  void expect_equal() {
    MysqlSession source(source_.mysql(), "torture");
    PgSession target(server_.conninfo("torture"));
    for (const Content& content : kContents) {
      const Rows want = source.run(
          fmt::format("SELECT count(*), sum(cast(conv(left(md5(concat_ws('|', {})), 8), 16, 10) AS unsigned)) FROM {}",
                      content.of_source, content.table));
      const Rows got = target.run(
          fmt::format("SELECT count(*), sum(('x' || left(md5(concat_ws('|', {})), 8))::bit(32)::bigint) FROM {}",
                      content.of_target, content.table));
      EXPECT_EQ(difference(want, got), "") << content.table;
    }
    EXPECT_EQ(target.run("SELECT count(*) - count(DISTINCT n) FROM log").at(0).at(0), "0") << "applied twice";
    EXPECT_EQ(target.run("SELECT sum(balance) FROM account").at(0).at(0), "0");
  }

  OwnServer source_{std::getenv("DBSYNC_OWN_MYSQL") != nullptr ? "mysql" : "mariadb", "torture-source"};
  OwnServer server_{"postgres", "torture-target"};
  PgSession target_{server_.conninfo()};
  TestDir dir_;
  RunOptions here_;
  std::mt19937 random_{20261127};
  std::mutex xa_;
  std::mutex loose_;
  std::string applied_;            // of the thread that purges
  std::set<std::string> borders_;  // its files
  std::unique_ptr<Proxy> to_source_;
  std::unique_ptr<Proxy> to_target_;
};

TEST_F(BinlogTorture, NothingIsLostAndNothingComesTwice) {
  to_source_ = std::make_unique<Proxy>(dir_.path() / "s.sock", source_.socket());
  to_target_ = std::make_unique<Proxy>(dir_.path() / "t" / ".s.PGSQL.5432", server_.socket());
  Writes one(1), two(2), prepared(3), loose(4);
  const auto nothing = [](MysqlSession&) {};
  Repeated first(source_.mysql(), nothing, [&](MysqlSession& session) { one.step(session); });
  Repeated second(source_.mysql(), nothing, [&](MysqlSession& session) { two.step(session); });
  Repeated third(
      source_.mysql(),
      [&](MysqlSession& session) {
        const std::scoped_lock lock(xa_);
        prepared.decide_xa(session);
      },
      [&](MysqlSession& session) {
        std::this_thread::sleep_for(20ms);
        const std::scoped_lock lock(xa_);
        prepared.xa(session);
      });
  Repeated fourth(source_.mysql(), nothing, [&](MysqlSession& session) {
    const std::scoped_lock lock(loose_);
    loose.loose(session);
  });
  Repeated purges(source_.mysql(), nothing, [&](MysqlSession& session) { rotate_and_purge(session); });

  const auto strikes = this->strikes();
  std::unique_ptr<Program> program;
  int in_copy = 0, by_itself = 0;
  for (std::size_t i = 0; i < strikes.size(); ++i) {
    if (program && !program->running()) {
      ++by_itself;
      const RunResult ended = program->wait();
      EXPECT_TRUE(ended.exit_code == 3 || ended.exit_code == 4) << ended.describe();  // a server that was away
      for (const char* never : {"out of order", "malformed", "no such row"})
        EXPECT_EQ(ended.err.find(never), std::string::npos) << ended.describe();
      program.reset();
    }
    std::vector<std::string> command{"mysql2pgsql", "-j", "2", "--follow", "--create"};
    const bool in_copy_wanted = i < strikes.size() / 4;
    if (in_copy_wanted) command.insert(command.end(), {"--max-rate", "3000"});
    if (!program) program = std::make_unique<Program>(command, here_);
    if (in_copy_wanted) eventually([&] { return progress("state") == "copying" || !program->running(); }, 10s);
    if (i == strikes.size() / 2) {
      EXPECT_TRUE(eventually([&] { return progress("state") == "following" || !program->running(); }, 900s));
    }
    const bool largest = i % (strikes.size() / 2) == strikes.size() / 4;
    if (largest)
      large_transaction(static_cast<int>(i), number_from_environment("DBSYNC_TORTURE_LARGE", 50000));
    else if (i % 8 == 7)
      large_transaction(static_cast<int>(i), 10000);
    std::this_thread::sleep_for(std::chrono::milliseconds(random_() % 600 + (largest ? 1500 : 50)));
    in_copy += progress("state") == "copying" ? 1 : 0;
    strike(strikes[i], program);
  }
  program.reset();
  EXPECT_GT(in_copy, 0) << "nothing hit the copy";
  for (Repeated* writer : {&first, &second, &third, &fourth, &purges}) writer->stop();
  MysqlSession source(source_.mysql(), "torture");
  prepared.decide_xa(source);
  RunResult last;
  for (int i = 0; i < 5 && last.exit_code != 0; ++i)
    last = run_program({"mysql2pgsql", "-j", "2", "--follow", "--create", "--end-at", "now"}, here_);
  EXPECT_EQ(last.exit_code, 0) << last.describe();
  expect_equal();
  fmt::print("{} strikes, {} of them during the copy; the program ended by itself {} times; {} transactions\n",
             strikes.size(), in_copy, by_itself, source.run("SELECT count(*) FROM log").at(0).at(0).value());
}

}  // namespace dbsync::test
