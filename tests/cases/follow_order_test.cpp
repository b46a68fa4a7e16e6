// The order of things while following: transactions that cross, descriptions
// that change in mid-stream, rows that are hard to find.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"

namespace dbsync::test {

namespace {

constexpr int kTargetFailed = 4;

class FollowOrder : public FollowTest {};

TEST_F(FollowOrder, TransactionsThatCrossAreAppliedInCommitOrder) {
  both("create table t (id int primary key, v text)");
  begin();
  PgSession one(source.conninfo());
  PgSession two(source.conninfo());
  one.run("begin");
  one.run("insert into t values (1, 'one')");
  two.run("begin");
  two.run("insert into t values (2, 'two')");
  two.run("commit");
  one.run("update t set v = v || ' after two' where id = 2");
  one.run("insert into t values (3, 'three')");
  two.run("update t set v = 'not seen' where id = 1");  // the row is not there yet
  one.run("commit");
  two.run("delete from t where id = 3");
  drain();
  expect_same_table("t");
  EXPECT_EQ(target.value("select v from t where id = 2"), "two after two");
}

TEST_F(FollowOrder, SavepointsAndRollbacksLeaveWhatWasCommitted) {
  both("create table t (id int primary key, v text)");
  begin();
  PgSession one(source.conninfo());
  for (const char* sql :
       {"begin", "insert into t values (1, 'a')", "savepoint s", "insert into t values (2, 'b')",
        "update t set v = 'x' where id = 1", "rollback to s", "insert into t values (3, 'c')", "savepoint s2",
        "insert into t values (4, 'd')", "release s2", "commit", "begin", "insert into t values (5, 'e')", "rollback"})
    one.run(sql);
  drain();
  expect_same_table("t");
  EXPECT_EQ(target.value("select string_agg(id::text, ',' order by id) from t"), "1,3,4");
}

TEST_F(FollowOrder, EveryStepOfARowInOneTransactionAndInSeveral) {
  both("create table t (id int primary key, v text, u int unique)");
  begin();
  source.exec(
      "begin; insert into t values (1, 'a', 1); update t set v = 'b'; delete from t; "
      "insert into t values (1, 'c', 2); update t set id = 7; update t set id = 1, v = 'd'; commit");
  source.exec("insert into t values (2, 'gone', 20)");
  source.exec("delete from t where id = 2");
  source.exec("insert into t values (2, 'again', 21)");
  source.exec("update t set id = id + 10");
  // Two rows swap a value that is unique: only the order makes it possible.
  source.exec("update t set u = -1 where id = 11");
  source.exec("update t set u = 2 where id = 12");
  source.exec("update t set u = 21 where id = 11");
  drain();
  expect_same_table("t");
  EXPECT_EQ(target.value("select string_agg(id || v || u, ',' order by id) from t"), "11d21,12again2");
}

TEST_F(FollowOrder, AColumnAddedInMidStreamIsAddedWithTheValueOfOlderRows) {
  if (source.version() < 110000) GTEST_SKIP() << "what older rows hold in a new column is known from 11 on";
  both("create table t (id int primary key, v text)");
  both("insert into t values (1, 'old')");
  begin();
  source.exec("insert into t values (2, 'before')");
  source.exec(
      "begin; insert into t values (3, 'same transaction'); alter table t add n int default 5; "
      "update t set n = 6 where id = 3; commit");
  source.exec("alter table t add plain numeric(8,2)");
  source.exec("insert into t values (4, 'after', 7, 1.5)");
  drain();
  expect_same_table("t");
  EXPECT_EQ(target.value("select n from t where id = 1"), "5");
}

TEST_F(FollowOrder, ARenamedColumnStopsBeforeItsTransactionWithAdvice) {
  both("create table t (id int primary key, v text)");
  begin();
  source.exec("insert into t values (1, 'a')");
  source.exec("alter table t rename v to w");
  source.exec("insert into t values (2, 'b')");
  const RunResult run = follow();
  EXPECT_EQ(run.exit_code, kTargetFailed) << run.describe();
  EXPECT_NE(run.err.find("column w"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("HINT"), std::string::npos) << run.err;
  EXPECT_EQ(target.value("select count(*) from t"), "1") << "what came before is applied";
  target.exec("alter table t rename v to w");
  drain();
  expect_same_table("t");
}

TEST_F(FollowOrder, AChangedTypeStopsUntilTheTargetHasIt) {
  both("create table t (id int primary key, v int)");
  begin();
  source.exec("insert into t values (1, 1)");
  source.exec("alter table t alter v type numeric(12,3) using v / 2.0");
  source.exec("insert into t values (2, 2.125)");
  const RunResult run = follow();
  EXPECT_EQ(run.exit_code, kTargetFailed) << run.describe();
  EXPECT_NE(run.err.find("ALTER COLUMN \"v\" TYPE numeric(12,3)"), std::string::npos) << run.err;
  EXPECT_EQ(target.value("select count(*) from t"), "1");
  target.exec("alter table t alter v type numeric(12,3) using v / 2.0");
  drain();
  expect_same_table("t");
}

TEST_F(FollowOrder, AColumnDroppedOnTheSourceIsKeptAndSaid) {
  both("create table t (id int primary key, v text, w int default 3)");
  begin();
  source.exec("insert into t values (1, 'a', 1)");
  source.exec("alter table t drop w");
  source.exec("insert into t values (2, 'b')");
  const RunResult run = follow();
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_NE(run.err.find("no longer has the column w"), std::string::npos) << run.err;
  EXPECT_EQ(target.value("select string_agg(id || v || w, ',' order by id) from t"), "1a1,2b3");
}

TEST_F(FollowOrder, TruncateOfSeveralTablesWithCascade) {
  if (source.version() < 110000) GTEST_SKIP() << "TRUNCATE is sent from 11 on";
  both(
      "create table a (id int primary key); create table b (id serial primary key, a int references a);"
      "create table c (id int primary key, b int references b); insert into a values (1), (2);"
      "insert into b (a) values (1), (2); insert into c values (1, 1)");
  begin();
  source.exec("insert into a values (3); insert into b (a) values (3)");
  source.exec(
      "begin; truncate a restart identity cascade; insert into a values (9); insert into b (a) values (9); commit");
  source.exec("insert into c values (5, 1)");
  drain();
  for (const char* table : {"a", "b", "c"}) expect_same_table(table);
  EXPECT_EQ(target.value("select count(*) from c"), "1");
  EXPECT_EQ(target.value("select nextval('b_id_seq')"), "1") << "RESTART IDENTITY";
}

TEST_F(FollowOrder, ReplicaIdentityByIndex) {
  both(
      "create table t (a int, b text not null, c text); create unique index t_b on t (b);"
      "alter table t replica identity using index t_b");
  begin();
  source.exec("insert into t values (1, 'x', 'c'), (2, 'y', 'c'), (3, 'z', null)");
  source.exec("update t set c = 'new' where b = 'x'");
  source.exec("update t set b = 'yy', a = null where b = 'y'");
  source.exec("delete from t where b = 'z'");
  drain();
  expect_same_table("t");
}

TEST_F(FollowOrder, ReplicaIdentityFullWithDuplicatesAndNulls) {
  both("create table t (a int, b numeric, j json); alter table t replica identity full");
  begin();
  source.exec(
      "insert into t values (1, 1.0, '{}'), (1, 1.0, '{}'), (1, 1.00, '{}'), (null, null, null), (null, null, null)");
  source.exec("update t set a = 2 where ctid = (select min(ctid) from t where b::text = '1.0')");
  source.exec("delete from t where ctid = (select min(ctid) from t where a is null)");
  source.exec("update t set b = 7 where b::text = '1.00'");
  source.exec("update t set j = '[1, 2]' where a is null");
  drain();
  expect_same_table("t");
  EXPECT_EQ(target.value("select count(*) from t"), "4");
}

TEST_F(FollowOrder, ReplicaIdentityFullUsesTheTargetsKey) {
  both("create table t (id int primary key, v text, big text)");
  source.exec("alter table t replica identity full; alter table t alter big set storage external");
  begin();
  source.exec("insert into t select i, 'v', repeat('x', 3000) from generate_series(1, 200) i");
  source.exec("update t set v = 'w' where id % 2 = 0");
  source.exec("update t set id = -id where id % 3 = 0");
  source.exec("delete from t where id > 150");
  const RunResult run = follow();
  ASSERT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_EQ(run.err.find("slow"), std::string::npos) << run.err;
  expect_same_table("t");
}

TEST_F(FollowOrder, ReplicaIdentityNothingTakesInsertsAndIsSaid) {
  both("create table t (id int, v text); create table u (id int primary key)");
  source.exec("alter table u replica identity nothing");
  configure("tables_without_key = publish");
  const RunResult run = follow();
  ASSERT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_NE(run.err.find("replica identity: public.t, public.u"), std::string::npos) << run.err;
  source.exec("insert into t values (1, 'a'), (1, 'a'); insert into u select generate_series(1, 100)");
  drain();
  expect_same_table("t");
  expect_same_table("u");
}

TEST_F(FollowOrder, UpdatesThatChangeNothing) {
  both(
      "create table keys_only (a int, b int, primary key (a, b)); create table t (id int primary key, v text);"
      "create table bare (a int, b int); alter table bare replica identity full");
  begin();
  source.exec(
      "insert into keys_only values (1, 1), (2, 2); insert into t values (1, 'a'); insert into bare values (1, 2)");
  source.exec("update keys_only set a = a");
  source.exec("update t set v = v");
  source.exec("update t set id = id");
  source.exec("update bare set a = a");
  drain();
  for (const char* table : {"keys_only", "t", "bare"}) expect_same_table(table);
}

TEST_F(FollowOrder, UnchangedLargeValuesStayAsTheyAre) {
  both(
      "create table t (id int primary key, v int, big text, other text);"
      "alter table t alter big set storage external; alter table t alter other set storage external");
  begin();
  source.exec("insert into t select i, 0, repeat(i::text, 3000), repeat('o', 3000) from generate_series(1, 9) i");
  drain();
  source.exec("update t set v = 1");
  source.exec("update t set other = 'short' where id < 4");
  source.exec("update t set big = 'changed' where id in (2, 5)");
  source.exec(
      "begin; update t set v = 2 where id = 6; update t set big = repeat('n', 4000) where id = 6;"
      "update t set v = 3 where id = 6; commit");
  source.exec("update t set id = 100 where id = 7");
  drain();
  expect_same_table("t");
  EXPECT_EQ(target.value("select length(big) from t where id = 100"), "3000");
}

TEST_F(FollowOrder, EmptyTransactionsMoveTheSlot) {
  both("create table t (id int primary key); create table apart (id int primary key)");
  begin();
  const std::string before = slot_column("confirmed_flush_lsn");
  source.exec("create temporary table x (a int); insert into x values (1)");
  source.exec("create table not_published (a int); insert into not_published values (1)");
  drain();
  EXPECT_EQ(target.value("select '" + slot_column("confirmed_flush_lsn") + "'::pg_lsn > '" + before + "'::pg_lsn"),
            "t");
}

TEST_F(FollowOrder, QuotedNames) {
  const std::string make = R"(create schema "Odd.schema"; create table "Odd.schema"."Tab ""le" (
    "Key,1" int, "select" text, "it's" int, primary key ("Key,1")))";
  both(make);
  begin();
  const std::string table = R"("Odd.schema"."Tab ""le")";
  source.exec("insert into " + table + " select i, 'a', i from generate_series(1, 100) i");
  source.exec("update " + table + R"( set "select" = 'b\' where "Key,1" < 50)");
  source.exec("delete from " + table + R"( where "it's" > 90)");
  drain();
  expect_same_table(table);
}

TEST_F(FollowOrder, ATablePublishedLater) {
  both("create table t (id int primary key)");
  begin();
  both("create table later (id int primary key)");
  source.exec("insert into later values (1)");  // not published
  source.exec("alter publication " + slot_column("slot_name") + " add table later");
  source.exec("insert into later values (2); insert into t values (1)");
  drain();
  EXPECT_EQ(target.value("select string_agg(id::text, ',') from later"), "2");
  expect_same_table("t");

  source.exec("create table unknown_there (id int primary key)");
  source.exec("alter publication " + slot_column("slot_name") + " add table unknown_there");
  source.exec("insert into t values (2)");
  source.exec("insert into unknown_there values (1)");
  const RunResult run = follow();
  EXPECT_EQ(run.exit_code, kTargetFailed) << run.describe();
  EXPECT_NE(run.err.find("the target has no table public.unknown_there"), std::string::npos) << run.err;
  expect_same_table("t");
  target.exec("create table unknown_there (id int primary key)");
  drain();
  expect_same_table("unknown_there");
}

}  // namespace

}  // namespace dbsync::test
