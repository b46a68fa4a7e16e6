// A comparison needs the right to read and no other; rules of my.cfg that are for nothing
// are warned of; the status names the target without the details of its connection.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/check_support.h"
#include "tests/harness/migration.h"
#include "tests/harness/pg_migration.h"

namespace dbsync::test {

namespace {

constexpr int kDiffers = 5;

void grant_reading(TargetDb& db, const PgRole& role, bool temporary) {
  db.exec(
      fmt::format("revoke create on schema public from public; grant usage on schema public to {0}; "
                  "grant select on all tables in schema public to {0}",
                  role.name()));
  if (!temporary) db.exec(fmt::format("revoke temporary on database {} from public", db.name()));
}

class ReadRights : public MigrationTest {};

TEST_F(ReadRights, AreEnoughForAComparisonWithMysql) {
  source.exec(
      "create table t (id int primary key, v varchar(10), j longtext, d decimal(10,2)); insert into t values (1, 'a', "
      "'{\"a\": 1}', 1.5), (2, 'b', null, null)");
  configure("[types]\nt.j = jsonb\n");
  ASSERT_EQ(run({"mysql2pgsql", "--create"}).exit_code, 0) << last_run_report();
  target.exec("drop schema if exists dbsync cascade");
  const PgRole role(target);
  grant_reading(target, role, true);
  const MysqlUser user(source, fmt::format("grant select on {}.*", source.name()));
  dir.write_file("my.cfg", my_cfg(mysql_section(user.access(), source.name()) + "consistency = \"none\"\n",
                                  role.conninfo(), "[types]\nt.j = jsonb\n"));
  const std::string before = everything_in(target);
  const RunResult same = run({"mysql2pgsql", "--verify-only"});
  EXPECT_EQ(same.exit_code, 0) << same.describe();
  for (const char* word : {"cannot be resumed", "GRANT", "INSERT"})
    EXPECT_EQ(same.err.find(word), std::string::npos) << same.describe();
  EXPECT_EQ(everything_in(target), before);
  target.exec("update t set v = 'c' where id = 2");
  EXPECT_EQ(run({"mysql2pgsql", "--verify-only"}).exit_code, kDiffers) << last_run_report();
}

class PgReadRights : public PgMigrationTest {};

TEST_F(PgReadRights, AreEnoughForAComparison) {
  for (TargetDb* db : {&source, &target})
    db->exec(
        "create table t (id int primary key, v varchar(10), j jsonb, d numeric); insert into t values (1, 'a', "
        "'{\"a\": 1}', 1.5), (2, 'b', null, null)");
  const PgRole reader(source);
  const PgRole role(target);
  grant_reading(source, reader, false);
  grant_reading(target, role, false);
  dir.write_file("my.cfg", fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n",
                                       reader.conninfo(), role.conninfo()));
  const std::string before = everything_in(target);
  const RunResult same = run({"pgsql2pgsql", "--verify-only"});
  EXPECT_EQ(same.exit_code, 0) << same.describe();
  for (const char* word : {"cannot be resumed", "GRANT", "INSERT"})
    EXPECT_EQ(same.err.find(word), std::string::npos) << same.describe();
  EXPECT_EQ(everything_in(target), before);
  target.exec("update t set v = 'c' where id = 2");
  EXPECT_EQ(run({"pgsql2pgsql", "--verify-only"}).exit_code, kDiffers) << last_run_report();
}

// A name that is spelled wrong has no effect otherwise.
TEST_F(ReadRights, RulesForNothingAreWarnedOf) {
  source.exec("create table orders (id int primary key, v int)");
  configure(
      "[types]\nordres.v = bigint\n[table_map]\nordres = o\n[column_map]\nordres.v = w\norders.vv = "
      "w\n[exclude_columns]\nordres = v\n"
      "[origin_column]\nordres = origin\n[distribution]\nordres = id\n");
  for (const std::vector<std::string>& args : {std::vector<std::string>{"mysql2pgsql", "-d"},
                                               {"mysql2pgsql", "--check", "--create"},
                                               {"mysql2pgsql", "--create"}}) {
    const RunResult result = run(args);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    for (const char* section : {"[types]", "[table_map]", "[exclude_columns]", "[origin_column]", "[distribution]"})
      EXPECT_TRUE(has_line(result.err, {"WARN", section, "ordres", "did you mean"})) << section << "\n"
                                                                                     << result.describe();
    EXPECT_TRUE(has_line(result.err, {"WARN", "[column_map]", "ordres.v"})) << result.describe();
    EXPECT_TRUE(has_line(result.err, {"WARN", "[column_map]", "orders.vv"})) << result.describe();
  }
}

TEST_F(PgReadRights, RulesForNothingAreWarnedOf) {
  source.exec("create schema sales; create table sales.orders (id int primary key, v int)");
  configure(
      "[schema_map]\nsale = s\n[table_map]\nordres = o\n[column_map]\nordres.v = w\n[exclude_columns]\nordres = "
      "v\n[origin_column]\nordres = origin\n"
      "[distribution]\nordres = id\n");
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"pgsql2pgsql", "-d"}, {"pgsql2pgsql", "--full-only", "--create"}}) {
    const RunResult result = run(args);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    for (const char* section :
         {"[table_map]", "[column_map]", "[exclude_columns]", "[origin_column]", "[distribution]"})
      EXPECT_TRUE(has_line(result.err, {"WARN", section, "ordres"})) << section << "\n" << result.describe();
    EXPECT_TRUE(has_line(result.err, {"WARN", "[schema_map]", "sale", "did you mean sales"})) << result.describe();
  }
}

// Options, passwords and process numbers are nobody's business who reads the status.
TEST_F(ReadRights, StatusNamesTheTargetByItsAddress) {
  source.exec("create table t (id int primary key)");
  dir.write_file("my.cfg", my_cfg(mysql_section(Servers::instance().mysql(), source.name()),
                                  target.conninfo() +
                                      " application_name=secret_name options='-c work_mem=8MB' password=secret_word"));
  EXPECT_EQ(run({"mysql2pgsql", "--create"}).exit_code, 0) << last_run_report();
  const std::string destination = target.value("select destination from dbsync.db_sync_status");
  EXPECT_TRUE(destination.ends_with("/" + target.name())) << destination;
  for (const char* word : {"secret", "work_mem", "backend", "target", " "})
    EXPECT_EQ(destination.find(word), std::string::npos) << destination;
}

TEST_F(PgReadRights, StatusNamesTheTargetByItsAddress) {
  source.exec("create table t (id int primary key)");
  dir.write_file(
      "my.cfg",
      fmt::format(
          "[src.pgsql]\nconnect_string = \"{} application_name=secret_name\"\n[desc.pgsql]\n"
          "connect_string = \"{} application_name=secret_name options='-c work_mem=8MB' password=secret_word\"\n",
          source.conninfo(), target.conninfo()));
  EXPECT_EQ(run({"pgsql2pgsql", "--full-only", "--create"}).exit_code, 0) << last_run_report();
  for (const char* column : {"source", "destination"}) {
    const std::string endpoint = target.value(fmt::format("select {} from dbsync.db_sync_status", column));
    EXPECT_TRUE(endpoint.ends_with("/" + (std::string(column) == "source" ? source : target).name())) << endpoint;
    for (const char* word : {"secret", "work_mem", "backend", " "})
      EXPECT_EQ(endpoint.find(word), std::string::npos) << endpoint;
  }
}

}  // namespace

}  // namespace dbsync::test
