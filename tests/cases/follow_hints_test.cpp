// What ends a task that follows says what to do.
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"

namespace dbsync::test {

namespace {

#define EXPECT_HAS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

class FollowHints : public FollowTest {};

TEST_F(FollowHints, EnumLabelThatTheTargetLacks) {
  both("create type mood as enum ('glad'); create table t (id int primary key, m mood)");
  begin();
  source.exec("alter type mood add value 'it''s'");
  source.exec("insert into t values (1, 'it''s')");
  const RunResult failed = follow();
  EXPECT_EQ(failed.exit_code, 5) << failed.describe();
  EXPECT_HAS(failed.err, "ADD VALUE 'it''s'");
  target.exec("alter type mood add value 'it''s'");
  drain();
  expect_same_table("t");
}

TEST_F(FollowHints, PublicationThatIsGone) {
  both("create table t (id int primary key)");
  begin();
  const std::string name = source.value("select pubname from pg_publication");
  source.exec("drop publication " + name);
  source.exec("insert into t values (1)");
  const RunResult failed = follow();
  EXPECT_EQ(failed.exit_code, 3) << failed.describe();
  EXPECT_HAS(failed.err, "--restart");
}

TEST_F(FollowHints, RowsThatTheTargetRefuses) {
  both("create table t (id int primary key, v varchar(3))");
  source.exec("alter table t alter column v type varchar(30)");
  begin();
  source.exec("insert into t values (1, 'longer')");
  const RunResult narrow = follow();
  EXPECT_EQ(narrow.exit_code, 5) << narrow.describe();
  EXPECT_HAS(narrow.err, "then the same command goes on");
  target.exec("alter table t alter column v type varchar(30); alter table t add constraint c check (id < 1)");
  const RunResult checked = follow();
  EXPECT_NE(checked.exit_code, 0) << checked.describe();
  EXPECT_HAS(checked.err, "DROP CONSTRAINT \"c\"");
  target.exec("alter table t drop constraint c");
  drain();
  expect_same_table("t");
}

}  // namespace

}  // namespace dbsync::test
