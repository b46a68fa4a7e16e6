// The source's schema changes while it is followed: the target comes along, or the
// run stops with the statement that helps.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"

namespace dbsync::test {

namespace {

constexpr int kTargetFailed = 4;
constexpr int kDataFailed = 5;

class FollowSchema : public FollowTest {
 protected:
  // The run stops; the first statement between `from` and "; then" mends it.
  void expect_mended_by_hint(const std::string& from, int status = kTargetFailed) {
    const RunResult run = follow();
    ASSERT_EQ(run.exit_code, status) << run.describe();
    const std::size_t start = run.err.find(from);
    ASSERT_NE(start, std::string::npos) << from << "\n" << run.err;
    const std::size_t end = run.err.find("; then", start);
    ASSERT_NE(end, std::string::npos) << run.err;
    target.exec(run.err.substr(start, end - start));
    drain();
  }
};

constexpr char kColumns[] =
    "select attname, attnotnull, attcollation::regcollation::text, format_type(atttypid, atttypmod), "
    "col_description(attrelid, attnum) "
    "from pg_attribute where attrelid = '{}'::regclass and attnum > 0 and not attisdropped order by 1";

TEST_F(FollowSchema, ANewColumnBringsItsConstraints) {
  if (source.version() < 130000) GTEST_SKIP() << "regcollation came with 13";
  both("create table a (id int primary key, v int); insert into a values (1)");
  begin();
  source.exec(
      "alter table a add b int not null default 5 constraint b_positive check (b > 0), "
      "add c varchar(10) collate \"C\" default 'x' check (c <> 'no'), add u int unique, add r int references a, "
      "add check (b <> v)");
  source.exec("comment on column a.c is 'it''s new'; insert into a values (2, 1, 9, 'y', 3, 1)");
  const RunResult run = follow();
  ASSERT_EQ(run.exit_code, 0) << run.describe();
  expect_same_table("a");
  expect_same(fmt::format(kColumns, "a"));
  expect_same(
      "select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = 'a'::regclass and contype = 'c' "
      "order by 1");
  for (const char* statement : {R"(ALTER TABLE "public"."a" ADD CONSTRAINT a_u_key UNIQUE (u))",
                                R"(ADD CONSTRAINT a_r_fkey FOREIGN KEY (r) REFERENCES public.a(id))"}) {
    EXPECT_NE(run.err.find(statement), std::string::npos) << run.err;
  }
}

// What older rows do not meet yet is said, and following goes on.
TEST_F(FollowSchema, AConstraintThatOlderRowsDoNotMeetYetIsLeftToTheUser) {
  both("create table a (id int primary key); insert into a values (1)");
  begin();
  source.exec(
      "alter table a add b int; update a set b = 1; alter table a alter b set not null; insert into a values (2, 2)");
  const RunResult run = follow();
  ASSERT_EQ(run.exit_code, 0) << run.describe();
  expect_same_table("a");
  const std::string statement = R"(ALTER TABLE "public"."a" ALTER COLUMN "b" SET NOT NULL)";
  EXPECT_NE(run.err.find(statement), std::string::npos) << run.err;
  target.exec(statement);
}

TEST_F(FollowSchema, ANewColumnOfAMappedTypeHasTheTargetsName) {
  if (source.version() < 110000) GTEST_SKIP() << "what older rows hold in a new column is known from 11 on";
  source.exec(
      "create schema src_a; create type src_a.en as enum ('x', 'y'); create domain src_a.dm as int;"
      "create function src_a.f() returns int immutable language sql as 'select 3'; create table src_a.t (id int "
      "primary key);"
      "insert into src_a.t values (1)");
  target.exec(
      "create schema dst_a; create type dst_a.en as enum ('x', 'y'); create domain dst_a.dm as int;"
      "create function dst_a.f() returns int immutable language sql as 'select 3'; create table dst_a.t (id int "
      "primary key);"
      "insert into dst_a.t values (1); create schema src_a; create domain src_a.dm as int");
  configure("[schema_map]\nsrc_a = dst_a");
  begin();
  source.exec(
      "alter table src_a.t add ne src_a.en default 'y', add d src_a.dm check (d <> src_a.f()), add es src_a.en[];"
      "insert into src_a.t values (2, 'x', 5, '{x,y}')");
  drain();
  EXPECT_EQ(difference(source.query("select t::text from src_a.t t order by id"),
                       target.query("select t::text from dst_a.t t order by id")),
            "");
  EXPECT_EQ(target.value("select string_agg(atttypid::regtype::text, ' ' order by attnum) from pg_attribute "
                         "where attrelid = 'dst_a.t'::regclass and attnum > 1"),
            "dst_a.en dst_a.dm dst_a.en[]");
  // A changed type, too, and it is recognized when it is there.
  source.exec(
      "alter table src_a.t drop constraint t_d_check; alter table src_a.t alter d type src_a.en using 'x'; insert into "
      "src_a.t values (3, 'x', 'y')");
  const RunResult run = follow();
  ASSERT_EQ(run.exit_code, kTargetFailed) << run.describe();
  EXPECT_NE(run.err.find(R"(ALTER COLUMN "d" TYPE "dst_a".en)"), std::string::npos) << run.err;
  target.exec("alter table dst_a.t drop constraint t_d_check; alter table dst_a.t alter d type dst_a.en using 'x'");
  drain();
  EXPECT_EQ(difference(source.query("select t::text from src_a.t t order by id"),
                       target.query("select t::text from dst_a.t t order by id")),
            "");
}

// What the source allows by now and the target does not.
TEST_F(FollowSchema, WhatTheSourceDoesNotForbidAnyMoreStopsWithTheStatement) {
  if (source.version() < 110000) GTEST_SKIP() << "keys of partitioned tables came with 11";
  both(
      "create type mood as enum ('glad', 'sad'); create domain small as int constraint is_small check (value < 10);"
      "create table e (id int primary key, m mood); create table d (id int primary key, v small);"
      "create table c (id int primary key, v int constraint low check (v < 10)); create table n (id int primary key, v "
      "int not null);"
      "create table u (id int primary key, v int constraint once unique); create table p (id int, v int, primary key "
      "(id, v)) partition by list (v);"
      "create table p1 partition of p for values in (1)");
  begin();
  source.exec("alter type mood add value 'calm' before 'sad'");
  source.exec("insert into e values (1, 'calm')");
  expect_mended_by_hint(R"(ALTER TYPE public.mood ADD VALUE 'calm' BEFORE 'sad')", kDataFailed);
  source.exec("alter domain small drop constraint is_small; insert into d values (1, 100)");
  expect_mended_by_hint(R"(ALTER DOMAIN "public"."small" DROP CONSTRAINT "is_small")");
  source.exec("alter table c drop constraint low; insert into c values (1, 100)");
  expect_mended_by_hint(R"(ALTER TABLE "public"."c" DROP CONSTRAINT "low")");
  source.exec("alter table n alter v drop not null; insert into n values (1, null)");
  expect_mended_by_hint(R"(ALTER TABLE "public"."n" ALTER COLUMN "v" DROP NOT NULL)");
  if (source.version() >= 130000) {  // before, partitions are published one by one
    source.exec("create table p2 partition of p for values in (2, 3); insert into p values (1, 2)");
    expect_mended_by_hint(R"(CREATE TABLE "public"."p2" PARTITION OF "public"."p" FOR VALUES IN (2, 3))");
  }
  for (const char* table : {"e", "d", "c", "n", "p"}) expect_same_table(table);
  expect_same("select enumlabel from pg_enum order by enumsortorder");
}

TEST_F(FollowSchema, ANewColumnDuringTheCopyIsAdded) {
  if (source.version() < 110000) GTEST_SKIP() << "what older rows hold in a new column is known from 11 on";
  source.exec("create table a (id int primary key); insert into a select generate_series(1, 10)");
  source.exec(
      "create table b (id int primary key, v text); insert into b select i, repeat('y', 200) from generate_series(1, "
      "20000) i");
  Program copy({"pgsql2pgsql", "--create", "-j", "1", "--chunk-size", "0", "--max-rate", "5000", "--end-at", "now"},
               here());
  EXPECT_TRUE(eventually([this] {
    return target.value(
               "select to_regclass('dbsync.apply_columns') is not null and "
               "to_regclass('public.b') is not null") == "t";
  }));
  copy.signal(SIGKILL);
  copy.wait();
  source.exec("alter table b add n int default 7; alter table a add m text; insert into b values (0, 'z', 1)");
  const RunResult run = run_program({"pgsql2pgsql", "--create", "-j", "1", "--end-at", "now"}, here());
  ASSERT_EQ(run.exit_code, 0) << run.describe();
  expect_same_table("a");
  expect_same_table("b");
}

// A table outside of the task refers to one that the source empties.
TEST_F(FollowSchema, TruncateOfATableThatAnotherOneRefersToStopsWithTheWayOut) {
  if (source.version() < 110000) GTEST_SKIP() << "TRUNCATE is sent from 11 on";
  both("create table p (id int primary key); insert into p values (1)");
  begin();
  target.exec("create table mine (id int primary key, p int constraint to_p references p)");
  source.exec("truncate p; insert into p values (2)");
  expect_mended_by_hint("ALTER TABLE public.mine DROP CONSTRAINT to_p");
  expect_same_table("p");
}

// A source describes a table anew behind each ANALYZE, mostly as before; what has changed may
// not be in the description.
TEST_F(FollowSchema, ADescriptionThatTellsNothingOfAChangeDoesNotHideIt) {
  both("create table a (id int primary key, v int, w int); insert into a values (1, 1, 1)");
  begin();
  source.exec("insert into a values (2, 2, 2); analyze a; insert into a values (3, 3, 3)");
  source.exec("alter table a drop column w, add column w int; insert into a values (4, 4, 4)");
  const RunResult run = follow();
  EXPECT_EQ(run.exit_code, kTargetFailed) << run.describe();
  expect_has(run.err, "the column w of public.a is another one on the source now");
  EXPECT_EQ(target.query("select id, w from a order by 1"), (Rows{{"1", "1"}, {"2", "2"}, {"3", "3"}}));
  expect_mended_by_hint(R"(ALTER TABLE "public"."a" DROP COLUMN "w")");
  source.exec("update a set w = id");
  drain();
  expect_same_table("a");
}

TEST_F(FollowSchema, AColumnThatTheSourceComputesFromNowOnIsSeen) {
  if (source.version() < 120000) GTEST_SKIP() << "generated columns came with 12";
  if (source.version() >= 180000) GTEST_SKIP() << "generated columns are sent from 18 on";
  both("create table a (id int primary key)");
  target.exec("alter table a add g int");
  begin();
  Program program({"pgsql2pgsql", "--follow-only"}, here());
  source.exec("insert into a values (1)");
  EXPECT_TRUE(eventually([this] { return target.value("select count(*) from a") == "1"; })) << program.err_so_far();
  source.exec("alter table a add g int generated always as (id * 2) stored; insert into a values (2)");
  EXPECT_TRUE(eventually([&] { return !program.running(); }, std::chrono::seconds(45))) << program.err_so_far();
  if (program.running()) program.signal(SIGTERM);
  const RunResult run = program.wait();
  EXPECT_EQ(run.exit_code, kTargetFailed) << run.describe();
  expect_has(run.err, "public.a.g is generated on the source, which does not send it");
  EXPECT_EQ(target.query("select * from a"), (Rows{{"1", std::nullopt}}));
}

}  // namespace

}  // namespace dbsync::test
