// Workloads that have led other followers astray: statements that change several tables,
// keys that change places, rows that nothing tells apart, tables without transactions, rows
// of many megabytes, rows that the server itself computes.
//
// All of it at once, in one database; every table is compared by --verify.
#include <signal.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/migration.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

constexpr const char* kTables =
    "CREATE TABLE multi (id int PRIMARY KEY, v int); CREATE TABLE multi2 (id int PRIMARY KEY, a int, v int);"
    "INSERT INTO multi VALUES (1, 1), (2, 2), (3, 3); INSERT INTO multi2 VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3);"
    "CREATE TABLE rep (id int PRIMARY KEY, u int UNIQUE, v varchar(9)); INSERT INTO rep VALUES (1, 1, 'x'), (2, 2, "
    "'y'), "
    "(3, 3, 'z');"
    "CREATE TABLE swap (id int PRIMARY KEY, u int UNIQUE, n int UNIQUE); INSERT INTO swap VALUES (1, 10, NULL), (2, "
    "20, "
    "NULL), (3, 30, 3);"
    "CREATE TABLE nokey (x int UNIQUE, y varchar(10)); INSERT INTO nokey VALUES (1, 'a'), (NULL, 'b'), (NULL, 'b'), "
    "(2, "
    "NULL);"
    "CREATE TABLE alike (id int, v varchar(20)); INSERT INTO alike VALUES (1, 'x'), (1, 'x'), (2, 'y');"
    "CREATE TABLE odd (id int PRIMARY KEY, e enum('', 'a''b', 'x\\\\y', 'a,b'), s set('p q', '\"', ''' ', 'zz'));"
    "CREATE TABLE floats (f float, d double, v int); INSERT INTO floats VALUES (1.1, 2.2, 1), (0.1, 1e300, 2), (-0.0, "
    "0, "
    "3);"
    "CREATE TABLE cased (id varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY, v int);"
    "INSERT INTO cased VALUES ('abc', 1), ('d', 2);"
    "CREATE TABLE trig (id int PRIMARY KEY, v int); CREATE TABLE triglog (id int AUTO_INCREMENT PRIMARY KEY, t "
    "varchar(20));"
    "CREATE TRIGGER tr BEFORE UPDATE ON trig FOR EACH ROW SET NEW.v = NEW.v + 1;"
    "CREATE TRIGGER tr2 AFTER INSERT ON trig FOR EACH ROW INSERT INTO triglog (t) VALUES (concat('i', NEW.id));"
    "CREATE TABLE gen (id int PRIMARY KEY, x int{}); INSERT INTO gen (id, x) VALUES (1, 1);"
    "CREATE TABLE big (id int PRIMARY KEY, l longblob, t longtext);"
    "CREATE TABLE temp (id int PRIMARY KEY); CREATE TABLE made (id int PRIMARY KEY); INSERT INTO made VALUES (1), (2);"
    "CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 "
    "VALUES LESS THAN (20)); INSERT INTO parts VALUES (1), (11);"
    "CREATE TABLE saved (id int PRIMARY KEY, v int);"
    "CREATE TABLE isam (id int PRIMARY KEY, v int) ENGINE=MyISAM; CREATE TABLE inno (id int PRIMARY KEY)";

