// A source whose tables are spread over segments: a server that is taken for Greenplum 7.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/pg_migration.h"
#include "tests/harness/segments.h"

namespace dbsync::test {
namespace {

class SegmentsSourceTest : public PgMigrationTest {
 protected:
  void SetUp() override {
    if (source.version() < kSegmentsSince) GTEST_SKIP() << "a stand-in for Greenplum's catalog needs PostgreSQL 13";
    take_for_segments(source);
    source.exec(
        "set allow_system_table_mods = on; create table pg_catalog.gp_segment_configuration (content int, role "
        "\"char\"); insert into pg_catalog.gp_segment_configuration values (-1, 'p'), (0, 'p'), (1, 'p'), (0, 'm'), "
        "(1, 'm'); reset allow_system_table_mods");
  }

  std::string ddl() {
    const RunResult result = run({"pgsql2pgsql", "-d", "--dialect", "greenplum7"});
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    return result.out;
  }
};

// The segment of a row is a column here.
TEST_F(SegmentsSourceTest, TablesAreCutBySegment) {
  source.exec(
      "create table t (id int primary key, gp_segment_id int, v text); insert into t select i, i % 2, repeat('x', 100) "
      "from generate_series(1, 20000) i; create table all_of_it (id int, gp_segment_id int, v text); insert into "
      "all_of_it select * from t; analyze");
  distribute(source, "t", "1");
  distribute(source, "all_of_it", "1");
  source.exec("update pg_catalog.gp_distribution_policy set policytype = 'r' where localoid = 'all_of_it'::regclass");
  const RunResult result =
      run({"pgsql2pgsql", "--create", "--full-only", "-j", "2", "--chunk-size", "64kB", "--report", "report.json"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(rows_differ("select * from t order by id"), "");
  EXPECT_EQ(rows_differ("select * from all_of_it order by id"), "");
  const auto report = nlohmann::json::parse(dir.read_file("report.json"));
  for (const auto& table : report.at("tables"))
    EXPECT_EQ(table.at("chunks"), table.at("table") == "public.t" ? 2 : 1) << table.dump();
}

TEST_F(SegmentsSourceTest, DistributionAndStorageAreKept) {
  source.exec(
      "create access method ao_column type table handler heap_tableam_handler; create table c (id int, v text) using "
      "ao_column; create table h (id int primary key, v text) with (fillfactor = 70); create table everywhere (id "
      "int); "
      "create table anywhere (id int primary key); create index part on h (v) where id > 7");
  for (const char* table : {"c", "h", "everywhere"}) distribute(source, table, table[0] == 'c' ? "2" : "1");
  distribute(source, "anywhere", "");
  source.exec("update pg_catalog.gp_distribution_policy set policytype = 'r' where localoid = 'everywhere'::regclass");
  const std::string text = ddl();
  for (const char* part :
       {"CREATE TABLE \"public\".\"c\" (\n    \"id\" integer,\n    \"v\" text\n)\nWITH (appendonly=true, "
        "orientation=column)\nDISTRIBUTED BY (\"v\")",
        "WITH (appendonly=false, fillfactor=70)\nDISTRIBUTED BY (\"id\")",
        "CREATE TABLE \"public\".\"everywhere\" (\n    \"id\" integer\n)\nWITH (appendonly=false)\nDISTRIBUTED "
        "REPLICATED",
        "WITH (appendonly=false)\nDISTRIBUTED RANDOMLY",
        "CREATE INDEX \"part\" ON \"public\".\"h\" (\"v\") WHERE (id > 7)"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  dir.write_file("my.cfg", fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[distribution]\nc = id\n[greenplum]\n"
                                       "c.storage = heap\n",
                                       source.conninfo()));
  EXPECT_NE(ddl().find("WITH (appendonly=false)\nDISTRIBUTED BY (\"id\")"), std::string::npos) << "rules go before it";
}

TEST_F(SegmentsSourceTest, CleanupHasNothingToDoThere) {
  const RunResult result = run({"pgsql2pgsql", "--cleanup"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
}

}  // namespace
}  // namespace dbsync::test
