// Tables that are copied and not followed: every place that tells how a task is names them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"

namespace dbsync::test {

namespace {

using FollowLeft = FollowTest;

TEST_F(FollowLeft, SummaryAndStatusNameThem) {
  both("create table keyed (id int primary key); create table \"no key\" (id int)");
  source.exec("insert into keyed values (1); insert into \"no key\" values (1)");
  const RunResult copied = run({"--end-at", "now"});
  ASSERT_EQ(copied.exit_code, 0) << copied.describe();
  expect_has(copied.err, "  public.no key: copied and not followed, since it has no primary key");  // the summary
  expect_has(run({"--status"}).out, "public.no key: copied and not followed, since it has no primary key");
  expect_has(run({"--status", "--json"}).out, "\"not_followed\"");
  const RunResult end = run({"--cleanup"});
  ASSERT_EQ(end.exit_code, 0) << end.describe();
  EXPECT_EQ(run({"--status"}).out.find("copied and not followed"), std::string::npos);
}

TEST_F(FollowLeft, NothingButSuchTablesIsACopyOnly) {
  both("create table a (id int)");
  source.exec("insert into a values (1)");
  const RunResult copied = run();
  ASSERT_EQ(copied.exit_code, 0) << copied.describe();
  expect_has(copied.err, "public.a: copied and not followed, since it has no primary key");
  EXPECT_EQ(slot_column("slot_name"), "");
  expect_same_table("a");
}

TEST_F(FollowLeft, TheStatementForAVirtualColumnUnderFullIdentityMendsIt) {
  if (source.version() < 180000) GTEST_SKIP() << "virtual generated columns came with 18";
  source.exec(
      "create table g (a int, twice int generated always as (a * 2) virtual); alter table g replica identity full;"
      "insert into g (a) values (1), (1)");
  target.exec("create table g (a int, twice int generated always as (a * 2) stored)");
  configure("tables_without_key = stop");
  const RunResult refused = run({"--end-at", "now"});
  EXPECT_NE(refused.exit_code, 0) << refused.describe();
  const auto from = refused.err.find("ALTER TABLE");
  ASSERT_NE(from, std::string::npos) << refused.err;
  const std::string statement = refused.err.substr(from, refused.err.find(';', from) - from);
  source.exec(statement);
  target.exec("alter table g add column dbsync_row_id bigint unique");
  const RunResult copied = run({"--end-at", "now"});
  ASSERT_EQ(copied.exit_code, 0) << copied.describe();
  source.exec("update g set a = 3 where ctid = '(0,1)'; insert into g (a) values (4); delete from g where a = 1");
  drain();
  expect_same_table("g");
}

// What is not followed is copied anew, of one moment with the rest.
TEST_F(FollowLeft, ACopyThatGoesOnBringsThemToItsMoment) {
  both("create table a (id int); create table b (id int primary key check (id <> 2))");
  source.exec("alter table b drop constraint b_id_check; insert into a values (1); insert into b values (2)");
  const RunResult failed = run({"-j", "1", "--end-at", "now"});
  EXPECT_NE(failed.exit_code, 0) << failed.describe();
  target.exec("alter table b drop constraint b_id_check");
  source.exec("insert into a values (5); insert into b values (6)");
  const RunResult on = run({"-j", "1", "--end-at", "now"});
  ASSERT_EQ(on.exit_code, 0) << on.describe();
  expect_has(on.err, "the copy goes on");
  expect_same_table("a");
  expect_same_table("b");
}

}  // namespace

}  // namespace dbsync::test
