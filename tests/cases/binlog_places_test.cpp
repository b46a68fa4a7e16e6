// Tables of the target that somebody makes again, swaps or empties while mysql2pgsql
// follows: seen, said with a way out, and never in the way of tables that are rightly empty.
#include <csignal>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/binlog_fixture.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int kTargetFailed = 4;

class BinlogPlaces : public BinlogTest {
 protected:
  void expect_stopped(const std::vector<std::string>& texts, const std::vector<std::string>& more = {}) {
    const RunResult result = follow(more);
    EXPECT_EQ(result.exit_code, kTargetFailed) << result.describe();
    for (const std::string& text : texts) EXPECT_THAT(result.err, HasSubstr(text));
    EXPECT_THAT(result.err, HasSubstr("--resync "));
  }
  RunResult expect_equal(const std::vector<std::string>& more = {}) {
    std::vector<std::string> options{"--verify"};
    options.insert(options.end(), more.begin(), more.end());
    RunResult result = follow(options);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    return result;
  }
  void expect_resynced(const std::string& table) {
    const RunResult result = run({"mysql2pgsql", "--resync", table});
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    expect_equal();
  }
  // What a run that stopped proposes to run on the target.
  std::string acceptance() {
    const std::string err = follow().err;
    const std::size_t from = err.find("DELETE FROM dbsync.apply_files");
    EXPECT_NE(from, std::string::npos) << err;
    return from == std::string::npos ? "SELECT 1" : err.substr(from, err.find('\n', from) - from);
  }
};

}  // namespace

TEST_F(BinlogPlaces, TablesThatAreMadeAgainSwappedOrGone) {
  source.exec(
      "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2); CREATE TABLE other (id int PRIMARY KEY)");
  begin();
  target.exec("CREATE TABLE again (LIKE t INCLUDING ALL); DROP TABLE t; ALTER TABLE again RENAME TO t");
  for (int i = 0; i < 2; ++i) expect_stopped({"public.t of the target is another table"});
  source.exec("INSERT INTO t VALUES (3); INSERT INTO other VALUES (1)");
  expect_stopped({"public.t of the target is another table"}, {"--follow"});
  EXPECT_EQ(target.value("SELECT count(*) FROM t"), "0");
  expect_resynced("t");
  target.exec("ALTER TABLE t RENAME TO was; CREATE TABLE t (LIKE was INCLUDING ALL)");
  source.exec("INSERT INTO t VALUES (4)");
  expect_stopped({"are in a table of the target that is called public.was now, and public.t is another one"});
  target.exec("DROP TABLE t; ALTER TABLE was RENAME TO t");
  expect_equal();
  target.exec("DROP TABLE other");
  const RunResult result = follow();
  EXPECT_EQ(result.exit_code, kTargetFailed) << result.describe();
  EXPECT_THAT(result.err, HasSubstr("other"));
}

TEST_F(BinlogPlaces, TablesThatAreEmptiedByHand) {
  source.exec(
      "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2); CREATE TABLE u (id int PRIMARY KEY); INSERT "
      "INTO u VALUES (1)");
  begin();
  target.exec("TRUNCATE t");
  expect_stopped({"public.t of the target held rows of", "emptied by somebody else"});
  target.exec("INSERT INTO t VALUES (1), (2); DELETE FROM u");
  const RunResult filled = follow();  // by hand
  EXPECT_EQ(filled.exit_code, kTargetFailed) << filled.describe();
  EXPECT_THAT(filled.err, HasSubstr("written anew on the target by somebody else"));
  EXPECT_THAT(filled.err, HasSubstr("public.u of the target held rows of"));
  expect_resynced("u");
  // With changes that come into it; and all of them at once.
  target.exec("TRUNCATE t; TRUNCATE u");
  source.exec("INSERT INTO t VALUES (3)");
  expect_stopped({"public.t of the target", "public.u of the target", "--resync " + source.name() + ".u"});
  EXPECT_EQ(target.value("SELECT count(*) FROM t"), "0");
  const std::string accept = acceptance();
  target.exec("INSERT INTO t VALUES (1), (2); INSERT INTO u VALUES (1); " + accept);
  expect_equal();
}

// Behind the chunks that are in.
TEST_F(BinlogPlaces, TablesThatAreEmptiedOrMadeAgainWhileTheyAreCopied) {
  source.exec(
      "CREATE TABLE t (id int PRIMARY KEY, v varchar(200)); INSERT INTO t SELECT seq, repeat('x', 100) FROM "
      "seq_1_to_5000");
  source.query("ANALYZE TABLE t");
  const std::vector<std::string> slowly{"mysql2pgsql", "--create", "--chunk-size", "64kB",
                                        "-j",          "1",        "--max-rate",   "3000"};
  const auto copy_and = [&](const std::string& sql, std::vector<std::string> more) {
    more.insert(more.begin(), slowly.begin(), slowly.end());
    Program program(more, here());
    EXPECT_TRUE(eventually([&] {
      return target.value("SELECT to_regclass('t') IS NOT NULL") == "t" &&
             target.value("SELECT count(*) > 0 FROM t") == "t";
    }));
    target.exec(sql);
    EXPECT_TRUE(eventually([&] { return !program.running(); }));
    if (program.running()) program.signal(SIGTERM);
    const RunResult result = program.wait();
    EXPECT_EQ(result.exit_code, kTargetFailed) << result.describe();
    EXPECT_THAT(result.err, HasSubstr("was emptied, made again or written anew by somebody else while"));
  };
  copy_and("DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, v varchar(200))", {});
  target.exec("DROP TABLE t");
  ASSERT_EQ(run({"mysql2pgsql", "--cleanup"}).exit_code, 0) << last_run_report();
  copy_and("TRUNCATE t", {"--follow"});
  source.exec("INSERT INTO t VALUES (0, '')");
  EXPECT_EQ(follow({"--follow", "--create", "--verify"}).exit_code, 0) << last_run_report();
}

