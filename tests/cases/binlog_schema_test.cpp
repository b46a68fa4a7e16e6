// Definitions of followed tables change on the source: the task stops at that place of the
// binlog, and goes on when the target was changed in the same way.
#include <signal.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/binlog_fixture.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using testing::HasSubstr;

constexpr int kSourceFailed = 3;

struct Definition {
  std::string on_source;
  std::string on_target;
  std::string shown;  // in the message
};

class BinlogSchema : public BinlogTest {
 protected:
  // The follower at work, with the source's row of this number applied.
  std::unique_ptr<Program> at_work(int row) {
    auto out = std::make_unique<Program>(std::vector<std::string>{"mysql2pgsql", "--follow"}, here());
    source.exec(fmt::format("INSERT INTO n (a) VALUES ({})", row));
    EXPECT_TRUE(eventually([&] {
      return target.value(fmt::format("SELECT count(*) FROM n WHERE a = {}", row)) == "1";
    })) << out->err_so_far();
    return out;
  }
  std::string rows() { return target.value("SELECT string_agg(a::text, ' ' ORDER BY a) FROM n"); }
};

}  // namespace

// Rows from before the statement are there, those from behind it are not.
TEST_F(BinlogSchema, EachStatementStopsTheTaskAtItsPlace) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY, b varchar(10), c int); CREATE TABLE other (a int PRIMARY KEY)");
  begin();
  const std::string db = source.name();
  const std::vector<Definition> definitions{
      {"ALTER TABLE n ADD COLUMN d int DEFAULT 5", "ALTER TABLE n ADD COLUMN d int DEFAULT 5", "ADD COLUMN d"},
      {"/* of an application */ alter table `n` modify b varchar(30)", "ALTER TABLE n ALTER b TYPE varchar(30)",
       "modify b"},
      {"ALTER TABLE n CHANGE c e bigint", "ALTER TABLE n ALTER c TYPE bigint; ALTER TABLE n RENAME c TO e",
       "CHANGE c e"},
      {fmt::format("USE mysql; ALTER TABLE {}.n DROP COLUMN d; USE {}", db, db), "ALTER TABLE n DROP COLUMN d",
       "DROP COLUMN d"},
      {"RENAME TABLE n TO away, away TO n", "", "RENAME TABLE"},
      {"DROP TABLE n; CREATE TABLE n (a int PRIMARY KEY, b varchar(30), e bigint)", "TRUNCATE n", "DROP TABLE"},
  };
  int row = 0;
  for (const Definition& definition : definitions) {
    SCOPED_TRACE(definition.on_source);
    auto program = at_work(++row);
    ASSERT_FALSE(HasFailure());
    MysqlSession(db).run(
        fmt::format("INSERT INTO n (a) VALUES ({0}); {1}; INSERT INTO n (a) VALUES ({2}); INSERT INTO "
                    "other VALUES ({2})",
                    row + 1, definition.on_source, row + 2));
    const RunResult stopped = program->wait();
    EXPECT_EQ(stopped.exit_code, kSourceFailed) << stopped.describe();
    EXPECT_THAT(stopped.err, HasSubstr(fmt::format("has changed the definition of {}.n: ", db)));
    EXPECT_THAT(stopped.err, HasSubstr(definition.shown));
    EXPECT_THAT(stopped.err, HasSubstr("--accept-schema"));
    EXPECT_EQ(target.value(fmt::format("SELECT string_agg((a - {0})::text, ' ') FROM n WHERE a > {0}", row)), "1");
    EXPECT_EQ(target.value(fmt::format("SELECT count(*) FROM other WHERE a = {}", row + 2)), "0");
    // Again and again, until it is accepted.
    EXPECT_EQ(follow().exit_code, kSourceFailed);
    EXPECT_EQ(target.value(fmt::format("SELECT count(*) FROM other WHERE a = {}", row + 2)), "0");
    if (!definition.on_target.empty()) target.exec(definition.on_target);
    const RunResult on = follow({"--accept-schema", "--verify"});
    EXPECT_EQ(on.exit_code, 0) << on.describe();
    row += 2;
  }
}

