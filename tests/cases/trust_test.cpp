// Roles of the target that may create in it, or own it, never get the rights of our
// session: not by functions, operators or types of their own, not by what they have put
// into our bookkeeping. And what stands on the target is no SQL for the source.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/check_support.h"
#include "tests/harness/follow_fixture.h"
#include "tests/harness/migration.h"
#include "tests/harness/pg_migration.h"

namespace dbsync::test {

namespace {

constexpr int kTargetError = 4;

// Writes down who ran it. The operators are better matches than the server's own.
constexpr char kTraps[] = R"(
create table public.stolen (who text, what text);
grant all on public.stolen to public;
create function public.trap(what text) returns text language plpgsql as
  $$ begin insert into public.stolen values (current_user, what); return what; exception when read_only_sql_transaction then raise exception 'trapped: %', what; end $$;
create function public.setval(text, bigint) returns bigint language plpgsql as $$ begin perform public.trap('setval'); return $2; end $$;
create function public.setval(text, bigint, boolean) returns bigint language plpgsql as $$ begin perform public.trap('setval'); return $2; end $$;
create function public.to_char(timestamp, varchar) returns text language plpgsql as $$ begin perform public.trap('to_char'); return ''; end $$;
create function public.lower(name) returns text language plpgsql as $$ begin perform public.trap('lower'); return ''; end $$;
create function public.quote_ident(name) returns text language plpgsql as $$ begin perform public.trap('quote_ident'); return $1::text; end $$;
create function public.format_type(oid, bigint) returns text language plpgsql as $$ begin perform public.trap('format_type'); return ''; end $$;
create function public.has_table_privilege(name, text) returns bool language plpgsql as $$ begin perform public.trap('privilege'); return true; end $$;
create function public.name_is(name, text) returns bool language plpgsql as $$ begin perform public.trap('name ='); return $1::text = $2; end $$;
create operator public.= (function = public.name_is, leftarg = name, rightarg = text);
create function public.name_and(name, text) returns text language plpgsql as $$ begin perform public.trap('name ||'); return concat($1, $2); end $$;
create operator public.|| (function = public.name_and, leftarg = name, rightarg = text);
create function public.char_is("char", text) returns bool language plpgsql as $$ begin perform public.trap('char ='); return $1::text = $2; end $$;
create operator public.= (function = public.char_is, leftarg = "char", rightarg = text);
create function public.more(numeric, integer) returns bool language plpgsql as $$ begin perform public.trap('numeric >'); return $1 > $2::numeric; end $$;
create operator public.> (function = public.more, leftarg = numeric, rightarg = integer);
create function public.plus(numeric, integer) returns numeric language plpgsql as $$ begin perform public.trap('numeric +'); return $1 + $2::numeric; end $$;
create operator public.+ (function = public.plus, leftarg = numeric, rightarg = integer);
create function public.same(varchar, varchar) returns bool language plpgsql as $$ begin perform public.trap('varchar ='); return $1::text = $2::text; end $$;
create operator public.= (function = public.same, leftarg = varchar, rightarg = varchar);
create function public.text_is(text, text) returns bool language plpgsql as $$ begin perform public.trap('text ='); return $1 operator(pg_catalog.=) $2; end $$;
create operator public.= (function = public.text_is, leftarg = text, rightarg = text);
create domain public.citext as text check (public.trap('citext') is not null);
)";

void lay_traps(TargetDb& db, const PgRole& role) {
  db.exec(fmt::format("grant create on schema public to {0}; grant create on database \"{1}\" to {0}; set role {0}",
                      role.name(), db.name()));
  db.exec(kTraps);
  db.exec("reset role");
}

std::string stolen(TargetDb& db, const PgRole& role) {
  return db.value(fmt::format(
      "select string_agg(distinct who || ' by ' || what, ', ') from public.stolen where who <> '{}'", role.name()));
}

// The owner of a database may put his schema before the server's.
void set_path(TargetDb& db, const char* path) {
  db.exec(fmt::format("alter database \"{}\" set search_path = {}", db.name(), path));
}

class TrustMysql : public MigrationTest {
 protected:
  void expect_safe(const std::vector<std::string>& args, const PgRole& role) {
    const RunResult result = run(args);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(stolen(target, role), "") << result.describe();
  }
  PgRole mallory{target};
};

TEST_F(TrustMysql, FunctionsOfOthersAreNotRun) {
  lay_traps(target, mallory);
  source.exec(
      "create table t (id int auto_increment primary key, v varchar(20) default 'x', n decimal(10,2), b bigint, check "
      "(n > 1)) "
      "partition by hash (id) partitions 2");
  source.exec("create table g (a int primary key, s varchar(10), u varchar(20) as (lower(s)) stored)");
  source.exec("insert into t (v, n, b) values ('a', 2, 3), ('b', 3, 4); insert into g (a, s) values (1, 'A')");
  for (const char* path : {"\"$user\", public", "public, pg_catalog"}) {
    SCOPED_TRACE(path);
    set_path(target, path);
    for (const std::vector<std::string>& args : {std::vector<std::string>{"mysql2pgsql", "--check", "--create"},
                                                 {"mysql2pgsql", "--create"},
                                                 {"mysql2pgsql", "--verify-only"},
                                                 {"mysql2pgsql", "--status"},
                                                 {"mysql2pgsql", "--truncate", "--verify"},
                                                 {"mysql2pgsql", "--restart", "--create"},
                                                 {"mysql2pgsql", "--cleanup"}})
      expect_safe(args, mallory);
    const RunResult script = run({"mysql2pgsql", "-d"});
    target.exec("drop table t, g");
    const RunResult psql = target.load_with_psql(script.out);
    EXPECT_EQ(psql.exit_code, 0) << psql.err;
    EXPECT_EQ(stolen(target, mallory), "") << script.out;
    target.exec("drop table t, g");
  }
}

// A domain runs the checks of its owner.
TEST_F(TrustMysql, TypesOfOthersAreNotTaken) {
  lay_traps(target, mallory);
  source.exec("create table t (id int primary key, v varchar(20)); insert into t values (1, 'a')");
  configure("[types]\nt.v = citext\n");
  const RunResult refused = run({"mysql2pgsql", "--create"});
  EXPECT_NE(refused.exit_code, 0) << refused.describe();
  EXPECT_NE(refused.err.find("the target has no type citext"), std::string::npos) << refused.describe();
  EXPECT_EQ(stolen(target, mallory), "");
  target.exec("drop domain citext; create schema ext; create extension citext schema ext");
  set_path(target, "public, ext");
  expect_safe({"mysql2pgsql", "--create", "--verify"}, mallory);
  EXPECT_EQ(target.value("select atttypid::regtype from pg_attribute where attrelid = 't'::regclass and attname = 'v'"),
            "ext.citext");
}

TEST_F(TrustMysql, WhatTheJournalHoldsIsNoSqlForTheSource) {
  source.exec("create table t (id int primary key, v varchar(200))");
  source.exec(
      "insert into t select seq, repeat('x', 200) from (select 0 seq union select 1 union select 2 union select 3) a");
  ASSERT_EQ(run({"mysql2pgsql", "--create"}).exit_code, 0) << last_run_report();
  source.exec("create table other (id int primary key, v varchar(200)); insert into other values (1, 'secret')");
  for (const char* change : {"source_from = '(SELECT * FROM other) AS t'", "source_from = 'other'",
                             "predicate = 'id >= sleep(1)'", "predicate = 'id >= 1) UNION SELECT * FROM other -- '"}) {
    target.exec("truncate t; update dbsync.copy_run set finished = null");
    target.exec(fmt::format(
        "update dbsync.copy_chunk set done = null, predicate = '', source_from = ''; update dbsync.copy_chunk set {}",
        change));
    const RunResult result = run({"mysql2pgsql", "--resume"});
    EXPECT_EQ(result.exit_code, kTargetError) << result.describe();
    EXPECT_NE(result.err.find("dbsync.copy_chunk holds"), std::string::npos) << result.describe();
    EXPECT_EQ(target.value("select count(*) from t"), "0") << change;
  }
}

class TrustPg : public PgMigrationTest {
 protected:
  PgRole mallory{target};
};

TEST_F(TrustPg, FunctionsOfOthersAreNotRun) {
  if (source.version() < 110000) GTEST_SKIP() << "the traps are written for 11 and newer";
  const PgRole trudy(source);
  lay_traps(target, mallory);
  source.exec(
      "create schema app; create table app.t (id serial primary key, v varchar(20) default 'x' unique, n numeric check "
      "(n > 1)); "
      "create table app.i (id int generated always as identity primary key, t int references app.t); "
      "insert into app.t (v, n) values ('a', 2), ('b', 3); insert into app.i (t) values (1), (2); create sequence "
      "app.s; select nextval('app.s')");
  lay_traps(source, trudy);
  for (const char* path : {"\"$user\", public", "public, pg_catalog"}) {
    SCOPED_TRACE(path);
    set_path(target, path);
    set_path(source, path);
    target.exec("drop schema if exists app cascade");
    for (const std::vector<std::string>& args :
         {std::vector<std::string>{"pgsql2pgsql", "--check", "--create", "--include", "app.*"},
          {"pgsql2pgsql", "-d", "--include", "app.*"},
          {"pgsql2pgsql", "--full-only", "--create", "--include", "app.*"},
          {"pgsql2pgsql", "--verify-only", "--include", "app.*"},
          {"pgsql2pgsql", "--status"},
          {"pgsql2pgsql", "--full-only", "--truncate", "--include", "app.*"},
          {"pgsql2pgsql", "--cleanup"},
          {"pgsql2pgsql", "--truncate", "--end-at", "now", "--include", "app.*"},
          {"pgsql2pgsql", "--end-at", "now", "--verify", "--include", "app.*"},
          {"pgsql2pgsql", "--cleanup"}}) {
      const RunResult result = run(args);
      EXPECT_EQ(result.exit_code, 0) << result.describe();
      EXPECT_EQ(stolen(target, mallory), "") << result.describe();
      EXPECT_EQ(stolen(source, trudy), "") << result.describe();
      if (args[1] == "--truncate")
        source.exec("insert into app.t (v, n) select 'v' || max(id), 7 from app.t");  // followed next
    }
  }
}

struct Planted {
  const char* what;
  const char* sql;    // {0}: the role
  const char* found;  // in the message
};

// By a role that was there before us, that owns what we use, or that was given rights on it.
const Planted kPlanted[] = {
    {"schema", "alter schema dbsync owner to {0}", "the schema dbsync belongs to the role {0}"},
    {"table", "alter table dbsync.copy_run owner to {0}", "the table dbsync.copy_run belongs to the role {0}"},
    {"trigger",
     "create function public.t() returns trigger language plpgsql as $$ begin perform public.trap(''trigger''); return "
     "new; end $$; "
     "create trigger spy before insert or update on dbsync.copy_run for each row execute procedure public.t()",
     "has the trigger spy"},
    {"rule", "create rule spy as on update to dbsync.copy_run do also select public.trap(''rule'')", "has a rule"},
    {"policy", "create policy spy on dbsync.copy_run using (public.trap(''policy'') is not null)",
     "has row-level security"},
    {"default", "alter table dbsync.copy_run alter snapshot set default public.trap(''default'')",
     "uses function public.trap(text)"},
    {"check", "alter table dbsync.copy_run add check (public.trap(''check'') is not null) not valid",
     "uses function public.trap(text)"},
    {"index",
     "create function public.i(text) returns text immutable language sql as ''select $1''; create index on "
     "dbsync.copy_run (public.i(source))",
     "uses function public.i(text)"},
    {"child", "create table public.child () inherits (dbsync.copy_run)", "is part of an inheritance"},
    {"view", "drop table dbsync.db_sync_tables; create view dbsync.db_sync_tables as select public.trap(''view'')",
     "is no plain table"},
    {"key", "create table public.ref (run bigint references dbsync.copy_run)", "has a foreign key"},
    {"type",
     "create domain public.d as text check (public.trap(''type'') is not null); alter table dbsync.copy_run add column "
     "x public.d",
     "uses type public.d"},
};

std::string planted_sql(const Planted& planted, const PgRole& role) {
  std::string sql = planted.sql;
  for (std::size_t at; (at = sql.find("''")) != std::string::npos;) sql.replace(at, 2, "'");
  for (std::size_t at; (at = sql.find("{0}")) != std::string::npos;) sql.replace(at, 3, role.name());
  return sql;
}

std::string with_role(const char* text, const PgRole& role) {
  std::string out = text;
  if (const auto at = out.find("{0}"); at != std::string::npos) out.replace(at, 3, role.name());
  return out;
}

TEST_F(TrustPg, BookkeepingOfOthersIsRefused) {
  source.exec("create table t (id int primary key); insert into t values (1)");
  for (const Planted& planted : kPlanted) {
    SCOPED_TRACE(planted.what);
    target.exec(
        "drop schema if exists dbsync cascade; drop schema public cascade; create schema public; grant usage on schema "
        "public to public");
    lay_traps(target, mallory);
    ASSERT_EQ(run({"pgsql2pgsql", "--full-only", "--create"}).exit_code, 0) << last_run_report();
    target.exec(planted_sql(planted, mallory) + "; truncate public.stolen");
    for (const std::vector<std::string>& args : {std::vector<std::string>{"pgsql2pgsql", "--full-only", "--truncate"},
                                                 {"pgsql2pgsql", "--full-only", "--resume"},
                                                 {"pgsql2pgsql", "--cleanup"},
                                                 {"pgsql2pgsql", "--status"},
                                                 {"pgsql2pgsql", "--end-at", "now"}}) {
      const RunResult result = run(args);
      EXPECT_EQ(result.exit_code, kTargetError) << result.describe();
      EXPECT_NE(result.err.find(with_role(planted.found, mallory)), std::string::npos) << result.describe();
      EXPECT_NE(result.err.find("HINT"), std::string::npos) << result.describe();
    }
    EXPECT_EQ(target.value("select count(*) from t"), "1");
    EXPECT_EQ(stolen(target, mallory), "");
    EXPECT_EQ(source.value("select count(*) from pg_replication_slots where database = current_database()"), "0");
  }
  target.exec("drop schema dbsync cascade; drop schema public cascade");
}

// The schema that the program would make is there already, with what it would read.
TEST_F(TrustMysql, BookkeepingMadeBeforehandIsRefused) {
  lay_traps(target, mallory);
  target.exec(fmt::format("set role {0}; create schema dbsync; grant all on schema dbsync to public; reset role",
                          mallory.name()));
  source.exec("create table t (id int primary key)");
  for (const std::vector<std::string>& args : {std::vector<std::string>{"mysql2pgsql", "--create"},
                                               {"mysql2pgsql", "--status"},
                                               {"mysql2pgsql", "--cleanup"}}) {
    const RunResult result = run(args);
    EXPECT_EQ(result.exit_code, kTargetError) << result.describe();
    EXPECT_NE(result.err.find("the schema dbsync belongs to the role " + mallory.name()), std::string::npos)
        << result.describe();
  }
  EXPECT_EQ(target.value("select count(*) from pg_class where relname = 't'"), "0");
}

TEST_F(TrustMysql, StatusTablesOfOthersAreRefused) {
  TargetDb local;
  const PgRole role(local);
  lay_traps(local, role);
  local.exec(fmt::format(
      "set role {0}; create view public.db_sync_status as select public.trap('view') as id; reset role", role.name()));
  source.exec("create table t (id int primary key)");
  dir.write_file("my.cfg", my_cfg(mysql_section(Servers::instance().mysql(), source.name()), target.conninfo(),
                                  fmt::format("[local.pgsql]\nconnect_string = \"{}\"\n", local.conninfo())));
  const RunResult result = run({"mysql2pgsql", "--status"});
  EXPECT_EQ(result.exit_code, kTargetError) << result.describe();
  EXPECT_NE(result.err.find("is not trusted"), std::string::npos) << result.describe();
  EXPECT_EQ(stolen(local, role), "");
  local.exec("drop view public.db_sync_status");
  EXPECT_EQ(run({"mysql2pgsql", "--create"}).exit_code, 0) << last_run_report();
  EXPECT_EQ(local.value("select count(*) from public.db_sync_status"), "1");
  EXPECT_EQ(run({"mysql2pgsql", "--status"}).exit_code, 0) << last_run_report();
  EXPECT_EQ(stolen(local, role), "");
}

}  // namespace

}  // namespace dbsync::test
