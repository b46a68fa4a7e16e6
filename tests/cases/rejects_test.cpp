// ignore_copy_error_count_each_table: rows that are bad, or that the target
// refuses, go into a file; one more than allowed and the table fails.
#include <algorithm>
#include <filesystem>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/migration.h"

namespace dbsync::test {

namespace {

namespace fs = std::filesystem;

constexpr int kTargetFailed = 4;
constexpr int kDataFailed = 5;

class RejectsTest : public MigrationTest, public ::testing::WithParamInterface<const char*> {
 protected:
  RejectsTest() { configure("ignore_copy_error_count_each_table = \"3\"\n"); }

  RunResult copy(std::vector<std::string> args) {
    args.insert(args.begin(), "mysql2pgsql");
    args.insert(args.end(), {"--copy-format", GetParam()});
    return run(args);
  }

  bool has_rejects(const std::string& table) const { return fs::exists(dir.path() / "rejects" / (table + ".jsonl")); }

  std::vector<nlohmann::json> rejects(const std::string& table) const {
    std::vector<nlohmann::json> out;
    if (!has_rejects(table)) return out;
    std::istringstream lines(dir.read_file("rejects/" + table + ".jsonl"));
    for (std::string line; std::getline(lines, line);) out.push_back(nlohmann::json::parse(line));
    return out;
  }

  static std::string text(const nlohmann::json& line, const char* field) {
    return line.contains(field) ? line.at(field).get<std::string>() : "";
  }