constexpr const char* kWork[] = {
    "UPDATE multi a, multi2 b SET a.v = a.v + b.v, b.v = 100 WHERE a.id = b.a; DELETE a, b FROM multi a JOIN multi2 b "
    "ON "
    "a.id = b.a WHERE a.id = 2; INSERT INTO multi2 (id, a, v) SELECT id + 10, id, v FROM multi",
    "REPLACE INTO rep VALUES (1, 2, 'r'); REPLACE INTO rep VALUES (3, 3, 'q'), (4, 4, 'n'); INSERT INTO rep VALUES (3, "
    "9, "
    "'d') ON DUPLICATE KEY UPDATE u = 10, v = 'dup'; INSERT INTO rep VALUES (7, 10, 'd') ON DUPLICATE KEY UPDATE id = "
    "id + "
    "100; INSERT IGNORE INTO rep VALUES (4, 4, 'i'), (5, 5, 'j')",
    "BEGIN; UPDATE swap SET id = 99 WHERE id = 1; UPDATE swap SET id = 1 WHERE id = 2; UPDATE swap SET id = 2 WHERE id "
    "= "
    "99; COMMIT; BEGIN; UPDATE swap SET u = 999 WHERE id = 1; UPDATE swap SET u = 20 WHERE id = 2; UPDATE swap SET u = "
    "10 "
    "WHERE u = 999; COMMIT; UPDATE swap SET id = id + 1 ORDER BY id DESC; INSERT INTO swap VALUES (50, 50, NULL), (51, "
    "51, "
    "NULL); UPDATE swap SET n = NULL WHERE n = 3; UPDATE swap SET u = u + 1 ORDER BY u DESC",
    "UPDATE nokey SET y = 'c' WHERE x IS NULL LIMIT 1; DELETE FROM nokey WHERE x IS NULL AND y = 'b'; INSERT INTO "
    "nokey "
    "VALUES (NULL, NULL), (NULL, NULL); UPDATE nokey SET x = 5 WHERE x IS NULL AND y IS NULL LIMIT 1",
    "DELETE FROM alike WHERE id = 1 LIMIT 1; UPDATE alike SET v = 'z' WHERE id = 1; INSERT INTO alike VALUES (1, 'x'), "
    "(1, "
    "'x'); CREATE INDEX i ON alike (id); INSERT INTO alike VALUES (4, 'q')",
    "INSERT INTO odd VALUES (1, 'a''b', 'p q,zz'), (2, 'x\\\\y', 'zz,\"'), (3, 'bogus', ''), (4, 4, 15), (5, 0, NULL), "
    "(6, "
    "3, ''' ')",
    "UPDATE floats SET v = v + 10 WHERE v = 1; DELETE FROM floats WHERE v = 2; INSERT INTO floats VALUES (3.4028e38, "
    "5e-324, 7); UPDATE floats SET f = 0 WHERE v = 3",
    "UPDATE cased SET id = 'ABC' WHERE id = 'abc'; DELETE FROM cased WHERE id = 'D'; INSERT INTO cased VALUES ('d ', "
    "3); "
    "UPDATE cased SET v = 5 WHERE id = 'aBc'",
    "INSERT INTO trig VALUES (1, 1), (2, 2); UPDATE trig SET v = 10 WHERE id = 1",
    "INSERT INTO gen (id, x) VALUES (2, 2); UPDATE gen SET x = 9 WHERE id = 1; SET SESSION binlog_row_image = MINIMAL; "
    "UPDATE gen SET x = 8 WHERE id = 2; INSERT INTO gen (id) VALUES (5); SET SESSION binlog_row_image = FULL",
    "INSERT INTO big VALUES (1, repeat('a', 3000000), repeat('b', 1500000)); UPDATE big SET l = repeat('c', 2500000); "
    "INSERT INTO big VALUES (2, '', NULL)",
    "CREATE TEMPORARY TABLE tt (id int); INSERT INTO tt VALUES (1), (2); INSERT INTO temp SELECT * FROM tt; DROP "
    "TEMPORARY "
    "TABLE tt; CREATE TEMPORARY TABLE temp (z int); INSERT INTO temp VALUES (77); DROP TEMPORARY TABLE temp; INSERT "
    "INTO "
    "temp VALUES (5)",
    "CREATE TABLE made2 AS SELECT * FROM made; INSERT INTO made SELECT id + 10 FROM made2; DROP TABLE made2",
    "INSERT INTO parts VALUES (2), (12); TRUNCATE parts; INSERT INTO parts VALUES (13)",
    "BEGIN; INSERT INTO saved VALUES (1, 1); SAVEPOINT x; INSERT INTO saved VALUES (2, 2); SAVEPOINT y; UPDATE saved "
    "SET v "
    "= 9; ROLLBACK TO x; INSERT INTO saved VALUES (3, 3); RELEASE SAVEPOINT x; COMMIT; BEGIN; SAVEPOINT z; INSERT INTO "
    "saved VALUES (4, 4); ROLLBACK TO z; COMMIT",
    "INSERT IGNORE INTO isam VALUES (2, 1), (2, 4), (4, 4); UPDATE isam SET v = v + 1; DELETE FROM isam WHERE id = 2",
};

// Tables of both kinds in one transaction: MySQL with GTIDs refuses that.
constexpr const char* kBothKinds =
    "BEGIN; INSERT INTO inno VALUES (1); INSERT INTO isam VALUES (11, 1); INSERT INTO inno VALUES (2); ROLLBACK; "
    "BEGIN; "
    "INSERT INTO isam VALUES (19, 9); SAVEPOINT x; INSERT INTO inno VALUES (9); INSERT INTO isam VALUES (20, 1); "
    "ROLLBACK "
    "TO x; INSERT INTO inno VALUES (10); COMMIT";

}  // namespace

