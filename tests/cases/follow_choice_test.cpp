// The tables of a task are those it began with; what differs is said at each start and
// while it follows.
#include <csignal>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"

namespace dbsync::test {

namespace {

class FollowChoice : public FollowTest {
 protected:
  std::string err_of(const std::vector<std::string>& more = {}) {
    const RunResult run = follow(more);
    EXPECT_EQ(run.exit_code, 0) << run.describe();
    return run.err;
  }
};

#define EXPECT_HAS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)
#define EXPECT_LACKS(text, part) EXPECT_EQ((text).find(part), std::string::npos) << (text)

TEST_F(FollowChoice, TablesThatAreNotFollowedAreNamedAtEachStart) {
  if (source.version() < 110000) GTEST_SKIP() << "partitioned tables have no keys before 11";
  both(
      "create table a (id int primary key); create unlogged table u (id int primary key); create table p (id int "
      "primary key) partition by range (id);"
      "create table p1 partition of p for values from (0) to (10)");
  begin();
  std::string err = err_of();
  EXPECT_HAS(err, "public.u is not followed, since it is unlogged");
  EXPECT_LACKS(err, "is not followed, for");
  source.exec("alter table u set logged; insert into u values (1); create table fresh (id int primary key)");
  err = err_of();
  for (const char* table : {"public.u", "public.fresh"}) EXPECT_HAS(err, fmt::format("{} is not followed", table));
  for (const char* table : {"public.a", "public.p", "public.p1"})
    EXPECT_LACKS(err, fmt::format("{} is not followed", table));
  // Published by hand, it is followed from then on.
  source.exec(fmt::format("alter publication {} add table only u; insert into u values (2)", slot_column("slot_name")));
  err = err_of();
  EXPECT_HAS(err,
             "public.u is in the publication now and is followed from here on; rows that it had before do not come");
  EXPECT_LACKS(err, "public.u is not followed");
  EXPECT_EQ(target.value("select string_agg(id::text, ',') from u"), "2");
}

TEST_F(FollowChoice, ATableThatIsTakenOutOfThePublicationWhileItIsFollowedStops) {
  both("create table a (id int primary key); create table b (id int primary key)");
  begin();
  Program program({"pgsql2pgsql", "--follow-only"}, here());
  source.exec("insert into a values (1)");
  EXPECT_TRUE(eventually([this] { return target.value("select count(*) from a") == "1"; })) << program.err_so_far();
  source.exec(fmt::format("alter publication {} set table b", slot_column("slot_name")));
  EXPECT_TRUE(eventually([&] { return !program.running(); })) << program.err_so_far();
  if (program.running()) program.signal(SIGTERM);
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, 3) << run.describe();
  EXPECT_HAS(run.err, "public.a is not in the publication");
}

TEST_F(FollowChoice, ATableThatLostItsKeyIsFollowedAndToldOnce) {
  both("create table a (id int primary key); create table b (id int primary key)");
  begin();
  source.exec("alter table a drop constraint a_pkey");
  std::string err = err_of();
  EXPECT_HAS(err, "public.a is followed, since the task began with it, though it has no primary key");
  EXPECT_HAS(err, R"(run on the source: ALTER TABLE "public"."a" REPLICA IDENTITY)");
  EXPECT_LACKS(err, "public.a is not followed");
  EXPECT_LACKS(err, "choice of tables leaves it out");
  source.exec(R"(ALTER TABLE "public"."a" REPLICA IDENTITY FULL; insert into a values (1); update a set id = 2)");
  err = err_of();
  EXPECT_LACKS(err, "public.a");
  expect_same_table("a");
}

// By the root or by the leaves: the rows come all the same.
TEST_F(FollowChoice, PublishingByTheRootMayBeSwitched) {
  if (source.version() < 130000) GTEST_SKIP() << "publish_via_partition_root came with 13";
  both(
      "create table p (id int primary key, v int) partition by range (id); create table p1 partition of p for values "
      "from (0) to (10);"
      "create table p2 partition of p for values from (10) to (20)");
  begin();
  source.exec("insert into p values (1, 1), (11, 1)");
  for (const char* by_root : {"false", "true"}) {
    source.exec(
        fmt::format("alter publication {} set (publish_via_partition_root = {})", slot_column("slot_name"), by_root));
    source.exec("update p set v = v + 1; delete from p where id > 15; insert into p select max(id) + 1 from p");
    drain();
    expect_same_table("p");
  }
}

TEST_F(FollowChoice, TheComparisonNamesNewAndExchangedTables) {
  if (source.version() < 110000) GTEST_SKIP() << "partitioned tables have no keys before 11";
  both(
      "create table a (id int primary key); create table b (id int primary key); create table p (id int primary key) "
      "partition by range (id); create table p1 partition of p for values from (0) to (10)");
  begin();
  source.exec("insert into a values (1); insert into p values (1)");
  drain();
  const std::vector<std::string> compare{"pgsql2pgsql", "--verify-only"};
  RunResult result = run_program(compare, here());
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_LACKS(result.err, "WARN");
  source.exec("create table fresh (id int primary key)");
  result = run_program(compare, here());
  EXPECT_NE(result.exit_code, 0) << result.describe();
  EXPECT_HAS(result.err, "public.fresh is not followed, for it is not among the tables that the task began with");
  source.exec("drop table fresh");
  const char* exchange = "alter table a rename to x; alter table b rename to a; alter table x rename to b";
  target.exec(exchange);
  result = run_program(compare, here());
  EXPECT_EQ(result.exit_code, 5) << result.describe();
  EXPECT_HAS(result.err, "the rows of public.a are in a table of the target that is called public.b now");
  EXPECT_HAS(result.err, "RENAME TO");
  target.exec(exchange);
  source.exec(exchange);
  result = run_program(compare, here());
  EXPECT_EQ(result.exit_code, 5) << result.describe();
  EXPECT_HAS(result.err, "public.a is called public.b on the source now, and its rows are in public.a of the target");
  source.exec(exchange);
  // Gone from the target, and made again by somebody.
  target.exec("drop table b; create table b (id int primary key)");
  result = run_program(compare, here());
  EXPECT_HAS(result.err, "public.b");
  EXPECT_HAS(result.err, "--resync public.b");
}

TEST_F(FollowChoice, TablesOfACopyOnlyAreNamed) {
  both("create table nokey (v text); create unlogged table u (id int primary key)");
  const RunResult result = run_program({"pgsql2pgsql", "--end-at", "now"}, here());
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_HAS(result.err, "public.nokey: copied and not followed");
  EXPECT_HAS(result.err, "public.u: copied and not followed, since it is unlogged");
  EXPECT_HAS(result.err, "so this is a copy only");
}

}  // namespace

}  // namespace dbsync::test