  std::string ids(const std::string& table) {
    return target.value(fmt::format("select string_agg(id::text, ',' order by id) from {}", table));
  }
};

TEST_P(RejectsTest, NulBytesAreSetAsideWithKeyColumnAndReason) {
  source.exec(
      "create table notes (id int, part varchar(9), body text, raw blob, primary key (id, part));"
      "insert into notes values (1, 'a', 'fine', null), (2, 'it''s \"b\"', concat('x', char(0), 'y'), x'00ff'), "
      "(3, 'c', null, ''), (4, 'd', char(0), null)");
  const RunResult result = copy({"--create", "--report", "report.json"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(ids("notes"), "1,3");
  EXPECT_NE(result.err.find("notes: 2 rows set aside"), std::string::npos) << result.err;
  const auto lines = rejects("public.notes");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].at("table"), "public.notes");
  EXPECT_EQ(lines[0].at("row"), 2);
  EXPECT_EQ(text(lines[0], "column"), "body");
  EXPECT_NE(text(lines[0], "reason").find("NUL"), std::string::npos) << lines[0];
  EXPECT_EQ(lines[0].at("key").at("id"), "2");
  EXPECT_EQ(lines[0].at("key").at("part"), "it's \"b\"");
  EXPECT_EQ(lines[0].at("values").at("raw"), "\\x00ff");
  EXPECT_EQ(lines[1].at("row"), 4);
  EXPECT_TRUE(lines[1].at("values").at("raw").is_null());
  const auto report = nlohmann::json::parse(dir.read_file("report.json"));
  EXPECT_EQ(report.at("rejected"), 2);
  EXPECT_EQ(report.at("rows"), 2);
}

TEST_P(RejectsTest, RowsThatTheTargetRefusesAreSetAside) {
  source.exec(
      "create table ck (id int primary key, n int); insert into ck values (1, 5), (2, -5), (3, 6);"
      "create table len (id int primary key, v varchar(9)); insert into len values (1, 'abc'), (2, 'abcd'), (3, null);"
      "create table nn (id int primary key, v int); insert into nn values (1, 1), (2, null), (3, 3);"
      "create table un (id int primary key, v int); insert into un values (1, 1), (2, 1), (3, 3);"
      "create table tr (id int primary key); insert into tr values (1), (2), (3)");
  target.exec(
      "create table ck (id int primary key, n int check (n > 0));"
      "create table len (id int primary key, v varchar(3));"
      "create table nn (id int primary key, v int not null);"
      "create table un (id int primary key, v int unique);"
      "create table tr (id int primary key);"
      "create function no_two(id int) returns boolean language plpgsql as "
      "$$begin if id = 2 then raise exception 'no two'; end if; return true; end$$;"
      "alter table tr add check (no_two(id))");
  const RunResult result = copy({});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  struct Expected {
    const char* table;
    const char* sqlstate;
  };
  for (const auto& [table, sqlstate] : {Expected{"ck", "23514"}, Expected{"len", "22001"}, Expected{"nn", "23502"},
                                        Expected{"un", "23505"}, Expected{"tr", "P0001"}}) {
    EXPECT_EQ(ids(table), "1,3") << table;
    const auto lines = rejects(fmt::format("public.{}", table));
    ASSERT_EQ(lines.size(), 1u) << table;
    EXPECT_EQ(lines[0].at("key").at("id"), "2") << lines[0];
    EXPECT_EQ(lines[0].at("row"), 2) << lines[0];
    EXPECT_EQ(text(lines[0], "sqlstate"), sqlstate) << lines[0];
    EXPECT_FALSE(text(lines[0], "reason").empty()) << lines[0];
  }
  EXPECT_EQ(text(rejects("public.nn")[0], "column"), "v");
  // The server names it in the context of its message only.
  EXPECT_EQ(text(rejects("public.len")[0], "column"), "v");
}

TEST_P(RejectsTest, OneRowTooManyFailsTheTableAndLeavesNothing) {
  source.exec(
      "create table bad (id int primary key, body text);"
      "insert into bad values (1, 'x'), (2, char(0)), (3, char(0)), (4, char(0)), (5, char(0)), (6, 'x');"
      "create table three (id int primary key, body text);"
      "insert into three values (1, 'x'), (2, char(0)), (3, char(0)), (4, char(0)), (5, 'y')");
  const RunResult result = copy({"--create"});
  EXPECT_EQ(result.exit_code, kDataFailed) << result.describe();
  EXPECT_NE(result.err.find("more than 3 rows"), std::string::npos) << result.err;
  EXPECT_EQ(target.value("select to_regclass('bad') is null"), "t");
  EXPECT_FALSE(has_rejects("public.bad"));
  EXPECT_EQ(ids("three"), "1,5");
  EXPECT_EQ(rejects("public.three").size(), 3u);
}

TEST_P(RejectsTest, OneRefusedRowTooManyFailsTheTableAndLeavesNothing) {
  source.exec(
      "create table bad (id int primary key, n int);"
      "insert into bad values (1, 1), (2, -1), (3, -1), (4, -1), (5, -1), (6, 1)");
  target.exec("create table bad (id int primary key, n int check (n > 0)); insert into bad values (100, 100)");
  const RunResult result = copy({"--append"});
  EXPECT_TRUE(result.exit_code == kDataFailed || result.exit_code == kTargetFailed) << result.describe();
  EXPECT_NE(result.err.find("more than 3 rows"), std::string::npos) << result.err;
  EXPECT_EQ(ids("bad"), "100");
  EXPECT_FALSE(has_rejects("public.bad"));
}

// Bad values and refused rows share one limit.
TEST_P(RejectsTest, BothKindsCountAgainstOneLimit) {
  source.exec(
      "create table mixed (id int primary key, n int, body text);"
      "insert into mixed values (1, 1, 'x'), (2, -1, 'x'), (3, 1, char(0)), (4, -1, 'y'), (5, 1, 'z');"
      "create table beyond (id int primary key, n int, body text);"
      "insert into beyond values (1, 1, char(0)), (2, -1, 'x'), (3, 1, char(0)), (4, -1, 'y'), (5, 1, 'z')");
  for (const char* table : {"mixed", "beyond"})
    target.exec(fmt::format("create table {} (id int primary key, n int check (n > 0), body text)", table));
  const RunResult result = copy({});
  EXPECT_NE(result.exit_code, 0) << result.describe();
  EXPECT_EQ(ids("mixed"), "1,5");
  EXPECT_EQ(rejects("public.mixed").size(), 3u);
  EXPECT_EQ(ids("beyond"), "");
  EXPECT_FALSE(has_rejects("public.beyond"));
}

TEST_P(RejectsTest, TheLimitIsPerTableAndRunsAppendToTheFile) {
  configure("ignore_copy_error_count_each_table = \"1\"\nreject_directory = \"aside\"\n");
  source.exec(
      "create table a (id int primary key, body text); insert into a values (1, char(0)), (2, 'x');"
      "create table b (id int primary key, body text); insert into b values (1, 'x'), (2, char(0))");
  ASSERT_EQ(copy({"--create", "-s", "other"}).exit_code, 0);
  const RunResult again = copy({"--truncate", "-s", "other"});
  ASSERT_EQ(again.exit_code, 0) << again.describe();
  for (const char* table : {"a", "b"}) {
    const std::string lines = dir.read_file(fmt::format("aside/other.{}.jsonl", table));
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2) << lines;
  }
}

TEST_P(RejectsTest, WithZeroTheFirstBadRowFailsTheTable) {
  configure("ignore_copy_error_count_each_table = \"0\"\n");
  source.exec("create table bad (id int primary key, body text); insert into bad values (1, 'x'), (2, char(0))");
  const RunResult result = copy({"--create"});
  EXPECT_EQ(result.exit_code, kDataFailed) << result.describe();
  EXPECT_EQ(target.value("select to_regclass('bad') is null"), "t");
  EXPECT_FALSE(has_rejects("public.bad"));
}

INSTANTIATE_TEST_SUITE_P(Format, RejectsTest, ::testing::Values("binary", "text"),
                         [](const auto& format) { return std::string(format.param); });

}  // namespace

}  // namespace dbsync::test