// Its next row must not hide that the others are gone.
TEST_F(BinlogPlaces, ATableThatIsEmptiedWhileItIsFollowed) {
  source.exec("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
  begin();
  {
    Program program({"mysql2pgsql", "--follow"}, here());
    source.exec("INSERT INTO t VALUES (3)");
    EXPECT_TRUE(eventually([&] { return target.value("SELECT count(*) FROM t") == "3"; }));
    target.exec("TRUNCATE t");
    source.exec("INSERT INTO t VALUES (4)");
    EXPECT_TRUE(eventually([&] { return !program.running(); }));
    if (program.running()) program.signal(SIGTERM);
    const RunResult result = program.wait();
    EXPECT_EQ(result.exit_code, kTargetFailed) << result.describe();
    EXPECT_THAT(result.err, HasSubstr("emptied by somebody else"));
    EXPECT_EQ(target.value("SELECT count(*) FROM t"), "0");
  }
  expect_resynced("t");
  // Deleted behind changes of the task's own: the end knows.
  Program program({"mysql2pgsql", "--follow"}, here());
  source.exec("INSERT INTO t VALUES (5)");
  EXPECT_TRUE(eventually([&] { return target.value("SELECT count(*) FROM t") == "5"; }));
  target.exec("DELETE FROM t");
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait().exit_code, 130);
  expect_stopped({"public.t of the target held rows of"});
}

TEST_F(BinlogPlaces, RewrittenAndRightlyEmptyTablesAreNotInTheWay) {
  source.exec(
      "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE never (id int PRIMARY KEY); CREATE "
      "TABLE cleared (id int PRIMARY KEY); INSERT INTO cleared VALUES (1), (2); CREATE TABLE cut (id int PRIMARY KEY); "
      "INSERT INTO cut VALUES (1)");
  begin();
  source.exec("DELETE FROM cleared; TRUNCATE cut");
  EXPECT_THAT(expect_equal().err, Not(HasSubstr("written anew")));
  target.exec("VACUUM FULL t");
  for (const char* table : {"never", "cleared", "cut"}) target.exec(fmt::format("VACUUM FULL {}", table));
  source.exec("INSERT INTO never VALUES (1); INSERT INTO cleared VALUES (3); INSERT INTO cut VALUES (2)");
  const RunResult result = expect_equal();
  EXPECT_THAT(result.err, HasSubstr("and taken as they are: public.t; --verify-only"));
  EXPECT_THAT(expect_equal().err, Not(HasSubstr("written anew")));
  // The source's is empty as well, and what it gets next comes.
  source.exec("DELETE FROM t");
  target.exec("TRUNCATE never");
  source.exec("DELETE FROM never");
  const RunResult missing = follow();
  EXPECT_EQ(missing.exit_code, 5) << missing.describe();  // the row that the DELETE is of
}

TEST_F(BinlogPlaces, PartitionsAndDefinitionsThatWereChangedOnBothSides) {
  source.exec("CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1), (101)");
  target.exec(
      "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) "
      "TO (100); CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200)");
  begin();
  target.exec("CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (200) TO (300)");
  target.exec("VACUUM FULL p1");
  source.exec("INSERT INTO p VALUES (201)");
  EXPECT_THAT(expect_equal().err, HasSubstr("taken as they are: public.p1"));
  target.exec("TRUNCATE p3");
  source.exec("INSERT INTO p VALUES (2)");
  expect_stopped({"the partition public.p3 of the target held rows of"});
  expect_resynced("p");
  target.exec("ALTER TABLE p DETACH PARTITION p2");
  expect_stopped({"public.p2 held rows of"});
  target.exec("ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (100) TO (200)");
  expect_equal();
  source.exec("DROP TABLE p; CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (7)");
  EXPECT_EQ(follow().exit_code, 3) << last_run_report();
  target.exec("DROP TABLE p; CREATE TABLE p (id int PRIMARY KEY)");
  EXPECT_THAT(expect_equal({"--accept-schema"}).err, HasSubstr("accepted: tables of the target"));
  EXPECT_EQ(target.value("SELECT string_agg(id::text, ' ') FROM p"), "7");
}

}  // namespace dbsync::test
