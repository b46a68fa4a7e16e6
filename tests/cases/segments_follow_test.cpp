// Following into tables that are spread over segments, whose key became a plain index: on a
// server that is taken for Greenplum.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"
#include "tests/harness/segments.h"

namespace dbsync::test {
namespace {

constexpr int kDataFailed = 5;

class SegmentsFollowTest : public FollowTest {
 protected:
  void SetUp() override {
    if (target.version() < kSegmentsSince) GTEST_SKIP() << "a stand-in for Greenplum's catalog needs PostgreSQL 13";
    take_for_segments(target);
    source.exec("create table t (id int primary key, v text)");
    target.exec("create table t (id int not null, v text); create index on t (id)");
    source.exec("insert into t select i, 'v' from generate_series(1, 10) i");
    target.exec("insert into t select i, 'v' from generate_series(1, 10) i");
    source.exec("create table n (k numeric primary key, v text); insert into n values (1.0, 'a')");
    target.exec("create table n (k numeric not null, v text); insert into n values (1.0, 'a')");
    begin();
  }

  // Keys that are taken on the target: of a row, of rows that come by COPY, and by an UPDATE.
  void make_conflicts() {
    target.exec("insert into t values (20, 'there'), (130, 'there'), (40, 'there')");
    source.exec("insert into t values (20, 'new')");
    source.exec("insert into t select i, 'many' from generate_series(100, 200) i");
    source.exec("update t set id = 40 where id = 1");
    source.exec("insert into t values (21, 'fits')");
  }
};

TEST_F(SegmentsFollowTest, ATakenKeyStopsOrIsSkippedAndCounted) {
  make_conflicts();
  const RunResult stopped = follow();
  EXPECT_EQ(stopped.exit_code, kDataFailed) << stopped.describe();
  expect_has(stopped.err, "INSERT of public.t (id = 20) in the transaction that ends at ");
  expect_has(stopped.err, "a row of the target has this key already");
  EXPECT_EQ(target.value("select count(*) from t where id = 20"), "1");
  configure("conflicts = skip");
  const RunResult run = follow();
  ASSERT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_EQ(target.value("select conflicts from dbsync.apply_progress"), "3");
  EXPECT_EQ(target.value("select string_agg(id::text, ' ' order by id) from t where v = 'there'"), "20 40 130");
  EXPECT_EQ(target.value("select count(*) from t"), "114");
  EXPECT_EQ(target.value("select count(distinct id) from t"), "114");
}

TEST_F(SegmentsFollowTest, TakenKeysAreOverwrittenAndCounted) {
  make_conflicts();
  configure("conflicts = overwrite");
  drain();
  expect_same_table("t");
  EXPECT_EQ(target.value("select conflicts from dbsync.apply_progress"), "3");
}

// A key that changes its looks only is not taken by its own row.
TEST_F(SegmentsFollowTest, AKeyIsNotTakenByItsOwnRow) {
  source.exec("begin; update n set k = 1.00; commit");
  source.exec("update n set k = 2, v = 'b'");
  drain();
  expect_same_table("n");
}

TEST_F(SegmentsFollowTest, TablesThatGrowAreAnalyzed) {
  target.exec("alter table t set (autovacuum_enabled = off); analyze t");
  source.exec("insert into t select i, 'v' from generate_series(1000, 5000) i");
  drain();
  EXPECT_EQ(target.value("select reltuples from pg_class where oid = 't'::regclass"), "4011");
}

// What the target has not: the column is text there, and its rows are not lost.
TEST_F(SegmentsFollowTest, ANewColumnOfATypeThatTheTargetLacksBecomesText) {
  source.exec(
      "create type mood as enum ('sad', 'ok'); create function f() returns text language sql as 'select ''x'''");
  source.exec("alter table t add m mood default 'ok', add w text default 'a'");
  source.exec("alter table t alter w set default f()");
  source.exec("insert into t (id, v) values (50, 'new')");
  const RunResult run = follow();
  ASSERT_EQ(run.exit_code, 0) << run.describe();
  expect_same("select id, v, m::text, w from t order by id");
  EXPECT_EQ(target.value("select atttypid::regtype from pg_attribute where attrelid = 't'::regclass and attname = 'm'"),
            "text");
  expect_has(run.err, "the target has no type public.mood");
}

}  // namespace
}  // namespace dbsync::test
