// pgsql2pgsql --create: objects that come in an order, a form or a number that is
// not the usual one.
#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/pg_migration.h"

namespace dbsync::test {

namespace {

class PgObjectsTest : public PgMigrationTest {
 protected:
  // A pg_restore that changes what the source's one writes, as a newer one would.
  void restore_through(const std::string& sed) {
    const RunResult where = run_program({"sh", "-c", "for p in pg_dump pg_restore; do command -v $p; done"});
    ASSERT_EQ(where.exit_code, 0) << where.err;
    const auto cut = where.out.find('\n');
    dir.write_file("pg_dump", "#!/bin/sh\nexec " + where.out.substr(0, cut) + " \"$@\"\n");
    dir.write_file("pg_restore", "#!/bin/sh\n" + where.out.substr(cut + 1, where.out.size() - cut - 2) +
                                     " \"$@\" | sed '" + sed + "'\n");
    ASSERT_EQ(
        run_program({"chmod", "+x", (dir.path() / "pg_dump").string(), (dir.path() / "pg_restore").string()}).exit_code,
        0);
    configure_from(source.conninfo() + "\"\npg_bindir = \"" + dir.path().string());
  }
};

TEST_F(PgObjectsTest, SyntaxThatTheTargetDoesNotKnowFailsAlone) {
  source.exec(
      "create table kept (id int primary key); create table newer (id int primary key, v text); create view over_newer "
      "as select * from newer;"
      "create function f(int) returns int language sql as 'select $1'; insert into kept values (1); insert into newer "
      "values (1, 'x')");
  restore_through("s/^    v text$/    v text compression of tomorrow/; s/LANGUAGE sql$/LANGUAGE sql OF TOMORROW/");
  const RunResult result = run({"pgsql2pgsql", "--full-only", "--create"});
  EXPECT_EQ(result.exit_code, 4) << result.describe();
  EXPECT_EQ(target.value("select count(*) from kept"), "1");
  EXPECT_NE(result.err.find("TABLE public.newer"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("FUNCTION public.f(integer): "), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("syntax error at or near"), std::string::npos) << result.err;
  EXPECT_EQ(result.err.find("dbsync_item"), std::string::npos) << "a savepoint of ours: " << result.err;
}

TEST_F(PgObjectsTest, ObjectsOfEveryTypeMayBeThereAlready) {
  if (source.version() < 120000) GTEST_SKIP() << "table access methods came with 12";
  source.exec(
      "create text search configuration fr (copy = french); create text search dictionary dd (template = simple);"
      "create text search template tt (lexize = dsimple_lexize); create text search parser tp (start = prsd_start, "
      "gettoken = prsd_nexttoken,"
      "  end = prsd_end, lextypes = prsd_lextype);"
      "create schema s; create type e as enum ('a'); create type c as (a int); create type r as range (subtype = "
      "int4); create domain d as int check (value > 0);"
      "create function f(int) returns int language sql immutable as 'select $1'; create procedure p() language sql as "
      "'select 1';"
      "create aggregate agg(int) (sfunc = int4pl, stype = int); create function eqi(e, int) returns boolean language "
      "sql as 'select true';"
      "create operator === (leftarg = e, rightarg = int, function = eqi); create operator family of using btree;"
      "create operator class oc for type int using hash as operator 1 =; create collation co from \"C\"; create "
      "conversion cv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;"
      "create function e2i(e) returns int language sql immutable as 'select 1'; create cast (e as int) with function "
      "e2i(e);"
      "create foreign data wrapper w; create server sv foreign data wrapper w; create user mapping for public server "
      "sv; create foreign table ft (a int) server sv;"
      "create access method heap2 type table handler heap_tableam_handler; create sequence sq; create view v as select "
      "1 as one;"
      "create table a (id int generated always as identity primary key, e e, d d); comment on table a is 'A';"
      "create table h2 (id int primary key) using heap2; create table h1 (id int primary key); create statistics st on "
      "e, d from a;"
      "create materialized view mv as select 1 as one; create rule ru as on delete to a do also select 1;"
      "create table g (id int primary key, name text); insert into g values (1, 'x');"
      "create materialized view by_key as select id, name from g group by id; create unique index on by_key (id);"
      "create view view_by_key as select id, name from g group by id; create materialized view over_view as select * "
      "from view_by_key;"
      "comment on materialized view by_key is 'B'");
  const RunResult first = run({"pgsql2pgsql", "--full-only", "--create"});
  ASSERT_EQ(first.exit_code, 0) << first.describe();
  // Views whose queries need the primary key, which comes behind the rows.
  EXPECT_EQ(rows_differ("select * from by_key"), "");
  EXPECT_EQ(rows_differ("select * from over_view"), "");
  EXPECT_EQ(rows_differ("select relname, amname from pg_class c join pg_am m on m.oid = relam where relname in ('h1', "
                        "'h2', 'g') order by 1"),
            "");
  EXPECT_EQ(rows_differ("select obj_description('by_key'::regclass), (select count(*) from pg_index where indrelid = "
                        "'by_key'::regclass)"),
            "");
  target.exec("truncate g; drop table h1");
  const RunResult again = run({"pgsql2pgsql", "--full-only", "--create"});
  ASSERT_EQ(again.exit_code, 0) << again.describe();
  EXPECT_EQ(rows_differ("select relname, relkind from pg_class where relnamespace = 'public'::regnamespace order by 1"),
            "");
  EXPECT_EQ(rows_differ("select * from over_view"), "");
}

// Each is made where its object is; those of triggers, rules, policies and keys of a
// table to itself were once made before these.
TEST_F(PgObjectsTest, CommentsOnAllThatATableHas) {
  source.exec(
      "create table t (id int primary key, p int references t, v int constraint positive check (v > 0)); create index "
      "by_v on t (v); create statistics st on p, v from t;"
      "create function f() returns trigger language plpgsql as 'begin return new; end';"
      "create trigger tr after insert on t for each row execute procedure f(); create rule ru as on delete to t do "
      "also "
      "select 1; create policy po on t using (true);"
      "create table o (id int references t, constraint twice foreign key (id) references t);"
      "alter table t add constraint later check (v < 9) not valid; insert into t values (1, 1, 1);"
      "comment on constraint t_pkey on t is 'a'; comment on constraint t_p_fkey on t is 'b'; comment on constraint "
      "positive on t is 'c'; comment on constraint later on t is 'd'; comment on index by_v is 'e'; comment on "
      "statistics st is 'f'; comment on trigger tr on t is 'g'; comment on rule ru on t is 'h'; comment on policy po "
      "on "
      "t is 'i'; comment on constraint twice on o is 'j'; comment on column t.v is 'k'");
  const RunResult result = run({"pgsql2pgsql", "--full-only", "--create"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  const char* comments =
      "select string_agg(description, '' order by description collate \"C\") from pg_description where description ~ "
      "'^[a-k]$'";
  EXPECT_EQ(target.value(comments), "abcdefghijk");
}

TEST_F(PgObjectsTest, ForeignKeysThatDidNotHoldAreCheckedByTheNextRun) {
  source.exec(
      "create table a (id int primary key); create table b (id int primary key, a int references a);"
      "insert into a values (1); alter table b disable trigger all; insert into b values (1, 1), (2, 99)");
  EXPECT_EQ(run({"pgsql2pgsql", "--full-only", "--create"}).exit_code, 5);
  const RunResult again = run({"pgsql2pgsql", "--full-only", "--create", "--resume"});
  EXPECT_EQ(again.exit_code, 5) << again.describe();
  EXPECT_NE(again.err.find("b_a_fkey"), std::string::npos) << again.err;
  const std::string validate =
      R"(public.b: foreign key b_a_fkey: ALTER TABLE "public"."b" VALIDATE CONSTRAINT "b_a_fkey")";
  EXPECT_NE(run({"pgsql2pgsql", "--status"}).out.find(validate), std::string::npos);
  EXPECT_NE(run({"pgsql2pgsql", "--status", "--json"}).out.find("not_valid"), std::string::npos);
  // A run that makes nothing names what is left.
  source.exec("create table other (id int)");
  target.exec("create table other (id int)");
  const RunResult alone = run({"pgsql2pgsql", "--full-only", "--include", "other"});
  EXPECT_NE(alone.err.find("public.b: foreign key b_a_fkey: not valid on the target"), std::string::npos) << alone.err;
  target.exec("insert into a values (99)");
  const RunResult mended = run({"pgsql2pgsql", "--full-only", "--create", "--resume"});
  EXPECT_EQ(mended.exit_code, 0) << mended.describe();
  EXPECT_EQ(run({"pgsql2pgsql", "--status"}).out.find("not valid"), std::string::npos);
  EXPECT_EQ(target.value("select count(*) from pg_constraint where not convalidated and conrelid <> 0"), "0");
}

// Names that only a search_path finds: the target's database has that of the source, or
// the run says which one it lacks.
TEST_F(PgObjectsTest, NamesThatSearchPathFinds) {
  if (source.version() < 110000) GTEST_SKIP() << "hash partitions and functions of operators came with 11";
  if (source.version() >= 170000) GTEST_SKIP() << "REFRESH has a search_path of its own from 17 on, on the source, too";
  const std::string path = "set search_path = app, public";
  source.exec(
      fmt::format("alter database {} {}; create schema app; {}", source.name(), path, path) +
      "; create type mood as enum ('a', 'b'); create domain pos as int check (value > 0); create collation co from "
      "\"C\";"
      "create function low(t text) returns text language sql immutable as 'select lower(t)';"
      "create function nlow(t text) returns text language plpgsql immutable as 'begin return low(t); end';"
      "create operator === (leftarg = text, rightarg = text, function = texteq); create text search configuration cfg "
      "(copy = pg_catalog.english);"
      "create function ok(t text) returns boolean language plpgsql immutable as 'begin return low(t) === t; end';"
      "create function part(i int) returns int language plpgsql immutable as 'begin return low(i::text)::int; end';"
      "create domain lowd as text check (ok(value)); create table t (id int primary key, v text check (ok(v)), m mood "
      "default 'a', p pos, c text collate co,"
      "  l lowd default nlow('X')); create table w (id int primary key, w text); create index on w using gin "
      "(to_tsvector('cfg', w));"
      "create materialized view mv as select id, nlow(v) as x from t; create table h (i int) partition by hash "
      "(part(i));"
      "create table h0 partition of h for values with (modulus 1, remainder 0);"
      "create function both_words() returns setof text language sql stable as 'select w from w union select v from t';"
      "insert into t values (1, 'abc', 'b', 5, 'c'); insert into w values (1, 'x'); insert into h values (1), (-2); "
      "refresh materialized view mv");
  const RunResult lacking = run({"pgsql2pgsql", "--full-only", "--create"});
  EXPECT_EQ(lacking.exit_code, 4) << lacking.describe();
  const std::string statement = fmt::format("ALTER DATABASE \"{}\" SET search_path = app, public", target.name());
  EXPECT_NE(lacking.err.find(statement), std::string::npos) << lacking.err;
  EXPECT_NE(lacking.err.find("finds names by search_path, and rows are loaded with an empty one"), std::string::npos)
      << lacking.err;
  target.exec(statement);
  for (const char* function : {"ok(text)", "part(int)", "nlow(text)"})
    target.exec(fmt::format("alter function app.{} {}", function, path));
  const RunResult mended = run({"pgsql2pgsql", "--full-only", "--create", "--resume", "--verify"});
  EXPECT_EQ(mended.exit_code, 0) << mended.describe();
  EXPECT_EQ(mended.err.find("setting of the database"), std::string::npos) << mended.err;
  for (const char* query : {"select * from app.mv", "select * from app.t", "select * from app.h order by 1",
                            "set search_path = app, public; select nlow('ABC'), 'a'::text operator(app.===) 'a'",
                            "set search_path = app, public; select * from both_words() order by 1"})
    EXPECT_EQ(rows_differ(query), "") << query;
}

// Another session's lock, on what a run has to look at first.
TEST_F(PgObjectsTest, WaitsForALockAreSaid) {
  source.exec("create table a (id int primary key); create table b (id int primary key); insert into a values (1)");
  PgSession holder(source.conninfo());
  const std::string pid =
      holder.run("begin; lock table b in access exclusive mode; select pg_backend_pid()").at(0).at(0).value_or("");
  for (const char* kind : {"--full-only", "--end-at=now"}) {
    Program program({"pgsql2pgsql", "--create", kind}, here());
    const auto said = [&] { return program.err_so_far().find("waits for process " + pid) != std::string::npos; };
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!said() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_TRUE(said()) << program.err_so_far();
    EXPECT_NE(program.err_so_far().find("lock table b"), std::string::npos) << program.err_so_far();
  }
}

// The creation is cut where no table lacks a part; each batch of 64 statements is
// far below the limit of a server with the usual settings.
TEST_F(PgObjectsTest, ManyTablesAreMadeInSeveralTransactions) {
  source.exec(
      "do $$ begin for i in 1..1200 loop execute format('create table t%s (id serial primary key, v text default %L)', "
      "i, 'x'); end loop; end $$;"
      "create table p (a int) partition by list (a);"
      "do $$ begin for i in 1..20 loop execute format('create table p%s partition of p for values in (%s)', i, i); end "
      "loop; end $$;"
      "insert into t7 (v) values ('a'), ('b'); insert into p select generate_series(1, 20)");
  const RunResult result = run({"pgsql2pgsql", "--full-only", "--create", "-j", "2"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(
      rows_differ("select count(*), count(*) filter (where pg_get_expr(adbin, adrelid) ~ 'nextval') from pg_attrdef "
                  "where adrelid::regclass::text ~ '^t[0-9]+$'"),
      "");
  EXPECT_EQ(rows_differ("select count(*) from pg_depend where deptype = 'a' and classid = 'pg_class'::regclass and "
                        "refobjsubid > 0 and "
                        "refobjid::regclass::text ~ '^t[0-9]+$'"),
            "");
  EXPECT_EQ(rows_differ("select tableoid::regclass, a from p order by 2"), "");
  // Tables of one transaction have its number.
  EXPECT_EQ(target.value("select count(distinct xmin::text) > 1 from pg_class where relname ~ '^t[0-9]+$'"), "t");
}

TEST_F(PgObjectsTest, SequencesOfIdentitiesWithAPastAndOutOfBounds) {
  source.exec(
      "create table t (id serial primary key); insert into t select from generate_series(1, 5); alter table t alter id "
      "drop default;"
      "alter table t alter id add generated by default as identity (sequence name t_new); select setval('t_new', 700);"
      "create sequence a start 9 increment 1; create sequence narrow; create sequence z; select setval('a', 10), "
      "setval('narrow', 1000), setval('z', 20)");
  target.exec("create sequence narrow maxvalue 100");
  const RunResult result = run({"pgsql2pgsql", "--full-only", "--create"});
  EXPECT_EQ(result.exit_code, 5) << result.describe();
  EXPECT_NE(result.err.find("sequence public.narrow: "), std::string::npos) << result.err;
  EXPECT_EQ(target.value("select last_value from a"), "10");
  EXPECT_EQ(target.value("select last_value from z"), "20");
  EXPECT_EQ(target.value("select last_value from t_new"), "700");
  target.exec("insert into t default values");
  EXPECT_EQ(target.value("select max(id) from t"), "701");
}

}  // namespace

}  // namespace dbsync::test