// What the binlog does not tell shows in the rows: each description of a table in it is
// compared with what the task knows.
TEST_F(BinlogSchema, DefinitionThatTheBinlogDoesNotTellStopsAtTheFirstRow) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY, b varchar(10), c int)");
  begin();
  int row = 0;
  for (const auto& [on_source, on_target, why] : std::vector<Definition>{
           {"ALTER TABLE n ADD COLUMN d int", "ALTER TABLE n ADD COLUMN d int", "they have 4 columns, the table has 3"},
           {"ALTER TABLE n MODIFY c bigint", "ALTER TABLE n ALTER c TYPE bigint", "column c"},
           {"ALTER TABLE n DROP COLUMN d", "ALTER TABLE n DROP COLUMN d", "they have 3 columns, the table has 4"}}) {
    SCOPED_TRACE(on_source);
    auto program = at_work(++row);
    ASSERT_FALSE(HasFailure());
    MysqlSession(source.name())
        .run(fmt::format("SET sql_log_bin = 0; {}; SET sql_log_bin = 1; INSERT INTO n (a, c) VALUES ({}, 7)", on_source,
                         ++row));
    const RunResult stopped = program->wait();
    EXPECT_EQ(stopped.exit_code, kSourceFailed) << stopped.describe();
    EXPECT_THAT(stopped.err, HasSubstr(fmt::format("the rows of {}.n in the binlog do not fit", source.name())));
    EXPECT_THAT(stopped.err, HasSubstr(why));
    EXPECT_EQ(target.value(fmt::format("SELECT count(*) FROM n WHERE a = {}", row)), "0");
    target.exec(on_target);
    const RunResult on = follow({"--verify"});
    EXPECT_EQ(on.exit_code, 0) << on.describe();
  }
}

// The target must have all of them.
TEST_F(BinlogSchema, SeveralStatementsAreAcceptedAtOnce) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY); CREATE TABLE m (a int PRIMARY KEY)");
  begin();
  source.exec(
      "ALTER TABLE n ADD COLUMN b int; ALTER TABLE m ADD COLUMN b int; INSERT INTO n VALUES (1, 1); INSERT INTO m "
      "VALUES (1, 1)");
  const RunResult stopped = follow();
  EXPECT_EQ(stopped.exit_code, kSourceFailed);
  EXPECT_THAT(stopped.err, HasSubstr("ALTER TABLE n ADD COLUMN b"));
  target.exec("ALTER TABLE n ADD COLUMN b int");
  const RunResult half = follow({"--accept-schema"});  // the target's m is not as the source's
  EXPECT_NE(half.exit_code, 0) << half.describe();
  EXPECT_THAT(half.err, HasSubstr("m"));
  EXPECT_EQ(target.value("SELECT count(*) FROM n"), "0");
  target.exec("ALTER TABLE m ADD COLUMN b int");
  const RunResult on = follow({"--accept-schema", "--verify"});
  EXPECT_EQ(on.exit_code, 0) << on.describe();
  EXPECT_EQ(target.value("SELECT concat(n.b, m.b) FROM n, m"), "11");
  source.exec("INSERT INTO n VALUES (2, 2)");
  EXPECT_EQ(follow({"--verify"}).exit_code, 0) << last_run_report();
}

// While the task does not run: what comes before the statement is read by the definitions that
// the task has kept.
TEST_F(BinlogSchema, RowsFromBeforeAStatementAreAppliedThoughItIsDone) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY, b int, c int); CREATE TABLE m (a int PRIMARY KEY, b int)");
  begin();
  source.exec(
      "INSERT INTO n VALUES (1, 2, 3); ALTER TABLE n MODIFY c int AFTER a; INSERT INTO n (a, b, c) VALUES (4, 5, 6); "
      "INSERT INTO m VALUES (1, 2)");
  const RunResult early = follow({"--accept-schema"});
  EXPECT_EQ(early.exit_code, kSourceFailed) << early.describe();
  EXPECT_THAT(early.err, HasSubstr("start once without --accept-schema"));
  const RunResult stopped = follow();
  EXPECT_EQ(stopped.exit_code, kSourceFailed) << stopped.describe();
  EXPECT_THAT(stopped.err, HasSubstr("MODIFY c"));
  EXPECT_EQ(target.value("SELECT string_agg(concat(a, b, c), ' ') FROM n"), "123");
  const RunResult on = follow({"--accept-schema", "--verify"});
  EXPECT_EQ(on.exit_code, 0) << on.describe();
  EXPECT_EQ(target.value("SELECT string_agg(concat(a, b, c), ' ' ORDER BY a) FROM n"), "123 456");
}

