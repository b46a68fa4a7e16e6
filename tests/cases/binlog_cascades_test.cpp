// Foreign keys of a followed source act inside its engine, and its binlog does not tell: what
// they do is done on the target, or the task stops.
//
// Every table is compared with the source by --verify. The target's own keys are taken away,
// so that nothing but the program can have done it.
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/binlog_fixture.h"
#include "tests/harness/own_server.h"

namespace dbsync::test {

namespace {

using testing::HasSubstr;

constexpr int kSourceFailed = 3;

class BinlogCascades : public BinlogTest {
 protected:
  void begin(std::vector<std::string> more = {}) {
    BinlogTest::begin(std::move(more));
    if (HasFatalFailure()) return;
    target.exec(
        "DO $$ DECLARE k record; BEGIN FOR k IN SELECT conrelid::regclass AS t, conname FROM pg_constraint WHERE "
        "contype = 'f' LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', k.t, k.conname); END LOOP; END $$");
  }
  void expect_equal() {
    const RunResult result = follow({"--verify"});
    EXPECT_EQ(result.exit_code, 0) << result.describe();
  }
};

}  // namespace

// Chains, SET NULL, keys that change, keys of several columns, keys that are no primary
// keys, a table that refers to itself, and two ways to one table.
TEST_F(BinlogCascades, AreDoneOnTheTarget) {
  if (source.version().starts_with("9")) GTEST_SKIP() << "MySQL 9.6 and newer log such rows, and refuse some of these";
  source.exec(
      "CREATE TABLE p (id int PRIMARY KEY, code decimal(6,2) NOT NULL UNIQUE, note varchar(10));"
      "CREATE TABLE c (id bigint PRIMARY KEY, p int, code decimal(6,2), UNIQUE (id, p),"
      " FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE,"
      " FOREIGN KEY (code) REFERENCES p (code) ON DELETE SET NULL ON UPDATE CASCADE);"
      "CREATE TABLE g (id int PRIMARY KEY, c bigint, p int, q int,"
      " FOREIGN KEY (c, p) REFERENCES c (id, p) ON DELETE CASCADE ON UPDATE CASCADE,"
      " FOREIGN KEY (q) REFERENCES p (id) ON DELETE SET NULL ON UPDATE SET NULL);"
      "CREATE TABLE h (g int, b varbinary(8), FOREIGN KEY (g) REFERENCES g (id) ON DELETE CASCADE);"
      "CREATE TABLE tree (id int PRIMARY KEY, up int, FOREIGN KEY (up) REFERENCES tree (id) ON DELETE CASCADE);"
      "CREATE TABLE loose (id int PRIMARY KEY, up int, FOREIGN KEY (up) REFERENCES loose (id) ON DELETE SET NULL)");
  for (int i = 1; i <= 20; ++i)
    source.exec(fmt::format(
        "INSERT INTO p VALUES ({0}, {0}.5, 'n{0}'); INSERT INTO c VALUES ({0}, {0}, {0}.5), (100 + {0}, {0}, NULL);"
        "INSERT INTO g VALUES ({0}, {0}, {0}, {0}), (100 + {0}, NULL, {0}, 21 - {0} - IF(21 - {0} > {0}, 21 - {0}, 0) "
        "+ "
        "IF(21 - {0} > {0}, {0}, 0));"
        "INSERT INTO h VALUES ({0}, x'00{0:02}'), ({0}, NULL), (NULL, 'x');"
        "INSERT INTO tree VALUES ({0}, IF({0} > 1, {0} DIV 2, NULL)); INSERT INTO loose VALUES ({0}, IF({0} > 1, {0} "
        "DIV 2, NULL))",
        i));
  begin();
  MysqlSession session(source.name());
  session.run(
      "DELETE FROM p WHERE id IN (1, 2); UPDATE p SET id = 50 WHERE id = 3; UPDATE p SET code = 4.75 WHERE id = 4");
  session.run("UPDATE p SET id = id + 100, code = code + 100, note = 'x' WHERE id IN (5, 6)");
  session.run(
      "BEGIN; INSERT INTO p VALUES (60, 60, 'b'); INSERT INTO c VALUES (60, 60, 60); INSERT INTO g VALUES (60, 60, "
      "60, 60); INSERT INTO h VALUES (60, 'y'); DELETE FROM p WHERE id = 60; INSERT INTO p VALUES (60, 60, 'c'); "
      "COMMIT");
  session.run("BEGIN; DELETE FROM p WHERE id = 7; ROLLBACK; UPDATE p SET note = 'other' WHERE id = 8");
  session.run(
      "REPLACE INTO p VALUES (9, 9.5, 'again'); INSERT INTO p VALUES (10, 1, 'd') ON DUPLICATE KEY UPDATE id = 70");
  session.run("UPDATE p SET id = id + 1 WHERE id >= 15 ORDER BY id DESC; DELETE FROM c WHERE id = 111");
  session.run("DELETE FROM tree WHERE id = 2; DELETE FROM loose WHERE id = 3; DELETE FROM tree WHERE id = 1");
  session.run("SET foreign_key_checks = 0; DELETE FROM p WHERE id = 12; SET foreign_key_checks = 1");
  session.run(
      "SET SESSION binlog_row_image = MINIMAL; DELETE FROM g WHERE id = 13; UPDATE p SET note = 'm' WHERE id = 14");
  expect_equal();
  EXPECT_EQ(target.value("SELECT count(*) FROM tree"), "0");
}

// MySQL 9.6 and newer do so when they are told to: what they do is not in the binlog then.
TEST_F(BinlogCascades, OfAServerThatLeavesThemToItsEngine) {
  const char* own = std::getenv("DBSYNC_OWN_MYSQL");
  if (own == nullptr || !std::string_view(own).starts_with("sid"))
    GTEST_SKIP() << "needs a MySQL of its own (DBSYNC_OWN_MYSQL), 9.6 or newer";
  const OwnServer server("mysql", "native_keys", {"--innodb-native-foreign-keys=ON"});
  MysqlSession(server.mysql(), "").run("CREATE DATABASE shop");
  dir.write_file("my.cfg", my_cfg(mysql_section(server.mysql(), "shop"), target.conninfo()));
  MysqlSession session(server.mysql(), "shop");
  session.run(
      "CREATE TABLE p (id varchar(9) COLLATE utf8mb4_general_ci PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p "
      "varchar(9) COLLATE utf8mb4_general_ci, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE); CREATE TABLE q (id "
      "int PRIMARY KEY); CREATE TABLE d (id int PRIMARY KEY, q int, FOREIGN KEY (q) REFERENCES q (id) ON DELETE SET "
      "NULL); INSERT INTO p VALUES ('a'); INSERT INTO c VALUES (1, 'a'); INSERT INTO q VALUES (1); INSERT INTO d "
      "VALUES "
      "(1, 1)");
  const RunResult check = run({"mysql2pgsql", "--check", "--follow", "--create"});
  EXPECT_EQ(check.exit_code, 0) << check.describe();
  EXPECT_THAT(check.out, HasSubstr("1 of them act without the binlog's telling"));
  EXPECT_THAT(check.out, HasSubstr("of shop.p in c ("));
  begin();
  session.run("DELETE FROM q");
  const RunResult done = follow({"--verify"});
  EXPECT_EQ(done.exit_code, 0) << done.describe();
  EXPECT_THAT(done.err, HasSubstr("the task stops when rows or keys go of shop.p in c"));
  EXPECT_EQ(target.value("SELECT q IS NULL FROM d"), "t");
  session.run("DELETE FROM p");
  const RunResult stopped = follow();
  EXPECT_EQ(stopped.exit_code, kSourceFailed) << stopped.describe();
  EXPECT_THAT(stopped.err, HasSubstr("has changed rows of c, which its binlog does not tell"));
}

// The table whose rows go is not among those that are followed.
TEST_F(BinlogCascades, OfTablesOutsideTheChoice) {
  source.exec(
      "CREATE TABLE p (note char(3), id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p int, FOREIGN KEY (p) "
      "REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE); INSERT INTO p VALUES ('a', 1), ('b', 2), ('c', 3), "
      "('d', 4); INSERT INTO c VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, NULL)");
  table_list("c\n");
  begin({"-l", "tab_list.txt"});
  source.exec("DELETE FROM p WHERE id = 1; UPDATE p SET id = 30 WHERE id = 3; UPDATE p SET note = 'e' WHERE id = 4");
  const RunResult result = follow({"-l", "tab_list.txt", "--verify"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value("SELECT string_agg(concat(id, ':', p), ' ' ORDER BY id) FROM c"), "2:2 3:30 4:4 5:");
}

// What lies between is neither in the binlog nor on the target.
TEST_F(BinlogCascades, StopWhereATableBetweenIsNotFollowed) {
  source.exec(
      "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES p "
      "(id) ON DELETE CASCADE); CREATE TABLE g (id int PRIMARY KEY, c int, FOREIGN KEY (c) REFERENCES c (id) ON DELETE "
      "CASCADE); INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (1, 1), (2, 2); INSERT INTO g VALUES (1, 1), (2, "
      "2)");
  table_list("p\ng\n");
  begin({"-l", "tab_list.txt"});
  source.exec("DELETE FROM c WHERE id = 2");
  EXPECT_EQ(follow({"-l", "tab_list.txt", "--verify"}).exit_code, 0);
  source.exec("DELETE FROM p WHERE id = 1");
  const RunResult result = follow({"-l", "tab_list.txt", "--verify"});
  if (result.exit_code == 0) return;  // the server logs them, and both sides were compared
  EXPECT_EQ(result.exit_code, kSourceFailed);
  EXPECT_THAT(result.err, HasSubstr("has changed rows of c, which its binlog does not tell"));
  EXPECT_THAT(result.err, HasSubstr("c is not followed"));
}

// Text that is equal there need not be here.
TEST_F(BinlogCascades, StopWhereTextIsComparedInAnotherWay) {
  source.exec(
      "CREATE TABLE p (id varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY, note int); CREATE "
      "TABLE c (id int PRIMARY KEY, p varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, FOREIGN KEY (p) "
      "REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE);"
      "CREATE TABLE q (id char(4) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY); CREATE TABLE d (id int PRIMARY "
      "KEY, q char(4) CHARACTER SET ascii COLLATE ascii_bin, FOREIGN KEY (q) REFERENCES q (id) ON DELETE CASCADE);"
      "INSERT INTO p VALUES ('a', 1), ('b', 2); INSERT INTO c VALUES (1, 'a'), (2, 'b'); INSERT INTO q VALUES ('a'), "
      "('A'); INSERT INTO d VALUES (1, 'a'), (2, 'A')");
  begin();
  source.exec("INSERT INTO c VALUES (3, 'B'); UPDATE p SET note = 3; DELETE FROM q WHERE id = 'A'");
  expect_equal();
  source.exec("DELETE FROM p WHERE id = 'b'");
  const RunResult result = follow({"--verify"});
  if (result.exit_code == 0) return;  // the server logs them, and both sides were compared
  EXPECT_EQ(result.exit_code, kSourceFailed);
  EXPECT_THAT(result.err, HasSubstr("has changed rows of c, which its binlog does not tell"));
  EXPECT_THAT(result.err, HasSubstr("compared by a collation"));
  EXPECT_EQ(target.value("SELECT count(*) FROM p"), "2");
  EXPECT_EQ(follow({"--accept-schema"}).exit_code, 0);
  target.exec("DELETE FROM c WHERE lower(p) = 'b'");
  expect_equal();
  source.exec("UPDATE p SET id = 'z' WHERE id = 'a'");
  EXPECT_EQ(follow().exit_code, kSourceFailed);
}

// A transaction that does not fit is applied change by change, foreign keys' actions with it.
TEST_F(BinlogCascades, AreDoneChangeByChange) {
  source.exec(
      "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES p "
      "(id) "
      "ON DELETE CASCADE ON UPDATE CASCADE); INSERT INTO p VALUES (1), (2), (3); INSERT INTO c VALUES (1, 1), (2, 2), "
      "(3, "
      "3)");
  configure("[follow]\nconflicts = \"skip\"\n");
  begin();
  target.exec("DELETE FROM c WHERE id = 3");
  source.exec(
      "BEGIN; DELETE FROM c WHERE id = 3; DELETE FROM p WHERE id = 1; UPDATE p SET id = 20 WHERE id = 2; COMMIT");
  const RunResult result = follow({"--verify"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_THAT(result.err, HasSubstr("1 conflicts"));
  EXPECT_EQ(target.value("SELECT string_agg(concat(id, ':', p), ' ') FROM c"), "2:20");
}

// Random operations on tables that refer to each other; DBSYNC_SEED repeats one.
TEST_F(BinlogCascades, OfRandomOperations) {
  source.exec(
      "CREATE TABLE a (id int PRIMARY KEY, v int);"
      "CREATE TABLE b (id int PRIMARY KEY, a int, FOREIGN KEY (a) REFERENCES a (id) ON DELETE CASCADE ON UPDATE "
      "CASCADE);"
      "CREATE TABLE c (id int PRIMARY KEY, b int, a int, FOREIGN KEY (b) REFERENCES b (id) ON DELETE SET NULL ON "
      "UPDATE "
      "CASCADE, FOREIGN KEY (a) REFERENCES a (id) ON DELETE CASCADE ON UPDATE SET NULL);"
      "CREATE TABLE d (id int PRIMARY KEY, c int, FOREIGN KEY (c) REFERENCES c (id) ON DELETE CASCADE ON UPDATE "
      "CASCADE, "
      "up int, FOREIGN KEY (up) REFERENCES d (id) ON DELETE CASCADE)");
  begin();
  const char* given = std::getenv("DBSYNC_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device()();
  SCOPED_TRACE(fmt::format("DBSYNC_SEED={}", seed));
  std::mt19937 random(seed);
  const auto below = [&](unsigned limit) { return random() % limit; };
  MysqlSession session(source.name());
  const auto try_to = [&](const std::string& sql) {
    try {
      session.run(sql);
    } catch (const std::exception&) {  // a key that is taken, or a row that is not there
    }
  };
  for (int i = 0; i < 600; ++i) {
    const auto id = below(40), other = below(40);
    const std::string table(1, "abcd"[below(4)]);
    if (below(5) == 0) try_to(below(3) == 0 ? "ROLLBACK" : below(2) == 0 ? "COMMIT" : "BEGIN");
    switch (below(7)) {
      case 0: try_to(fmt::format("DELETE FROM {} WHERE id = {}", table, id)); break;
      case 1: try_to(fmt::format("UPDATE {} SET id = {} WHERE id = {}", table, other, id)); break;
      case 2: try_to(fmt::format("DELETE FROM {} WHERE id BETWEEN {} AND {}", table, id, id + 2)); break;
      case 3: try_to(fmt::format("INSERT INTO a VALUES ({}, {})", id, other)); break;
      case 4: try_to(fmt::format("INSERT INTO b VALUES ({}, {})", id, other)); break;
      case 5: try_to(fmt::format("INSERT INTO c VALUES ({}, {}, {})", id, other, below(40))); break;
      default: try_to(fmt::format("INSERT INTO d VALUES ({}, {}, {})", id, other, id % 3 == 0 ? "NULL" : "id")); break;
    }
    if (below(3) == 0) try_to(fmt::format("UPDATE d SET up = {} WHERE id = {}", below(40), below(40)));
  }
  session.run("COMMIT");
  expect_equal();
}

}  // namespace dbsync::test
