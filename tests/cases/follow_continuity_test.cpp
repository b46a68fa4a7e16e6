// Following goes on only where nothing was missed: slot, publication, tables and
// columns are those that the task knew.
#include <csignal>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"

namespace dbsync::test {

namespace {

constexpr int kSourceFailed = 3;
constexpr int kTargetFailed = 4;

class FollowContinuity : public FollowTest {
 protected:
  void expect_stop(int status, const std::vector<std::string>& texts) {
    const RunResult run = follow();
    EXPECT_EQ(run.exit_code, status) << run.describe();
    for (const std::string& text : texts) EXPECT_NE(run.err.find(text), std::string::npos) << text << "\n" << run.err;
  }
  std::string publication() { return slot_column("slot_name"); }
  void alter_publication(const std::string& how) { source.exec("alter publication " + publication() + " " + how); }
};

TEST_F(FollowContinuity, ASlotThatWasMadeAnewOrMovedIsSeen) {
  both("create table t (id int primary key)");
  begin();
  const std::string slot = slot_column("slot_name");
  source.exec("insert into t values (1)");
  source.exec(fmt::format("select pg_drop_replication_slot('{0}'); insert into t values (2);", slot));
  source.exec(fmt::format("select pg_create_logical_replication_slot('{}', 'pgoutput')", slot));
  source.exec("insert into t values (3)");
  for (int i = 0; i < 2; ++i) expect_stop(kSourceFailed, {"is confirmed up to ", "--restart"});
  EXPECT_EQ(target.value("select count(*) from t"), "0");
}

TEST_F(FollowContinuity, ASlotThatSomebodyAdvancedIsSeen) {
  if (source.version() < 110000) GTEST_SKIP() << "pg_replication_slot_advance came with 11";
  both("create table t (id int primary key)");
  begin();
  source.exec("insert into t values (1)");
  source.exec("select pg_replication_slot_advance('" + slot_column("slot_name") + "', pg_current_wal_lsn())");
  expect_stop(kSourceFailed, {"is confirmed up to "});
}

TEST_F(FollowContinuity, ATargetThatWasRestoredFromABackupIsSeen) {
  both("create table t (id int primary key)");
  begin();
  target.exec("create table backup as select * from dbsync.apply_progress");
  source.exec("insert into t values (1)");
  drain();
  target.exec(
      "delete from t; delete from dbsync.apply_progress; insert into dbsync.apply_progress select * from backup");
  source.exec("insert into t values (2)");
  expect_stop(kSourceFailed, {"the target was restored from a backup"});
}

// An idle task moves its slot, and knows it.
TEST_F(FollowContinuity, WhatAnIdleTaskConfirmsItKnows) {
  both("create table t (id int primary key)");
  begin();
  source.exec("create table other (id int)");
  for (int i = 0; i < 3; ++i) {
    source.exec("insert into other select generate_series(1, 1000)");
    drain();
    EXPECT_EQ(target.value("select position from dbsync.apply_progress"), slot_column("confirmed_flush_lsn"));
  }
  source.exec("insert into t values (1)");
  drain();
  expect_same_table("t");
}

TEST_F(FollowContinuity, APublicationThatPublishesLessIsSeenAndMended) {
  if (source.version() < 110000) GTEST_SKIP() << "TRUNCATE is sent from 11 on";
  both("create table t (id int primary key, v text); create table u (id int primary key)");
  begin();
  struct Less {
    const char* change;
    const char* text;
    const char* mend;
  };
  std::vector<Less> kinds{{"set (publish = 'insert')", "does not publish UPDATE, DELETE, TRUNCATE", nullptr},
                          {"drop table t", "public.t is not in the publication", nullptr},
                          {"set table u", "public.t is not in the publication", nullptr}};
  if (source.version() >= 150000) {
    kinds.push_back({"set table u, t (id)", "a column list for public.t", nullptr});
    kinds.push_back({"set table u, t where (id > 5)", "a row filter for public.t", nullptr});
  }
  for (const Less& kind : kinds) {
    SCOPED_TRACE(kind.change);
    alter_publication(kind.change);
    for (int i = 0; i < 2; ++i) {
      const RunResult run = follow();
      EXPECT_EQ(run.exit_code, kSourceFailed) << run.describe();
      EXPECT_NE(run.err.find(kind.text), std::string::npos) << run.err;
      if (i == 0) continue;
      // The statement of the hint mends it.
      const std::size_t from = run.err.find("ALTER PUBLICATION");
      const std::size_t to = run.err.find(std::string_view(kind.text).starts_with("a ") ? "; what" : "; changes", from);
      ASSERT_NE(to, std::string::npos) << run.err;
      source.exec(run.err.substr(from, to - from));
    }
    source.exec("insert into t select max(id) + 1 from (select id from t union select 0) x");
    source.exec("insert into u select max(id) + 1 from (select id from u union select 0) x");
    drain();
    expect_same_table("t");
    expect_same_table("u");
  }
}

TEST_F(FollowContinuity, ATableThatLeftThePublicationAndCameBackIsSeen) {
  both("create table t (id int primary key)");
  begin();
  source.exec("insert into t values (1)");
  alter_publication("drop table t");
  source.exec("insert into t values (2)");
  alter_publication("add table t");
  for (int i = 0; i < 2; ++i)
    expect_stop(kSourceFailed, {"public.t left the publication", "DELETE FROM dbsync.apply_tables"});
  target.exec("delete from dbsync.apply_tables where table_name = 't'");
  source.exec("insert into t values (3)");
  drain();
  EXPECT_EQ(target.value("select string_agg(id::text, ',' order by id) from t"), "1,3");
}

TEST_F(FollowContinuity, ATableThatWasDroppedAndMadeAgainIsSeen) {
  both("create table t (id int primary key); create table gone (id int primary key)");
  begin();
  source.exec("drop table gone");
  source.exec("drop table t; create table t (id int primary key); insert into t values (5)");
  for (int i = 0; i < 2; ++i)
    expect_stop(kSourceFailed, {"public.t is another table", "ADD TABLE ONLY \"public\".\"t\"", "public.gone is gone"});
  alter_publication("add table only t");
  target.exec("insert into t values (5)");
  source.exec("insert into t values (6)");
  drain();
  expect_same_table("t");
}

TEST_F(FollowContinuity, APublicationThatIsGoneIsNamed) {
  both("create table t (id int primary key)");
  begin();
  source.exec("drop publication " + publication());
  expect_stop(kSourceFailed, {"is gone from the source", "--restart"});
}

// Made beforehand by the owner of the tables, for a role that may not.
TEST_F(FollowContinuity, APublicationMadeBeforehandMustPublishAll) {
  if (source.version() < 110000) GTEST_SKIP() << "TRUNCATE is sent from 11 on";
  both("create table t (id int primary key, v text)");
  const std::string role = source.name() + "_role";
  source.exec(fmt::format("create role \"{0}\" login replication; grant select on t to \"{0}\"", role));
  dir.write_file("my.cfg",
                 fmt::format("[src.pgsql]\nconnect_string = \"{} user={}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n"
                             "[local.pgsql]\ntask = made_before\n",
                             source.conninfo(), role, target.conninfo()));
  source.exec("create publication dbsync_made_before for table t with (publish = 'insert, update')");
  expect_stop(kSourceFailed, {"does not publish DELETE, TRUNCATE"});
  EXPECT_EQ(slot_column("slot_name"), "");
  if (source.version() >= 150000) {
    source.exec("drop publication dbsync_made_before; create publication dbsync_made_before for table t (id)");
    expect_stop(kSourceFailed, {"a column list for public.t"});
  }
  source.exec("drop publication dbsync_made_before; create publication dbsync_made_before for table t");
  begin();
  source.exec("insert into t values (1, 'a')");
  drain();
  expect_same_table("t");
  source.exec("select pg_drop_replication_slot('dbsync_made_before')");
  source.exec(fmt::format("revoke select on t from \"{0}\"; drop role \"{0}\"", role));
}

// What the changes of a run before did not tell.
TEST_F(FollowContinuity, ATypeThatChangedBetweenTwoRunsStops) {
  both(
      "create table t (id int primary key, x timestamp); create table idle (id int primary key, x int); insert into "
      "idle values (1, 1);"
      "create table wider (id int primary key, v varchar(5)); insert into t values (1, '2024-01-01')");
  begin();
  source.exec(
      "alter table t alter x type timestamptz using x at time zone 'Asia/Tokyo'; insert into t values (2, '2024-01-01 "
      "00:00+00')");
  const std::string statement = R"(ALTER TABLE "public"."t" ALTER COLUMN "x" TYPE timestamp with time zone)";
  expect_stop(kTargetFailed, {statement});
  target.exec(statement + " using x at time zone 'Asia/Tokyo'");
  drain();
  expect_same_table("t");
  // Without any change of a row.
  source.exec("alter table idle alter x type text using 'n' || x; alter table wider alter v type varchar(9)");
  expect_stop(kTargetFailed, {R"(ALTER TABLE "public"."idle" ALTER COLUMN "x" TYPE text)"});
  target.exec("alter table idle alter x type text using 'n' || x");
  expect_stop(kTargetFailed, {R"(ALTER COLUMN "v" TYPE character varying(9))"});
  target.exec("alter table wider alter v type varchar(9)");
  drain();
  for (const char* table : {"t", "idle", "wider"}) expect_same_table(table);
}

TEST_F(FollowContinuity, AColumnThatWasDroppedAndMadeAgainStops) {
  if (source.version() < 110000) GTEST_SKIP() << "what older rows hold in a new column is known from 11 on";
  both(
      "create table a (id int primary key, x int, y int); create table b (id int primary key, y int, x int);"
      "insert into a values (1, 1, -1), (2, 2, -2); insert into b select id, y, x from a");
  begin();
  source.exec("alter table a drop x; alter table a add x int; insert into a (id, x, y) values (3, 3, -3)");
  expect_stop(kTargetFailed, {R"(ALTER TABLE "public"."a" DROP COLUMN "x")"});
  target.exec(R"(ALTER TABLE "public"."a" DROP COLUMN "x")");
  drain();
  // The last column: its place does not tell.
  source.exec("alter table b drop x; alter table b add x int default 77; insert into b values (3, 3, -3)");
  expect_stop(kTargetFailed, {R"(ALTER TABLE "public"."b" DROP COLUMN "x")"});
  target.exec(R"(ALTER TABLE "public"."b" DROP COLUMN "x")");
  drain();
  expect_same("select id, x, y from a order by id");
  expect_same("select id, x, y from b order by id");
}

// It is not added again, empty: what it held is lost.
TEST_F(FollowContinuity, AColumnThatTheTargetLostStopsEachStart) {
  both("create table t (id int primary key, v text, w text); insert into t values (1, 'a', 'b')");
  begin();
  drain();
  target.exec("alter table t drop column v");
  source.exec("insert into t values (2, 'c', 'd')");
  for (int i = 0; i < 2; ++i) {
    expect_stop(kTargetFailed, {"the column v of public.t is gone from the target", "--resync"});
    EXPECT_EQ(target.value("select count(*) from pg_attribute where attrelid = 't'::regclass and attname = 'v'"), "0");
  }
  target.exec("alter table t add column v text");
  EXPECT_EQ(run({"--resync", "public.t"}).exit_code, 0);
  drain();
  expect_same("select id, v, w from t order by id");
}

TEST_F(FollowContinuity, ANewColumnWithoutAnyChangeIsThereAtTheEnd) {
  if (source.version() < 110000) GTEST_SKIP() << "what older rows hold in a new column is known from 11 on";
  both("create table t (id int primary key); insert into t values (1)");
  begin();
  source.exec("alter table t add v int default 7");
  drain();
  expect_same_table("t");
}

TEST_F(FollowContinuity, AnotherServerIsRefused) {
  both("create table t (id int primary key)");
  begin();
  target.exec("update dbsync.apply_source set system_identifier = '1'");
  expect_stop(kSourceFailed, {"is another server"});
  target.exec("delete from dbsync.apply_source");
  drain();
  target.exec("update dbsync.apply_source set timeline = '7'");
  const RunResult run = follow();
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_NE(run.err.find("and was on 7"), std::string::npos) << run.err;
}

// Rows from before wait in the log, and the description of the table looks the same.
TEST_F(FollowContinuity, RowsFromBeforeAColumnWasMadeAgainKeepToTheOldOne) {
  if (source.version() < 110000) GTEST_SKIP() << "what older rows hold in a new column cannot be asked before 11";
  both("create table t (id int primary key, x int); insert into t values (1, 1)");
  begin();
  source.exec("insert into t values (2, 2)");
  source.exec("alter table t drop x");
  source.exec("alter table t add x int; alter table t alter x set default 5; insert into t values (3, 3)");
  expect_stop(kTargetFailed, {R"(ALTER TABLE "public"."t" DROP COLUMN "x")"});
  EXPECT_EQ(target.value("select string_agg(id || ':' || x, ' ' order by id) from t"), "1:1 2:2");
  // The program cannot tell what older rows have, so it is made by hand.
  target.exec(R"(ALTER TABLE "public"."t" DROP COLUMN "x")");
  expect_stop(kTargetFailed, {"it has a default that older rows may or may not hold"});
  target.exec("alter table t add x int");
  expect_stop(kTargetFailed, {"DELETE FROM dbsync.apply_columns WHERE task = "});
  target.exec("delete from dbsync.apply_columns where table_name = 't' and column_name = 'x'");
  drain();
  expect_same_table("t");
}

// While it is followed; without any change of a row behind it, too.
TEST_F(FollowContinuity, AColumnThatWasMadeAgainWhileTheTableIsFollowed) {
  both(
      "create table t (id int primary key, x int); create table idle (id int primary key, x int); insert into idle "
      "values (1, 1)");
  begin();
  const auto stops = [this](const std::string& change, const std::string& statement) {
    Program program({"pgsql2pgsql", "--follow-only"}, here());
    source.exec("insert into t values (1, 1) on conflict (id) do update set x = 1");
    EXPECT_TRUE(eventually([this] { return target.value("select count(*) from t where x = 1") == "1"; }))
        << program.err_so_far();
    source.exec(change);
    EXPECT_TRUE(eventually([&] { return !program.running(); }, std::chrono::seconds(45))) << program.err_so_far();
    if (program.running()) program.signal(SIGTERM);
    const RunResult run = program.wait();
    EXPECT_EQ(run.exit_code, kTargetFailed) << run.describe();
    EXPECT_NE(run.err.find(statement), std::string::npos) << run.err;
    target.exec(statement);
    drain();
  };
  stops("alter table t drop x; alter table t add x int; insert into t values (2, 2)",
        R"(ALTER TABLE "public"."t" DROP COLUMN "x")");
  source.exec("update t set x = null");
  drain();
  stops("alter table idle drop x; alter table idle add x int", R"(ALTER TABLE "public"."idle" DROP COLUMN "x")");
  expect_same_table("t");
  expect_same_table("idle");
}

// Nothing waits, and what comes without changes of rows is looked at all the same.
TEST_F(FollowContinuity, AtTheEndAlreadyTheColumnsAreCompared) {
  both("create table t (id int primary key)");
  begin();
  source.exec("alter table t add x int");
  target.exec("update dbsync.apply_progress set position = '" +
              source.value("select 'FFFF' || pg_current_wal_insert_lsn()") + "'");
  drain();
  expect_same_table("t");
  EXPECT_EQ(target.value("select count(*) from pg_attribute where attrelid = 't'::regclass and attname = 'x'"), "1");
}

}  // namespace

}  // namespace dbsync::test
