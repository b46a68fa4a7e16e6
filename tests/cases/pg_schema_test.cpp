// pgsql2pgsql --create: whole databases, compared with pg_dump of both sides.
#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/harness/pg_migration.h"

namespace dbsync::test {

namespace {

// pg_dump of a database, schema and rows, as sorted lines: what a restore of it
// would make, in whatever order it was made.
std::string sorted_dump(const TargetDb& db, const char* part = "-b") {
  const RunResult dump = run_program({"pg_dump", part, "--exclude-schema=dbsync", "-d", db.conninfo()});
  EXPECT_EQ(dump.exit_code, 0) << dump.err;
  std::vector<std::string> lines;
  std::istringstream text(dump.out);
  for (std::string line; std::getline(text, line);)
    if (!line.starts_with("\\restrict") && !line.starts_with("\\unrestrict") && !line.starts_with("-- Dumped "))
      lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  std::string out;
  for (const auto& line : lines) out += line + "\n";
  return out;
}

constexpr char kIndexes[] =
    "select indexname from pg_indexes where schemaname not in ('pg_catalog', 'dbsync') order by 1";

class PgSchemaTest : public PgMigrationTest {
 protected:
  // Of one version, both are what pg_dump sees; of two, it writes the same schema in
  // two ways, so that rows and the catalogs' names are compared.
  void expect_same_database() {
    if (source.version() / 10000 == target.version() / 10000) {
      EXPECT_EQ(sorted_dump(source), sorted_dump(target));
      return;
    }
    EXPECT_EQ(sorted_dump(source, "--data-only"), sorted_dump(target, "--data-only"));
    const std::string ours = " n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'dbsync') ";
    EXPECT_EQ(
        rows_differ("select n.nspname, relname, relkind, relpersistence, relispartition, relreplident, relrowsecurity "
                    "from pg_class c join pg_namespace n on n.oid = relnamespace where" +
                    ours + "order by 1, 2"),
        "");
    EXPECT_EQ(
        rows_differ("select n.nspname, c.relname, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, "
                    "attgenerated from pg_attribute a join pg_class c on c.oid = attrelid join pg_namespace n on "
                    "n.oid = relnamespace where attnum > 0 and not attisdropped and" +
                    ours + "order by 1, 2, 3"),
        "");
    EXPECT_EQ(
        rows_differ("select n.nspname, conname, contype, convalidated from pg_constraint c join pg_namespace n on "
                    "n.oid = connamespace where contype <> 'n' and conparentid = 0 and" +
                    ours + "order by 1, 2"),
        "");
    EXPECT_EQ(rows_differ("select n.nspname, proname from pg_proc p join pg_namespace n on n.oid = pronamespace where "
                          "proname !~ 'multirange' and" +
                          ours + "order by 1, 2"),
              "");
    EXPECT_EQ(rows_differ(
                  "select c.relname, tgname, tgenabled from pg_trigger t join pg_class c on c.oid = tgrelid where not "
                  "tgisinternal order by 1, 2"),
              "");
  }
  void load_everything() {
    const RunResult psql = source.load_with_psql(read_file(repo_root() / "tests/cases/pg_every_relation.sql"));
    ASSERT_EQ(psql.exit_code, 0) << psql.err;
  }
};

class PgSchemaFormatTest : public PgSchemaTest, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Formats, PgSchemaFormatTest, ::testing::Values("binary", "text"));

TEST_P(PgSchemaFormatTest, EveryRelationArrivesAsPgDumpSeesIt) {
  if (source.version() < 120000) GTEST_SKIP() << "generated columns came with 12";
  load_everything();
  const RunResult result = run({"pgsql2pgsql", "--full-only", "--create", "-j", "3", "--copy-format", GetParam()});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  expect_same_database();
  EXPECT_EQ(rows_differ("select oid, md5(lo_get(oid)) from pg_largeobject_metadata order by oid"), "");
  EXPECT_EQ(target.value("select sum(c) from mv"), "500");
  EXPECT_EQ(target.value("select count(*) from pg_index where not indisvalid"), "0");
  EXPECT_EQ(target.value("select count(*) from pg_constraint where not convalidated and conrelid <> 0"), "0");
}

TEST_F(PgSchemaTest, TheScriptOfDMakesTheSameSchema) {
  if (source.version() < 120000) GTEST_SKIP() << "generated columns came with 12";
  load_everything();
  const RunResult pre = run({"pgsql2pgsql", "-d", "--section", "pre-data"});
  ASSERT_EQ(pre.exit_code, 0) << pre.describe();
  const RunResult post = run({"pgsql2pgsql", "-d", "--section", "post-data"});
  ASSERT_EQ(post.exit_code, 0) << post.describe();
  EXPECT_EQ(pre.out.find("CREATE INDEX"), std::string::npos);
  EXPECT_EQ(post.out.find("CREATE TABLE"), std::string::npos);
  ASSERT_EQ(target.load_with_psql(pre.out).exit_code, 0);
  const RunResult rows = run({"pgsql2pgsql", "--full-only"});
  ASSERT_EQ(rows.exit_code, 0) << rows.describe();
  const RunResult psql = target.load_with_psql(post.out);
  ASSERT_EQ(psql.exit_code, 0) << psql.err;
  target.exec("refresh materialized view mv; refresh materialized view mv2");
  expect_same_database();
}

TEST_F(PgSchemaTest, ASecondRunMakesWhatIsMissing) {
  if (source.version() < 120000) GTEST_SKIP() << "generated columns came with 12";
  load_everything();
  ASSERT_EQ(run({"pgsql2pgsql", "--full-only", "--create"}).exit_code, 0);
  target.exec(
      "truncate \"My S\".\"a\nb\", t, p, bin, ul, zero, idt, ido, dropped, inh, toasty, fk2;"
      "drop index p_v_idx; drop materialized view mv2; drop index t_x_idx; drop table fk2; drop trigger tr on idt;"
      "alter table \"My S\".\"a\nb\" drop constraint \"a\nb_id_fkey\"; alter table t drop constraint t_x_check;"
      "select lo_unlink(oid) from pg_largeobject_metadata");
  ASSERT_NE(rows_differ(kIndexes), "");
  const RunResult again = run({"pgsql2pgsql", "--full-only", "--create"});
  ASSERT_EQ(again.exit_code, 0) << again.describe();
  target.exec("alter table t add constraint t_x_check check (x <> '')");  // part of CREATE TABLE, which is there
  expect_same_database();
}

TEST_F(PgSchemaTest, AForeignKeyOutOfTheSelectionIsANote) {
  source.exec(
      "create table a (id int primary key); create table b (id int, a int references a); insert into b values (1, "
      "null)");
  const RunResult result = run({"pgsql2pgsql", "--full-only", "--create", "--include", "b"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(
      result.err.find("FK CONSTRAINT public.b b_a_fkey: left out, since one of its tables is not part of this run"),
      std::string::npos)
      << result.err;
  EXPECT_EQ(target.value("select string_agg(relname, ',') from pg_class where relkind = 'r' and relnamespace = "
                         "'public'::regnamespace"),
            "b");
}

TEST_F(PgSchemaTest, SMapsAllSchemasIntoOne) {
  if (source.version() < 120000) GTEST_SKIP() << "generated columns came with 12";
  load_everything();
  const RunResult result = run({"pgsql2pgsql", "--full-only", "--create", "-s", "all in"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value(
                "select string_agg(distinct nspname, ',') from pg_class c join pg_namespace n on n.oid = relnamespace "
                "where nspname !~ '^pg_|information_schema|dbsync' and relkind in ('r', 'p', 'v', 'm', 'S', 'i')"),
            "all in");
  EXPECT_EQ(rows_differ("select t::text from t order by id", "select t::text from \"all in\".t order by id"), "");
  EXPECT_EQ(rows_differ("select * from \"My S\".\"a\nb\" order by id", "select * from \"all in\".\"a\nb\" order by id"),
            "");
  EXPECT_EQ(rows_differ("select * from v order by id", "select * from \"all in\".v order by id"), "");
  // Defaults and functions were renamed with the rest.
  target.exec("insert into \"all in\".\"a\nb\" (id) values (1)");
  EXPECT_EQ(target.value("select max(s) from \"all in\".\"a\nb\""), "51");
  target.exec("insert into \"all in\".idt (v) values ('new')");
  EXPECT_EQ(target.value("select v from \"all in\".idt order by id desc limit 1"), "new!");
}

TEST_F(PgSchemaTest, SchemaMapMapsSomeSchemas) {
  source.exec(
      "create schema sales; create schema sales2; create type sales.state as enum ('open', 'paid');"
      "create table sales.orders (id serial primary key, state sales.state default 'open', note text default "
      "'sales.x');"
      "create table sales2.items (id int primary key, order_id int references sales.orders);"
      "create view sales2.v as select sales.id from sales2.items as sales;"
      "insert into sales.orders (state) values ('paid'), ('open'); insert into sales2.items values (1, 2)");
  configure("[schema_map]\nsales = \"archive 2024\"\n");
  const RunResult result = run({"pgsql2pgsql", "--full-only", "--create"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(rows_differ("select id, state::text, note from sales.orders order by id",
                        "select id, state::text, note from \"archive 2024\".orders order by id"),
            "");
  EXPECT_EQ(target.value("select id from sales2.v"), "1");
  EXPECT_EQ(target.value("select confrelid::regclass::text from pg_constraint where conrelid = "
                         "'sales2.items'::regclass and contype = 'f'"),
            "\"archive 2024\".orders");
  EXPECT_EQ(target.value("select count(*) from pg_namespace where nspname = 'sales'"), "0");
}

TEST_F(PgSchemaTest, TwoTablesInOneAreRefused) {
  source.exec("create schema a; create schema b; create table a.t (id int); create table b.t (id int)");
  const RunResult result = run({"pgsql2pgsql", "--full-only", "-s", "x"});
  EXPECT_EQ(result.exit_code, 2) << result.describe();
  EXPECT_NE(result.err.find("a.t and b.t would both become x.t"), std::string::npos) << result.err;
}

TEST_F(PgSchemaTest, AnOldPgDumpIsNamedWithBothVersions) {
  dir.write_file("pg_dump", "#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n");
  ASSERT_EQ(run_program({"chmod", "+x", (dir.path() / "pg_dump").string()}).exit_code, 0);
  configure_from(source.conninfo() + "\"\npg_bindir = \"" + dir.path().string());
  const RunResult result = run({"pgsql2pgsql", "--full-only", "--create"});
  EXPECT_EQ(result.exit_code, 2) << result.describe();
  EXPECT_NE(result.err.find("is version 9, but the source is version " + std::to_string(source.version() / 10000)),
            std::string::npos)
      << result.err;
  configure_from(source.conninfo() + "\"\npg_bindir = \"/nowhere");
  const RunResult missing = run({"pgsql2pgsql", "--full-only", "--create"});
  EXPECT_EQ(missing.exit_code, 2) << missing.describe();
  EXPECT_NE(missing.err.find("no pg_dump in /nowhere"), std::string::npos) << missing.err;
}

TEST_F(PgSchemaTest, AForeignKeyThatDoesNotHoldIsReportedAndTheRestGoesOn) {
  source.exec(
      "create table a (id int primary key); create table b (id int, a int references a);"
      "insert into a values (1); alter table b disable trigger all; insert into b values (1, 1), (2, 99);"
      "create table c (id int primary key)");
  const RunResult result = run({"pgsql2pgsql", "--full-only", "--create"});
  EXPECT_EQ(result.exit_code, 5) << result.describe();
  EXPECT_NE(result.err.find("b_a_fkey"), std::string::npos) << result.err;
  EXPECT_EQ(target.value("select count(*) from b"), "2");
  EXPECT_EQ(target.value("select count(*) from pg_index where indrelid = 'c'::regclass"), "1");
}

TEST_F(PgSchemaTest, GreenplumDdlHasDistributionAndNoPgDump) {
  source.exec(
      "create type mood as enum ('a'); create table t (id bigint generated always as identity primary key, m mood, "
      "v text default 'x', d date); create index on t (d); create table n (a json)");
  const RunResult result = run({"pgsql2pgsql", "-d", "--dialect", "greenplum6"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  for (const char* text :
       {"CREATE TABLE \"public\".\"t\"", "DISTRIBUTED BY (\"id\")", "bigserial", "\"m\" text", "DISTRIBUTED RANDOMLY",
        "CREATE INDEX \"t_d_idx\"", "PRIMARY KEY (\"id\")", "DEFAULT 'x'::text"})
    EXPECT_NE(result.out.find(text), std::string::npos) << text << "\n" << result.out;
}

}  // namespace

}  // namespace dbsync::test