// Rows between two definitions look like neither what the task has kept nor what is there now.
TEST_F(BinlogSchema, RowsBetweenTwoStatementsAreNotGuessed) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY, b int, c int)");
  begin();
  source.exec(
      "ALTER TABLE n MODIFY c int AFTER a; INSERT INTO n (a, b, c) VALUES (1, 2, 3); ALTER TABLE n MODIFY c int AFTER "
      "b");
  EXPECT_EQ(follow().exit_code, kSourceFailed) << last_run_report();  // though all is as the task knows it
  const RunResult refused = follow({"--accept-schema"});
  EXPECT_EQ(refused.exit_code, kSourceFailed) << refused.describe();
  EXPECT_THAT(refused.err, HasSubstr("AFTER b"));
  EXPECT_THAT(refused.err, HasSubstr("--resync"));
  EXPECT_EQ(target.value("SELECT count(*) FROM n"), "0");
}

TEST_F(BinlogSchema, IndexesBetweenAreAccepted) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY, b int)");
  begin();
  source.exec(
      "ALTER TABLE n ADD COLUMN c int; INSERT INTO n VALUES (1, 2, 3); ALTER TABLE n ADD INDEX (b), ADD "
      "KEY (c)");
  EXPECT_EQ(follow().exit_code, kSourceFailed) << last_run_report();
  target.exec("ALTER TABLE n ADD COLUMN c int");
  const RunResult on = follow({"--accept-schema", "--verify"});
  EXPECT_EQ(on.exit_code, 0) << on.describe();
}

// Its keys are read, since a foreign key acts on rows that are followed.
TEST_F(BinlogSchema, TableThatIsReferredToCountsThoughItIsNotFollowed) {
  source.exec(
      "CREATE TABLE p (a int PRIMARY KEY, k int, l int, UNIQUE (k)); CREATE TABLE n (a int PRIMARY KEY, k int, "
      "FOREIGN KEY (k) REFERENCES p (k) ON DELETE CASCADE); INSERT INTO p VALUES (1, 10, 20), (2, 20, 10); "
      "INSERT INTO n VALUES (1, 10), (2, 20)");
  table_list("n\n");
  begin({"-l", "tab_list.txt"});
  source.exec("DELETE FROM p WHERE a = 1; ALTER TABLE p MODIFY l int AFTER a; DELETE FROM p WHERE a = 2");
  const RunResult stopped = follow({"-l", "tab_list.txt"});
  EXPECT_EQ(stopped.exit_code, kSourceFailed) << stopped.describe();
  EXPECT_THAT(stopped.err, HasSubstr(".p"));
  EXPECT_EQ(target.value("SELECT string_agg(a::text, ' ') FROM n"), "2");
  EXPECT_EQ(follow({"-l", "tab_list.txt", "--accept-schema"}).exit_code, 0) << last_run_report();
  EXPECT_EQ(target.value("SELECT count(*) FROM n"), "0");
}

// What a task has kept of a table that was copied again is older than its copy.
TEST_F(BinlogSchema, TableThatWasCopiedAgainIsReadByItsNewDefinition) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY, b int, c int)");
  begin();
  source.exec("ALTER TABLE n MODIFY c int AFTER a");
  EXPECT_EQ(follow().exit_code, kSourceFailed) << last_run_report();
  EXPECT_EQ(run({"mysql2pgsql", "--resync", "n"}).exit_code, 0) << last_run_report();
  source.exec("INSERT INTO n (a, b, c) VALUES (1, 2, 3); ALTER TABLE n MODIFY c int AFTER b");
  EXPECT_EQ(follow().exit_code, kSourceFailed) << last_run_report();
  EXPECT_NE(target.value("SELECT string_agg(concat(a, b, c), ' ') FROM n"), "132");
}

// A start does not read the binlog once to look for definitions and once for rows.
TEST_F(BinlogSchema, BacklogIsReadOnce) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY, b longtext)");
  begin();
  constexpr int kRows = 40;
  for (int row = 0; row < kRows; ++row) source.exec(fmt::format("INSERT INTO n VALUES ({}, repeat('x', 262144))", row));
  const auto sent = [] {
    return std::stoll(*MysqlSession("").run("SHOW GLOBAL STATUS LIKE 'Bytes_sent'").at(0).at(1));
  };
  const auto before = sent();
  EXPECT_EQ(follow().exit_code, 0) << last_run_report();
  EXPECT_EQ(target.value("SELECT count(*) FROM n"), std::to_string(kRows));
  EXPECT_LT(sent() - before, kRows * 262144 * 3 / 2);
}

}  // namespace dbsync::test
