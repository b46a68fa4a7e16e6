// --report: the run's result as JSON, for whoever checks a migration by script.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/migration.h"

namespace dbsync::test {

namespace {

class ReportTest : public MigrationTest {
 protected:
  static nlohmann::json table(const nlohmann::json& report, const std::string& name) {
    for (const auto& entry : report.at("tables"))
      if (entry.at("table") == name) return entry;
    ADD_FAILURE() << "the report has no table " << name;
    return {};
  }
};

TEST_F(ReportTest, TotalsAreTheSumOfTheTables) {
  source.exec(
      "create table a (id int); insert into a values (1), (2), (3);"
      "create table b (id int); insert into b values (1), (2);"
      "create table c (id int)");
  const RunResult result = run({"mysql2pgsql", "--create", "--report", "report.json"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  const auto json = report();
  EXPECT_EQ(json.at("exit_status"), 0);
  EXPECT_EQ(json.at("rows"), 5);
  EXPECT_EQ(json.at("failed"), 0);
  EXPECT_EQ(json.at("tables").size(), 3u);
  EXPECT_EQ(table(json, "a").at("rows"), 3);
  EXPECT_EQ(table(json, "b").at("status"), "done");
  EXPECT_EQ(table(json, "c").at("rows"), 0);
  EXPECT_TRUE(result.out.empty()) << "stdout carries only what was asked for: " << result.out;
}

TEST_F(ReportTest, TheStatusHasTheStepsBehindTheRows) {
  source.exec("create table a (id int primary key, v int, key (v)); insert into a values (1, 1)");
  target.exec(
      "create function refuse() returns event_trigger language plpgsql as $$ begin raise exception 'no'; end $$;"
      "create event trigger refuse on ddl_command_start when tag in ('CREATE INDEX') execute function refuse()");
  const RunResult result = run({"mysql2pgsql", "--create", "--report", "report.json"});
  EXPECT_EQ(result.exit_code, 4) << result.describe();
  const auto status = nlohmann::json::parse(run({"mysql2pgsql", "--status", "--json"}).out);
  EXPECT_EQ(status.at("steps"), report().at("steps"));
  EXPECT_EQ(status.at("steps").at("index").at("failed"), 1);
  const std::string text = run({"mysql2pgsql", "--status"}).out;
  EXPECT_NE(text.find("after rows    1 index ("), std::string::npos) << text;
  EXPECT_NE(text.find(" s, 1 FAILED)"), std::string::npos) << text;
}

// Tables that an earlier version made lack columns until the next copy adds them.
TEST_F(ReportTest, TheStatusOfAnEarlierVersionIsRead) {
  source.exec("create table a (id int primary key); insert into a values (1)");
  ASSERT_EQ(run({"mysql2pgsql", "--create"}).exit_code, 0);
  target.exec("alter table dbsync.db_sync_status drop column steps, drop column retained_wal, drop column wal_status");
  RunResult status = run({"mysql2pgsql", "--status"});
  EXPECT_EQ(status.exit_code, 0) << status.describe();
  EXPECT_NE(status.out.find("state         done"), std::string::npos) << status.out;
  ASSERT_EQ(run({"mysql2pgsql", "--restart"}).exit_code, 0);
  status = run({"mysql2pgsql", "--status"});
  EXPECT_NE(status.out.find("after rows"), std::string::npos) << status.out;
  // rds_dbsync's own.
  target.exec(
      "drop table dbsync.db_sync_status; create table dbsync.db_sync_status (id bigserial primary key, full_s_start "
      "timestamp, full_s_end timestamp, decoder_start timestamp, apply_id bigint)");
  EXPECT_EQ(run({"mysql2pgsql", "--status"}).exit_code, 0) << last_run_report();
}

TEST_F(ReportTest, FailuresStandInItWithTheirCode) {
  source.exec("create table good (id int); insert into good values (1); create table bad (id int)");
  target.exec("create table good (id int)");
  const RunResult result = run({"mysql2pgsql", "--report", "report.json"});
  EXPECT_EQ(result.exit_code, 4) << result.describe();
  const auto json = report();
  EXPECT_EQ(json.at("exit_status"), 4);
  EXPECT_EQ(json.at("rows"), 1);
  EXPECT_EQ(json.at("failed"), 1);
  EXPECT_EQ(table(json, "bad").at("status"), "failed");
  EXPECT_EQ(table(json, "bad").at("error").at("sqlstate"), "42P01");
  EXPECT_EQ(table(json, "good").at("status"), "done");
}

}  // namespace

}  // namespace dbsync::test
