// --check --create of pgsql2pgsql against what the run itself then refuses; see pg_check_test.cpp.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/check_support.h"
#include "tests/harness/own_server.h"
#include "tests/harness/pg_migration.h"
#include "tests/harness/target_db.h"

namespace dbsync::test {

namespace {

constexpr int kSource = 3;
constexpr int kTarget = 4;

class PgCreateCheckTest : public PgMigrationTest {
 protected:
  RunResult check(int status, const std::vector<std::string>& more = {}) {
    std::vector<std::string> args = {"pgsql2pgsql", "--check", "--create"};
    args.insert(args.end(), more.begin(), more.end());
    RunResult result = run(args);
    EXPECT_EQ(result.exit_code, status) << result.describe();
    return result;
  }
  void configure_target(const std::string& conninfo) {
    dir.write_file("my.cfg",
                   fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n",
                               source.conninfo(), conninfo));
  }
};

TEST_F(PgCreateCheckTest, WhatOnlyASuperuserMayMake) {
  if (source.version() < 120000) GTEST_SKIP() << "access methods of tables came with 12";
  source.exec(
      "create table t (id int primary key); create foreign data wrapper w; create server sv foreign data wrapper w;"
      "create function ev() returns event_trigger language plpgsql as 'begin end'; create event trigger et on "
      "ddl_command_end execute procedure ev();"
      "create function c(float8) returns float8 language internal strict as 'dsqrt'; create text search template tt "
      "(lexize = dsimple_lexize);"
      "create access method heap2 type table handler heap_tableam_handler; create schema other");
  const PgRole role(target);
  target.exec(fmt::format("grant all on schema public to {}", role.name()));
  configure_target(role.conninfo());
  const RunResult result = check(kTarget, {"--full-only"});
  for (const char* subject : {"target foreign data wrapper", "target event trigger", "target function",
                              "target text search template", "target access method", "target schema other"})
    EXPECT_TRUE(has_line(result.out, {"failed", subject})) << subject << "\n" << result.out;
  const RunResult load = run({"pgsql2pgsql", "--create", "--full-only"});
  EXPECT_EQ(load.exit_code, kTarget);
  for (const char* item : {"FOREIGN DATA WRAPPER w", "EVENT TRIGGER et", "FUNCTION public.c(double precision)",
                           "TEXT SEARCH TEMPLATE public.tt", "ACCESS METHOD heap2", "SCHEMA other"})
    EXPECT_NE(load.err.find(item), std::string::npos) << item << "\n" << load.err;
}

// Of an extension that the target's role does not own; all else is made.
TEST_F(PgCreateCheckTest, CommentsOnExtensionsOfOthersAreNamed) {
  if (source.value("select count(*) from pg_available_extensions where name = 'citext'") != "1")
    GTEST_SKIP() << "the extension citext is not installed";
  source.exec(
      "create extension citext; comment on extension citext is 'ours'; create table t (id int primary key, v citext); "
      "insert into t values (1, 'x'); comment on table t is 'T'; create view over_t as select * from t; comment on "
      "view "
      "over_t is 'V'");
  target.exec("create extension citext; comment on extension citext is 'theirs'");
  const PgRole role(target);
  target.exec(fmt::format("grant all on schema public to {0}; grant create on database {1} to {0}", role.name(),
                          target.name()));
  configure_target(role.conninfo());
  const RunResult load = run({"pgsql2pgsql", "--create", "--full-only"});
  EXPECT_EQ(load.exit_code, 0) << load.describe();
  EXPECT_NE(load.err.find("COMMENT EXTENSION citext: left out, since the role does not own it"), std::string::npos)
      << load.err;
  EXPECT_EQ(target.value("select count(*) from over_t"), "1");
  EXPECT_EQ(target.value("select obj_description('t'::regclass) || obj_description('over_t'::regclass)"), "TV");
  EXPECT_EQ(target.value("select obj_description(oid, 'pg_extension') from pg_extension where extname = 'citext'"),
            "theirs");
}

TEST_F(PgCreateCheckTest, ExtensionsRolesAndSettings) {
  for (const char* extension : {"file_fdw", "hstore"})
    if (source.value(fmt::format("select count(*) from pg_available_extensions where name = '{}'", extension)) != "1")
      GTEST_SKIP() << "the extension " << extension << " is not installed";
  const PgRole role(target);
  const PgRole policy(target);
  source.exec(
      fmt::format("create extension file_fdw; create extension hstore; create table t (id int primary key); alter "
                  "database {} set search_path = app, public;"
                  "create publication theirs for table t",
                  source.name()));
  target.exec(fmt::format("grant all on schema public to {}", role.name()));
  configure_target(role.conninfo());
  const RunResult result = check(kTarget, {"--full-only"});
  EXPECT_TRUE(has_line(result.out, {"failed", "target extension file_fdw", "only a superuser may create it"}))
      << result.out;
  if (source.version() >= 130000) {
    EXPECT_TRUE(has_line(result.out, {"failed", "target extension hstore", "for want of CREATE on the database"}))
        << result.out;
  }
  EXPECT_TRUE(has_line(result.out, {"warning", "target settings"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"SET search_path = app, public"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"warning", "source publications", "theirs"})) << result.out;
  const RunResult load = run({"pgsql2pgsql", "--create", "--full-only"});
  EXPECT_EQ(load.exit_code, kTarget);
  for (const char* item :
       {"EXTENSION file_fdw", "EXTENSION hstore", "setting of the database, not made on the target: ALTER DATABASE"})
    EXPECT_NE(load.err.find(item), std::string::npos) << item << "\n" << load.err;
  configure();  // a superuser
  check(0, {"--full-only"});
}

// A deferrable key is no identity for the server, which would refuse the application's
// own UPDATEs; one of generated columns is not sent.
TEST_F(PgCreateCheckTest, TablesThatCannotBeFollowed) {
  source.exec(
      "create table none (id int); create table late (id int primary key deferrable, u int not null unique);"
      "create table late_only (id int primary key deferrable); create table fine (id int primary key);"
      "create table part (id int not null, v int); create unique index on part (id) where v > 0");
  if (source.version() >= 120000 && source.version() < 180000)
    source.exec("create table gen (id int, g int generated always as (id * 2) stored primary key)");
  EXPECT_TRUE(has_line(check(0).out, {"warning", "source table public.none", "it will be copied and not followed"}));
  dir.write_file("my.cfg", dir.read_file("my.cfg") + "[follow]\ntables_without_key = stop\n");
  const RunResult result = check(kSource);
  EXPECT_TRUE(has_line(result.out, {"failed", "source table public.none", "no primary key"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"failed", "source table public.late", "its key is deferrable"})) << result.out;
  EXPECT_TRUE(has_line(result.out,
                       {R"(do: on the source: ALTER TABLE "public"."late" REPLICA IDENTITY USING INDEX "late_u_key")"}))
      << result.out;
  EXPECT_TRUE(has_line(result.out, {R"(ALTER TABLE "public"."late_only" REPLICA IDENTITY FULL)"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {R"(ALTER TABLE "public"."part" REPLICA IDENTITY FULL)"})) << result.out;
  EXPECT_EQ(result.out.find("source table public.fine"), std::string::npos);
  check(0, {"--full-only"});
  const RunResult refused = run({"pgsql2pgsql", "--create", "--end-at", "now"});
  EXPECT_EQ(refused.exit_code, kSource) << refused.describe();
  EXPECT_NE(refused.err.find("public.late (its key is deferrable)"), std::string::npos) << refused.err;
  if (source.version() >= 120000 && source.version() < 180000) {
    EXPECT_NE(refused.err.find("public.gen (its key holds the generated column g"), std::string::npos) << refused.err;
  }
  // The statements that it gives are enough.
  for (std::size_t at = refused.err.find("ALTER TABLE"); at != std::string::npos;
       at = refused.err.find("ALTER TABLE", at + 1)) {
    const std::size_t end = refused.err.find(';', at);
    source.exec(refused.err.substr(at, end - at));
  }
  check(0);
}

TEST_F(PgCreateCheckTest, RoomForLocks) {
  OwnServer small("postgres", "few-locks",
                  {"-c", "max_locks_per_transaction=10", "-c", "max_connections=20", "-c", "wal_level=logical"});
  {
    PgSession session(small.conninfo());
    for (int i = 0; i < 100; ++i)  // each a transaction
      session.run(fmt::format(
          "do $$ begin for i in 1..30 loop execute format('create table t{}_%s (id int)', i); end loop; end $$", i));
  }
  dir.write_file("my.cfg", fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n",
                                       small.conninfo(), target.conninfo()));
  const RunResult result = run({"pgsql2pgsql", "--check", "--create", "--full-only"});
  EXPECT_TRUE(has_line(result.out, {"warning", "source locks", "pg_dump takes about 3000 locks"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"do: set max_locks_per_transaction ="})) << result.out;
  const RunResult load = run({"pgsql2pgsql", "--create", "--full-only"});
  EXPECT_NE(load.exit_code, 0) << load.describe();
  EXPECT_NE(load.err.find("out of shared memory"), std::string::npos) << load.err;
}

}  // namespace

}  // namespace dbsync::test