using BinlogWorkloads = MigrationTest;

TEST_F(BinlogWorkloads, ArriveAsTheyAre) {
  MysqlSession session(source.name());
  const bool old = source.version().starts_with("5.");
  session.run("SET sql_mode = ''");
  session.run(fmt::format(fmt::runtime(kTables), old ? "" : ", g int AS (x * 2) STORED, w int AS (x + 1) VIRTUAL"));
  const RunResult copied = run({"mysql2pgsql", "--follow", "--create", "--end-at", "now"});
  ASSERT_EQ(copied.exit_code, 0) << copied.describe();
  for (const char* work : kWork) session.run(work);
  if (source.is_mariadb()) session.run(kBothKinds);
  const RunResult followed = run({"mysql2pgsql", "--end-at", "now", "--verify"});
  EXPECT_EQ(followed.exit_code, 0) << followed.describe();
  EXPECT_EQ(target.value("SELECT string_agg(id::text, ' ' ORDER BY id) FROM saved"), "1 3");
}

// They are no part of the snapshot: what is written during the copy may be in it already.
TEST_F(BinlogWorkloads, WithoutTransactionsAreTakenOnceThoughTheCopyHasSomeOfThem) {
  std::string rows;
  for (int i = 0; i < 3000; ++i) rows += fmt::format("{}({})", i > 0 ? "," : "", i);
  source.exec("CREATE TABLE slow (id int PRIMARY KEY); INSERT INTO slow VALUES " + rows +
              "; CREATE TABLE isam (id int PRIMARY KEY, v int) ENGINE=MyISAM; INSERT INTO isam VALUES (1, 1), (2, 2), "
              "(3, 3), (4, 4)");
  Program program({"mysql2pgsql", "--follow", "--create", "-j", "1", "--max-rate", "1500"}, here());
  ASSERT_TRUE(eventually([&] {
    return target.value("SELECT to_regclass('dbsync.apply_progress') IS NOT NULL") == "t" &&
           target.value("SELECT count(*) FROM dbsync.apply_progress WHERE state = 'copying'") == "1";
  }));
  source.exec(
      "INSERT INTO isam VALUES (5, 5), (6, 6); UPDATE isam SET v = 10 WHERE id = 1; UPDATE isam SET id = 20 WHERE id = "
      "2; DELETE FROM isam WHERE id = 3; DELETE FROM isam WHERE id = 6");
  ASSERT_TRUE(eventually(
      [&] { return target.value("SELECT count(*) FROM dbsync.apply_progress WHERE state = 'following'") == "1"; }));
  program.signal(SIGTERM);
  const RunResult copied = program.wait();
  EXPECT_THAT(copied.err, testing::HasSubstr("is made to fit when it is followed: isam (MyISAM)"));
  EXPECT_EQ(copied.err.find("do not write to them"), std::string::npos);
  const RunResult followed = run({"mysql2pgsql", "--end-at", "now", "--verify"});
  EXPECT_EQ(followed.exit_code, 0) << followed.describe();
  EXPECT_EQ(target.value("SELECT string_agg(concat(id, ':', v), ' ' ORDER BY id) FROM isam"), "1:10 4:4 5:5 20:2");
  // From there on they are exact.
  target.exec("DELETE FROM isam WHERE id = 4");
  source.exec("UPDATE isam SET v = 7 WHERE id = 4");
  EXPECT_EQ(run({"mysql2pgsql", "--end-at", "now"}).exit_code, 5);
}

// Its rows are in the binlog, and the source has none: both sides would differ for ever.
TEST_F(BinlogWorkloads, OfTablesThatKeepNoRowsAreRefused) {
  source.exec("CREATE TABLE n (id int PRIMARY KEY)");
  if (source
          .query("SELECT 1 FROM information_schema.ENGINES WHERE ENGINE = 'BLACKHOLE' AND SUPPORT IN ('YES', "
                 "'DEFAULT')")
          .empty())
    GTEST_SKIP() << "this server has no BLACKHOLE";
  source.exec("CREATE TABLE hole (id int PRIMARY KEY) ENGINE=BLACKHOLE");
  const RunResult result = run({"mysql2pgsql", "--follow", "--create", "--end-at", "now"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, testing::HasSubstr("BLACKHOLE"));
  table_list("n\n");
  EXPECT_EQ(run({"mysql2pgsql", "--follow", "--create", "--end-at", "now", "-l", "tab_list.txt"}).exit_code, 0);
}

}  // namespace dbsync::test
