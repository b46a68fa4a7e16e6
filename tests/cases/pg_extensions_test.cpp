// Rows that users keep in tables of extensions (pg_extension_config_dump).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/pg_migration.h"

namespace dbsync::test {

namespace {

constexpr int kTarget = 4;
constexpr int kDiffers = 5;

// plpgsql is everywhere; it gets tables, as the script of an extension would give
// them to it.
std::string own_tables(const std::string& schema) {
  return fmt::format(
      "create schema if not exists {0}; create sequence {0}.counter; create table {0}.kind (id int primary key, builtin boolean not null default false, name text);"
      "create table {0}.job (id int primary key default nextval('{0}.counter'), kind int not null references {0}.kind, double int generated always as (id * 2) stored);"
      "create table {0}.unlisted (a int); insert into {0}.kind values (1, true, 'built in'); create function {0}.refuse() returns trigger language plpgsql as "
      "  'begin raise exception ''a trigger acts''; end'; create trigger tr before insert on {0}.kind execute function {0}.refuse();"
      "alter extension plpgsql add table {0}.kind; alter extension plpgsql add table {0}.job; alter extension plpgsql add table {0}.unlisted;"
      "alter extension plpgsql add sequence {0}.counter;"
      "update pg_extension set extconfig = array['{0}.job'::regclass, '{0}.kind'::regclass, '{0}.counter'::regclass]::oid[],"
      "  extcondition = array['', ' where not builtin ', ''] where extname = 'plpgsql'",
      schema);
}

class PgExtensionsTest : public PgMigrationTest {
 protected:
  RunResult copy(int status, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"pgsql2pgsql", "--full-only"});
    RunResult result = run(more);
    EXPECT_EQ(result.exit_code, status) << result.describe();
    return result;
  }
  bool installed(const std::string& extension) {
    return source.value(fmt::format("select count(*) from pg_available_extensions where name = '{}'", extension)) == "1";
  }
};

TEST_F(PgExtensionsTest, RowsOfUsersAreCopiedComparedAndNamed) {
  source.exec(own_tables("cfg") + "; alter table cfg.kind disable trigger tr; insert into cfg.kind values (7, false, E'a\\tb\\\\c'), (8, false, null);"
              "insert into cfg.job (kind) values (7), (8), (7); insert into cfg.unlisted values (1); create table t (id int primary key); insert into t values (1)");
  target.exec(own_tables("cfg"));
  const RunResult first = copy(0, {"--create", "--verify"});
  EXPECT_EQ(rows_differ("select * from cfg.kind order by 1"), "");
  EXPECT_EQ(rows_differ("select * from cfg.job order by 1"), "");
  EXPECT_EQ(rows_differ("select last_value, is_called from cfg.counter"), "");
  EXPECT_NE(first.err.find("cfg.unlisted: left out"), std::string::npos) << first.err;
  const auto verify = [&](int status) { return run({"pgsql2pgsql", "--verify-only"}).exit_code == status; };
  EXPECT_TRUE(verify(0));
  // The extension's own rows are its affair.
  target.exec("update cfg.kind set name = 'of a newer version' where builtin");
  EXPECT_TRUE(verify(0));
  target.exec("update cfg.kind set name = 'changed' where id = 7");
  EXPECT_TRUE(verify(kDiffers));
  // What is missing is added; other rows stay unless the run may replace them.
  target.exec("delete from cfg.job where id = 2; truncate t");
  const RunResult refused = copy(kTarget);
  EXPECT_NE(refused.err.find("cfg.kind: the target's table of the extension plpgsql holds rows that the source has not"), std::string::npos) << refused.err;
  EXPECT_EQ(target.value("select name from cfg.kind where id = 7"), "changed");
  copy(0, {"--truncate"});
  EXPECT_EQ(rows_differ("select * from cfg.kind where not builtin order by 1"), "");
  EXPECT_EQ(rows_differ("select * from cfg.job order by 1"), "");
  EXPECT_EQ(target.value("select name from cfg.kind where builtin"), "of a newer version");
  target.exec("alter table cfg.kind disable trigger tr; insert into cfg.kind values (20, false, 'mine'); truncate t");
  copy(0, {"--append"});
  EXPECT_EQ(target.value("select count(*) from cfg.kind"), "4");
}

TEST_F(PgExtensionsTest, WhatTheTargetHasNotIsNamed) {
  source.exec(own_tables("cfg") + "; alter table cfg.kind disable trigger tr; insert into cfg.kind values (7, false, 'x')");
  const RunResult missing = copy(0);
  EXPECT_NE(missing.err.find("cfg.kind: its rows were left out, since the target does not have the extension plpgsql with that table"), std::string::npos)
      << missing.err;
  EXPECT_EQ(missing.err.find("cfg.job"), std::string::npos) << "it has no rows: " << missing.err;
  target.exec(own_tables("other") + "; alter table other.kind drop column name");
  const RunResult narrower = copy(kTarget);
  EXPECT_NE(narrower.err.find("cfg.kind: the target's table of the extension plpgsql has no column name"), std::string::npos) << narrower.err;
  target.exec("alter table other.kind add column name text");
  copy(0);  // where the extension is in another schema
  EXPECT_EQ(target.value("select name from other.kind where id = 7"), "x");
}

TEST_F(PgExtensionsTest, OfExtensionsThatAreMadeByTheRun) {
  for (const char* extension : {"pg_partman", "postgis"})
    if (!installed(extension)) GTEST_SKIP() << "the extension " << extension << " is not installed";
  source.exec("create schema partman; create extension pg_partman schema partman; create extension postgis;"
              "create table ev (id bigint, at timestamptz not null) partition by range (at); create table place (id int primary key, g geometry(point, 990001));"
              "insert into spatial_ref_sys values (990001, 'own', 1, 'LOCAL_CS[\"x\"]', '+proj=longlat +no_defs'); insert into place values (1, 'SRID=990001;POINT(1 2)')");
  source.exec("select partman.create_parent('public.ev', 'at', 'native', 'daily')");
  copy(0, {"--create", "--verify"});
  EXPECT_EQ(rows_differ("select * from partman.part_config"), "");
  EXPECT_EQ(rows_differ("select * from spatial_ref_sys where auth_name = 'own'"), "");
  EXPECT_EQ(rows_differ("select st_astext(g) from place"), "");
  const std::string before = target.value("select count(*) from pg_inherits");
  target.exec("insert into ev values (1, now() + interval '3 days')");
  target.exec("call partman.run_maintenance_proc()");
  EXPECT_NE(target.value("select count(*) from pg_inherits"), before) << "maintenance knows the table";
}

}  // namespace

}  // namespace dbsync::test
