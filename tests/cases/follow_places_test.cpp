// Changes go to the table that holds the rows, whatever is renamed, swapped or made
// again on either side; what does not agree stops with the statements that mend it.
#include <csignal>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"

namespace dbsync::test {

namespace {

constexpr int kSourceFailed = 3;
constexpr int kTargetFailed = 4;

class FollowPlaces : public FollowTest {
 protected:
  static void expect_stopped(const RunResult& run, int status, const std::vector<std::string>& texts) {
    EXPECT_EQ(run.exit_code, status) << run.describe();
    for (const std::string& text : texts) EXPECT_NE(run.err.find(text), std::string::npos) << text << "\n" << run.err;
  }
  // The statements of the hint mend it.
  void expect_mended_by_hint(const RunResult& run) {
    constexpr std::string_view kBefore = "run on the target: ";
    expect_stopped(run, kTargetFailed, {});
    const std::size_t from = run.err.find(kBefore);
    ASSERT_NE(from, std::string::npos) << run.err;
    const std::size_t start = from + kBefore.size();
    target.exec(run.err.substr(start, run.err.find("; then start again", start) - start));
    drain();
  }
  std::unique_ptr<Program> follow_on() {
    return std::make_unique<Program>(std::vector<std::string>{"pgsql2pgsql", "--follow-only"}, here());
  }
  // Of a run that stops by itself.
  static RunResult end_of(Program& program) {
    EXPECT_TRUE(eventually([&] { return !program.running(); })) << program.err_so_far();
    if (program.running()) program.signal(SIGTERM);
    return program.wait();
  }
};

// Old and new names are swapped, with changes from before, in between and after.
TEST_F(FollowPlaces, TablesThatSwapNamesKeepTheirRows) {
  both(
      "create table a (id int primary key, v text); create table b (id int primary key, v text); insert into b values "
      "(10, 'b')");
  begin();
  source.exec("insert into a values (1, 'of a')");
  source.exec("alter table a rename to x; alter table b rename to a; alter table x rename to b");
  source.exec("insert into b values (2, 'of a, called b'); update a set v = 'of b, called a'");
  const RunResult run = follow();
  expect_stopped(run, kTargetFailed, {"public.a is called public.b on the source now", "public.b is called public.a"});
  expect_mended_by_hint(run);
  expect_same_table("a");
  expect_same_table("b");
  // Columns are known by the new names: a change of them is seen, at the right table.
  source.exec("alter table b alter v type varchar(99); insert into b values (3, 'c')");
  expect_stopped(follow(), kTargetFailed, {R"(ALTER TABLE "public"."b" ALTER COLUMN "v" TYPE character varying(99))"});
}

TEST_F(FollowPlaces, TablesThatSwapNamesWhileTheyAreFollowed) {
  both(
      "create table a (id int primary key); create table b (id int primary key); create table cut (id int primary "
      "key)");
  begin();
  const auto program = follow_on();
  source.exec("insert into a values (1); insert into b values (2)");
  EXPECT_TRUE(eventually([this] { return target.value("select count(*) from b") == "1"; })) << program->err_so_far();
  source.exec(
      "alter table a rename to x; alter table b rename to a; alter table x rename to b; insert into b values (3); "
      "insert into a values (4)");
  const RunResult run = end_of(*program);
  EXPECT_EQ(target.value("select string_agg(id::text, ',' order by id) from a"), "1,3");
  expect_mended_by_hint(run);
  for (const char* table : {"a", "b"}) expect_same_table(table);
}

TEST_F(FollowPlaces, RenamedTablesAndSchemas) {
  both(
      "create schema s; create schema s2; create table t (id int primary key); create table s.m (id int primary key);"
      "create table s.n (id int primary key)");
  begin();
  source.exec("alter table t rename to \"T new\"; insert into \"T new\" values (1)");
  expect_mended_by_hint(follow());
  expect_same_table("\"T new\"");
  source.exec("insert into s.m values (1); alter table s.m set schema s2; insert into s2.m values (2)");
  expect_mended_by_hint(follow());
  expect_same_table("s2.m");
  source.exec("alter schema s rename to \"S\"; insert into \"S\".n values (1)");
  const RunResult run = follow();
  expect_stopped(run, kTargetFailed, {R"(ALTER SCHEMA "s" RENAME TO "S")"});
  expect_mended_by_hint(run);
  expect_same_table("\"S\".n");
  // Or the target keeps its name.
  source.exec("alter schema s2 rename to s3; insert into s3.m values (3)");
  configure("[schema_map]\ns3 = s2");
  drain();
  EXPECT_EQ(target.value("select count(*) from s2.m"), "3");
}

// A table that another one takes the place of, as tools that rebuild tables do.
TEST_F(FollowPlaces, ATableWhoseNameAnotherOneTakes) {
  both("create table t (id int primary key); insert into t values (1)");
  begin();
  source.exec("create table t_new (id int primary key); insert into t_new select * from t");
  source.exec("alter table t rename to t_old; alter table t_new rename to t; insert into t values (2)");
  for (int i = 0; i < 2; ++i)
    expect_stopped(follow(), kTargetFailed,
                   {"public.t is called public.t_old on the source now", "is not followed: its rows must be copied"});
  // The old one goes: it is another table.
  source.exec("drop table t_old");
  expect_stopped(follow(), kSourceFailed, {"public.t is another table on the source"});
}

// Renamed and out of the publication is not the same as gone.
TEST_F(FollowPlaces, ARenamedTableThatLeftThePublication) {
  both("create table t (id int primary key)");
  begin();
  source.exec(fmt::format("alter publication {} drop table t; alter table t rename to u; insert into u values (1)",
                          slot_column("slot_name")));
  expect_stopped(follow(), kSourceFailed, {R"(ADD TABLE ONLY "public"."u")"});
}

TEST_F(FollowPlaces, RootsOfPartitionsThatSwapNames) {
  if (source.version() < 130000) GTEST_SKIP() << "partitions are published by their root from 13 on";
  both(
      "create table p (id int primary key) partition by range (id); create table p1 partition of p for values from (0) "
      "to (100);"
      "create table q (id int primary key) partition by range (id); create table q1 partition of q for values from (0) "
      "to (100)");
  begin();
  source.exec(
      "insert into p values (1); alter table p rename to x; alter table q rename to p; alter table x rename to q; "
      "insert into q values (2)");
  expect_mended_by_hint(follow());
  expect_same_table("p");
  expect_same_table("q");
}

TEST_F(FollowPlaces, TheTargetsTablesThatSwapNames) {
  both(
      "create table a (id int primary key, v int); create table b (id int primary key, v int); insert into a values "
      "(1, 1); insert into b values (2, 2)");
  begin();
  target.exec("alter table a rename to x; alter table b rename to a; alter table x rename to b");
  source.exec("update a set v = 10; update b set v = 20");
  const RunResult run = follow();
  expect_stopped(run, kTargetFailed, {"the rows of public.a are in a table of the target that is called public.b now"});
  expect_mended_by_hint(run);
  for (const char* table : {"a", "b"}) expect_same_table(table);
  // While its statements are prepared.
  const auto program = follow_on();
  source.exec("insert into a select generate_series(100, 300); update b set v = 21");
  EXPECT_TRUE(eventually([this] { return target.value("select v from b") == "21"; })) << program->err_so_far();
  target.exec("alter table a rename to x; alter table b rename to a; alter table x rename to b");
  source.exec(
      "update a set v = 11 where id = 1; insert into a select generate_series(400, 600); insert into b values (3, 3)");
  expect_mended_by_hint(end_of(*program));
  for (const char* table : {"a", "b"}) expect_same_table(table);
}

TEST_F(FollowPlaces, ATableOfTheTargetThatWasMadeAgain) {
  both("create table t (id int primary key); insert into t values (1); create table idle (id int primary key)");
  begin();
  target.exec("drop table t; create table t (id int primary key)");
  source.exec("insert into t values (2)");
  for (int i = 0; i < 2; ++i)
    expect_stopped(follow(), kTargetFailed, {"held the rows of public.t is gone", "DELETE FROM dbsync.apply_tables"});
  target.exec("insert into t values (1); delete from dbsync.apply_tables where table_name = 't'");
  drain();
  expect_same_table("t");
  // And while it is followed.
  const auto program = follow_on();
  source.exec("insert into t values (3)");
  EXPECT_TRUE(eventually([this] { return target.value("select count(*) from t") == "3"; })) << program->err_so_far();
  target.exec("drop table t; create table t (id int primary key)");
  source.exec("insert into t values (4)");
  expect_stopped(end_of(*program), kTargetFailed, {"held the rows of public.t is gone"});
}

TEST_F(FollowPlaces, TablesOfTheTargetThatAreEmptiedByHand) {
  both(
      "create table t (id int primary key); insert into t values (1); create table u (id int primary key); insert into "
      "u values (1); create table cut (id int primary key); insert into cut values (1)");
  begin();
  target.exec("truncate t; delete from u");
  expect_stopped(follow(), kTargetFailed, {"public.t of the target held rows of public.t", "--resync public.t"});
  target.exec("insert into t values (1)");
  expect_stopped(follow(), kTargetFailed, {"written anew", "public.u of the target held rows of public.u"});
  target.exec("insert into u values (1)");
  source.exec("truncate cut");
  drain();
  target.exec("vacuum full t");
  target.exec("vacuum full cut");
  source.exec("insert into cut values (2)");
  const RunResult run = follow();
  expect_stopped(run, 0, {"taken as they are: public.t; --verify-only"});
  for (const char* table : {"t", "u", "cut"}) expect_same_table(table);
  // While it is followed: before the next row comes into it.
  const auto program = follow_on();
  source.exec("insert into t values (2); truncate cut; insert into cut values (3)");
  EXPECT_TRUE(eventually([this] { return target.value("select max(id) from cut") == "3"; })) << program->err_so_far();
  target.exec("truncate t");
  source.exec("insert into t values (3)");
  expect_stopped(end_of(*program), kTargetFailed, {"public.t of the target held rows of public.t"});
  EXPECT_EQ(target.value("select count(*) from t"), "0");
}

TEST_F(FollowPlaces, PartitionsOfTheTargetThatAreEmptiedOrTakenAway) {
  if (source.version() < 130000) GTEST_SKIP() << "partitions are published by their root from 13 on";
  both(
      "create table p (id int primary key) partition by range (id); create table p1 partition of p for values from (0) "
      "to (100); create table p2 partition of p for values from (100) to (200); insert into p values (1), (101)");
  begin();
  target.exec("truncate p1");
  expect_stopped(follow(), kTargetFailed, {"the partition public.p1 of the target held rows of public.p"});
  target.exec("insert into p values (1); alter table p detach partition p2");
  expect_stopped(follow(), kTargetFailed, {"public.p2 held rows of public.p and is no partition of public.p"});
  // As on the source.
  source.exec("alter table p detach partition p2; insert into p values (2)");
  drain();
  expect_same_table("p");
}

// In a database that was restored from a dump every table is another one.
TEST_F(FollowPlaces, ATargetThatWasRestoredAsAWhole) {
  both("create table t (id int primary key)");
  begin();
  source.exec("insert into t values (1)");
  drain();
  target.exec(
      "alter table t rename to u; create table t as select * from u; alter table t add primary key (id); drop table u;"
      "alter table dbsync.apply_tables rename to u; create table dbsync.apply_tables (like dbsync.u including all);"
      "insert into dbsync.apply_tables select * from dbsync.u; drop table dbsync.u");
  // Restored, and then made again by hand.
  target.exec("delete from t");
  source.exec("insert into t values (2)");
  expect_stopped(follow(), kTargetFailed, {"public.t of the target held rows of public.t", "--resync public.t"});
  target.exec("insert into t values (1)");
  drain();
  expect_same_table("t");
}

}  // namespace

}  // namespace dbsync::test
