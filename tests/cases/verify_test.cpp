// --verify and --verify-only: planted differences are found and named, equal
// sides are the same, with both programs.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/check_support.h"
#include "tests/harness/follow_fixture.h"
#include "tests/harness/migration.h"
#include "tests/harness/pg_migration.h"

namespace dbsync::test {
namespace {

using nlohmann::json;

std::vector<json> findings_in(const TestDir& dir, const std::string& file = "verify.jsonl") {
  std::vector<json> out;
  std::istringstream lines(dir.read_file(file));
  for (std::string line; std::getline(lines, line);) out.push_back(json::parse(line));
  std::sort(out.begin(), out.end(), [](const json& a, const json& b) { return a.dump() < b.dump(); });
  return out;
}

// The finding with this key, and no other one of the same key.
json with_key(const std::vector<json>& findings, const json& key) {
  json out;
  for (const json& finding : findings) {
    if (finding.value("key", json()) != key) continue;
    EXPECT_TRUE(out.is_null()) << key << " is named twice";
    out = finding;
  }
  EXPECT_FALSE(out.is_null()) << key << " is not named";
  return out;
}

void expect_change(const std::vector<json>& findings, const json& key, const std::string& column, const json& source,
                   const json& target) {
  const json finding = with_key(findings, key);
  ASSERT_TRUE(finding.is_object());
  EXPECT_EQ(finding.value("kind", ""), "different");
  EXPECT_EQ(finding.value("columns", json()), json::array({column}));
  EXPECT_EQ(finding["source"], (json{{column, source}}));
  EXPECT_EQ(finding["target"], (json{{column, target}}));
}

// What both programs' tests plant in a table of 2,000 rows that the SQL of both
// kinds of servers can make: one difference of each kind.
constexpr int kRows = 2000;

std::string hex_of(int id) {
  std::string out;
  for (const char c : fmt::format("bytes {}", id)) out += fmt::format("{:02x}", c);
  return out + "00";
}

// `before`: what stands before the digits of a binary literal.
std::string rows_sql(const std::string& before) {
  std::string out = "INSERT INTO t VALUES ";
  for (int i = 1; i <= kRows; ++i)
    out += fmt::format("{}({}, {}{}', {}, {}, 'text {}')", i > 1 ? ", " : "", i, before, hex_of(i),
                       i % 3 == 0 ? "NULL" : std::to_string(i), i % 2 == 0 ? "0.0" : "-1.5", i);
  return out;
}

constexpr char kPlanted[] =
    "UPDATE t SET b = set_byte(b, 3, get_byte(b, 3) # 16) WHERE id = 17;"
    "DELETE FROM t WHERE id = 100;"
    "INSERT INTO t VALUES (5000, '\\x00', 1, 1, 'one more');"
    "UPDATE t SET n = NULL WHERE id = 200;"
    "UPDATE t SET n = 0 WHERE id = 300;"
    "UPDATE t SET f = '-0.0' WHERE id = 400;"
    "UPDATE t SET s = s || ' ' WHERE id = 500;";

void expect_planted(const std::vector<json>& findings) {
  EXPECT_EQ(findings.size(), 7U);
  std::string changed = hex_of(17);
  changed[6] = '7';  // 0x65 with another bit
  expect_change(findings, {{"id", "17"}}, "b", "\\x" + hex_of(17), "\\x" + changed);
  EXPECT_EQ(with_key(findings, {{"id", "100"}})["kind"], "missing");
  EXPECT_EQ(with_key(findings, {{"id", "100"}})["source"]["s"], "text 100");
  EXPECT_EQ(with_key(findings, {{"id", "5000"}})["kind"], "extra");
  EXPECT_EQ(with_key(findings, {{"id", "5000"}})["target"]["s"], "one more");
  expect_change(findings, {{"id", "200"}}, "n", "200", nullptr);
  expect_change(findings, {{"id", "300"}}, "n", nullptr, "0");
  expect_change(findings, {{"id", "400"}}, "f", "0", "-0");
  expect_change(findings, {{"id", "500"}}, "s", "text 500", "text 500 ");
}

// ------------------------------------------------------------------ mysql2pgsql

class VerifyTest : public MigrationTest {
 protected:
  void load() {
    const RunResult loaded = run({"mysql2pgsql", "--create"});
    ASSERT_EQ(loaded.exit_code, 0) << loaded.describe();
  }
  RunResult verify(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"mysql2pgsql", "--verify-only"});
    return run(more);
  }
  void expect_same(const std::vector<std::string>& more = {}) {
    const RunResult result = verify(more);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_FALSE(std::filesystem::exists(dir.path() / "verify.jsonl"));
  }
  std::vector<json> expect_different(const std::vector<std::string>& more = {}) {
    const RunResult result = verify(more);
    EXPECT_EQ(result.exit_code, 5) << result.describe();
    return findings_in(dir);
  }
};

TEST_F(VerifyTest, PlantedDifferencesAreFoundAndNamed) {
  source.exec("CREATE TABLE t (id int PRIMARY KEY, b blob, n int, f double, s varchar(50)) DEFAULT CHARSET utf8mb4");
  source.exec(rows_sql("X'"));
  source.exec("CREATE TABLE other (id int PRIMARY KEY)");
  source.exec("INSERT INTO other VALUES (1), (2)");
  load();
  expect_same();
  target.exec(kPlanted);
  const RunResult result = verify({"--report", "report.json", "-j", "2"});
  EXPECT_EQ(result.exit_code, 5) << result.describe();
  expect_planted(findings_in(dir));
  EXPECT_NE(result.err.find("1 missing, 1 extra, 5 different"), std::string::npos) << result.describe();
  EXPECT_NE(result.err.find("t: different: id = \"200\": n is \"200\" on the source, NULL on the target"),
            std::string::npos)
      << result.describe();
  const json tables = report().at("verification").at("tables");
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables[0].at("result"), "same");
  EXPECT_EQ(tables[1].at("source_rows"), kRows);
  EXPECT_EQ(tables[1].at("missing"), 1);
  // Mended, and what an earlier run found does not stay in the file.
  const RunResult mended = run({"mysql2pgsql", "--truncate", "--verify"});
  EXPECT_EQ(mended.exit_code, 0) << mended.describe();
  EXPECT_TRUE(findings_in(dir).empty());
}

TEST_F(VerifyTest, ComparesAfterTheLoad) {
  source.exec("CREATE TABLE t (id int PRIMARY KEY, s text)");
  source.exec("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
  const RunResult loaded = run({"mysql2pgsql", "--create", "--verify", "--report", "report.json"});
  EXPECT_EQ(loaded.exit_code, 0) << loaded.describe();
  EXPECT_EQ(report().at("verification").at("tables").at(0).at("result"), "same");
  EXPECT_EQ(report_table("t").at("rows"), 2);
  // A trigger that changes what is loaded, and that the role may not turn off, is what
  // only a comparison finds.
  const PgRole role(target);
  target.exec(fmt::format("GRANT INSERT, SELECT, TRUNCATE ON t TO {}; DROP SCHEMA dbsync CASCADE", role.name()));
  configure_target(*this, role.conninfo());
  target.exec(
      "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS "
      "$$BEGIN NEW.s = upper(NEW.s); RETURN NEW; END$$;"
      "CREATE TRIGGER shout BEFORE INSERT ON t FOR EACH ROW EXECUTE PROCEDURE shout()");
  const RunResult again = run({"mysql2pgsql", "--truncate", "--verify", "--verify-report", "found.jsonl"});
  EXPECT_EQ(again.exit_code, 5) << again.describe();
  const auto findings = findings_in(dir, "found.jsonl");
  EXPECT_EQ(findings.size(), 2U);
  expect_change(findings, {{"id", "2"}}, "s", "b", "B");
}

TEST_F(VerifyTest, KeysOfSeveralColumnsAndOfText) {
  source.exec("CREATE TABLE pair (a int, b varchar(20), v int, PRIMARY KEY (b, a)) DEFAULT CHARSET utf8mb4");
  source.exec("INSERT INTO pair VALUES (1, 'x', 1), (2, 'x', 2), (1, 'y', 3), (2, 'Ä', 4)");
  source.exec(
      "CREATE TABLE word (w varchar(20) NOT NULL, v int, UNIQUE (w)) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_bin");
  source.exec("INSERT INTO word VALUES ('a', 1), ('A', 2), ('ä', 3), ('z', 4)");
  load();
  expect_same();
  target.exec(
      "UPDATE pair SET v = 5 WHERE b = 'Ä'; UPDATE pair SET b = 'z' WHERE b = 'y'; UPDATE word SET v = 5 WHERE w = "
      "'A'");
  const auto findings = expect_different();
  EXPECT_EQ(findings.size(), 4U);
  expect_change(findings, {{"a", "2"}, {"b", "Ä"}}, "v", "4", "5");
  EXPECT_EQ(with_key(findings, {{"a", "1"}, {"b", "y"}})["kind"], "missing");
  EXPECT_EQ(with_key(findings, {{"a", "1"}, {"b", "z"}})["kind"], "extra");
  expect_change(findings, {{"w", "A"}}, "v", "2", "5");
}

TEST_F(VerifyTest, TablesWithoutAKeyAreComparedRowByRow) {
  source.exec("CREATE TABLE t (a int, s varchar(10))");
  source.exec("INSERT INTO t VALUES (1, 'a'), (1, 'a'), (1, 'a'), (2, NULL)");
  load();
  expect_same();
  target.exec("DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE a = 1 LIMIT 2); INSERT INTO t VALUES (2, '')");
  const auto findings = expect_different();
  ASSERT_EQ(findings.size(), 2U);
  const bool extra_first = findings[0]["kind"] == "extra";
  const json& extra = findings[extra_first ? 0 : 1];
  const json& missing = findings[extra_first ? 1 : 0];
  EXPECT_EQ(extra["target"], (json{{"a", "2"}, {"s", ""}}));
  EXPECT_EQ(missing["rows"], 2);
  EXPECT_EQ(missing["source"], (json{{"a", "1"}, {"s", "a"}}));
}

TEST_F(VerifyTest, LinesThatFeedOneTableAreComparedTogether) {
  source.exec("CREATE TABLE north (id int PRIMARY KEY, s text, n int)");
  source.exec("CREATE TABLE south (id int PRIMARY KEY, s text, n int)");
  source.exec("INSERT INTO north VALUES (1, 'a', 1), (2, 'b', 2)");
  source.exec("INSERT INTO south VALUES (11, 'c', 3), (12, 'd', 4)");
  target.exec("CREATE TABLE total (id int PRIMARY KEY, s text, n int DEFAULT 0)");
  table_list("total : select id, s, n from north\ntotal : select s, id from south where id > 11\n");
  ASSERT_EQ(run({"mysql2pgsql", "-l", "tab_list.txt"}).exit_code, 0);
  const RunResult same = verify({"-l", "tab_list.txt"});
  EXPECT_EQ(same.exit_code, 0) << same.describe();
  EXPECT_NE(same.err.find("have them: n"), std::string::npos) << same.describe();
  target.exec("UPDATE total SET s = 'x' WHERE id = 12; INSERT INTO total VALUES (11, 'c', 3)");
  const auto findings = expect_different({"-l", "tab_list.txt"});
  EXPECT_EQ(findings.size(), 2U);
  expect_change(findings, {{"id", "12"}}, "s", "d", "x");
  EXPECT_EQ(with_key(findings, {{"id", "11"}})["kind"], "extra");
}

TEST_F(VerifyTest, PartitionedTables) {
  source.exec(
      "CREATE TABLE t (id int PRIMARY KEY, v int) PARTITION BY RANGE (id) "
      "(PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (100), PARTITION p2 VALUES LESS THAN "
      "MAXVALUE)");
  source.exec("INSERT INTO t VALUES (1, 1), (20, 2), (300, 3)");
  load();
  expect_same();
  target.exec("UPDATE t SET v = 4 WHERE id = 20");
  const auto findings = expect_different();
  EXPECT_EQ(findings.size(), 1U);
  expect_change(findings, {{"id", "20"}}, "v", "2", "4");
}

// Chunks of both sides, cut in different ways.
TEST_F(VerifyTest, OneBitInALargeTableIsNamed) {
  constexpr int kMany = 60000;
  source.exec(
      "CREATE TABLE t (id bigint PRIMARY KEY, b varbinary(100) NOT NULL, d decimal(12,2), c char(10)) DEFAULT CHARSET "
      "utf8mb4");
  for (int from = 0; from < kMany; from += 10000) {
    std::string sql = "INSERT INTO t VALUES ";
    for (int i = from; i < from + 10000; ++i)
      sql += fmt::format("{}({}, X'{:0100}', {}.5, 'c{}')", i > from ? ", " : "", i * 3, i, i, i % 100);
    source.exec(sql);
  }
  source.exec("ANALYZE TABLE t");
  load();
  expect_same({"--chunk-size", "512kB", "-j", "3"});
  target.exec("UPDATE t SET b = set_byte(b, 40, get_byte(b, 40) # 1) WHERE id = 99999");
  const auto findings = expect_different({"--chunk-size", "512kB", "-j", "3"});
  EXPECT_EQ(findings.size(), 1U);
  EXPECT_EQ(with_key(findings, {{"id", "99999"}})["columns"], json::array({"b"}));
}

// Types whose binary form the target decides: through its own input.
TEST_F(VerifyTest, ValuesThatOnlyTheTargetCanWrite) {
  if (source.version().starts_with("5.6")) GTEST_SKIP() << "MySQL 5.6 has no json";
  source.exec("CREATE TABLE t (id int PRIMARY KEY, j json, d decimal(10,2), k decimal(8,3))");
  source.exec("INSERT INTO t VALUES (1, '{\"b\" : 1.25, \"a\": [true ,null]}', 12.34, 1), (2, NULL, 1, 0.5)");
  target.exec("CREATE TABLE t (id int PRIMARY KEY, j jsonb, d money, k numeric)");
  // Binary on their own, each in a form that is not the source's.
  source.exec("CREATE TABLE doc (id int PRIMARY KEY, j json)");
  source.exec("INSERT INTO doc VALUES (1, '{\"b\":1, \"a\":2}')");
  target.exec("CREATE TABLE doc (id int PRIMARY KEY, j jsonb)");
  source.exec("CREATE TABLE padded (id int PRIMARY KEY, c char(5), d decimal(6,1), i int)");
  source.exec("INSERT INTO padded VALUES (1, 'ab', 1.5, 7)");
  target.exec("CREATE TABLE padded (id int PRIMARY KEY, c char(9), d numeric(9,3), i numeric(12,2))");
  const RunResult loaded = run({"mysql2pgsql"});
  ASSERT_EQ(loaded.exit_code, 0) << loaded.describe();
  expect_same();
  target.exec("UPDATE t SET j = '{\"a\": [true, null], \"b\": 1.5}' WHERE id = 1");
  const auto findings = expect_different();
  EXPECT_EQ(findings.size(), 1U);
  expect_change(findings, {{"id", "1"}}, "j", "{\"a\": [true, null], \"b\": 1.25}",
                "{\"a\": [true, null], \"b\": 1.5}");
}

TEST_F(VerifyTest, TablesThatCannotBeCompared) {
  source.exec("CREATE TABLE t (id int PRIMARY KEY)");
  source.exec("CREATE TABLE u (id int PRIMARY KEY)");
  target.exec("CREATE TABLE u (id int PRIMARY KEY)");
  const RunResult result = verify();
  EXPECT_EQ(result.exit_code, 4) << result.describe();
  EXPECT_NE(result.err.find("the target has no table public.t"), std::string::npos) << result.describe();
  EXPECT_NE(result.err.find("NOT COMPARED"), std::string::npos) << result.describe();
}

TEST_F(VerifyTest, RowsThatWereSetAsideAreMissing) {
  configure("ignore_copy_error_count_each_table = \"10\"\n");
  source.exec("CREATE TABLE t (id int PRIMARY KEY, n int)");
  source.exec("INSERT INTO t VALUES (1, 1), (2, 70000)");
  target.exec("CREATE TABLE t (id int PRIMARY KEY, n smallint)");
  const RunResult result = run({"mysql2pgsql", "--verify"});
  EXPECT_EQ(result.exit_code, 5) << result.describe();
  EXPECT_NE(result.err.find("1 that the target cannot hold"), std::string::npos) << result.describe();
  EXPECT_NE(result.err.find("1 of its rows were set aside"), std::string::npos) << result.describe();
}

TEST_F(VerifyTest, ALostConnectionIsReplacedOnTheSameSnapshot) {
  configure("[copy]\nretry_interval = \"1\"\n");
  source.exec("CREATE TABLE t (id int PRIMARY KEY)");
  source.exec("INSERT INTO t VALUES (1), (2)");
  load();
  PgSession blocker(target.conninfo());
  blocker.run("BEGIN; LOCK TABLE t");
  Program program({"mysql2pgsql", "--verify-only"}, here());
  EXPECT_TRUE(eventually([&] {
    return target.value(
               "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() "
               "AND application_name = 'mysql2pgsql' AND wait_event_type = 'Lock'") == "1";
  })) << program.err_so_far();
  blocker.run("ROLLBACK");
  const RunResult result = program.wait();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.err.find("try 1 of 5"), std::string::npos) << result.describe();
}

TEST_F(VerifyTest, ASignalStopsIt) {
  source.exec("CREATE TABLE t (id int PRIMARY KEY)");
  source.exec("INSERT INTO t VALUES (1), (2)");
  load();
  Program program({"mysql2pgsql", "--verify-only", "--max-rate", "1"}, here());
  ASSERT_TRUE(eventually([&] { return program.err_so_far().find("snapshot: ") != std::string::npos; }));
  program.signal(SIGINT);
  const RunResult result = program.wait();
  EXPECT_EQ(result.exit_code, 130) << result.describe();
  EXPECT_NE(result.err.find("interrupted"), std::string::npos) << result.describe();
}

// ------------------------------------------------------------------ pgsql2pgsql

class PgVerifyTest : public PgMigrationTest {
 protected:
  // Without --create: the machine's pg_dump may be older than the servers.
  void both(const std::string& sql) {
    source.exec(sql);
    target.exec(sql);
  }
  void load(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"pgsql2pgsql", "--full-only"});
    const RunResult loaded = run(more);
    ASSERT_EQ(loaded.exit_code, 0) << loaded.describe();
  }
  void expect_same(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"pgsql2pgsql", "--verify-only"});
    const RunResult result = run(more);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
  }
  std::vector<json> expect_different(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"pgsql2pgsql", "--verify-only"});
    const RunResult result = run(more);
    EXPECT_EQ(result.exit_code, 5) << result.describe();
    return findings_in(dir);
  }
};

TEST_F(PgVerifyTest, PlantedDifferencesAreFoundAndNamed) {
  both("CREATE TABLE t (id int PRIMARY KEY, b bytea, n int, f float8, s text)");
  source.exec(rows_sql("'\\x"));
  load({"--verify"});
  expect_same();
  target.exec(kPlanted);
  expect_planted(expect_different());
}

// Types of users travel as text, and are compared through the target's own.
TEST_F(PgVerifyTest, TypesOfUsersAndTablesWithoutKeys) {
  both(
      "CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TYPE pair AS (a int, b text);"
      "CREATE DOMAIN positive AS numeric(10, 2) CHECK (VALUE > 0);"
      "CREATE TABLE t (m mood, ms mood[], p pair, d positive, j jsonb, c char(5), x xml, r int4range, i interval, f "
      "float4)");
  source.exec(
      "INSERT INTO t SELECT 'sad', '{sad,happy}', ROW(1, 'a,\"b')::pair, 1.5, '{\"a\": 1.0}', 'ab', '<a/>', '[1,5)', "
      "'1 mon 2 days', 0.1 FROM generate_series(1, 3)");
  load();
  expect_same();
  target.exec("UPDATE t SET p = ROW(1, 'a') WHERE ctid = (SELECT min(ctid::text)::tid FROM t)");
  const auto findings = expect_different();
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0]["kind"], "extra");
  EXPECT_EQ(findings[0]["target"]["p"], "(1,a)");
  EXPECT_EQ(findings[1]["source"]["p"], "(1,\"a,\"\"b\")");
}

TEST_F(PgVerifyTest, OtherTypesOrderAndScaleOnTheTarget) {
  source.exec(
      "CREATE TABLE t (id int PRIMARY KEY, n numeric, c char(3), v varchar(9), b bigint);"
      "INSERT INTO t VALUES (1, 1.5, 'a', 'x', 7), (2, 100, 'b', 'y ', 8)");
  target.exec("CREATE TABLE t (v text, c char(9), n numeric(20, 4), b int, id bigint PRIMARY KEY, more int)");
  source.exec("CREATE TABLE u (id int PRIMARY KEY, n numeric, c char(3)); INSERT INTO u VALUES (1, 1.5, 'a')");
  target.exec("CREATE TABLE u (id int PRIMARY KEY, n numeric(20, 4), c char(9))");
  ASSERT_EQ(run({"pgsql2pgsql", "--full-only"}).exit_code, 0);
  expect_same();
  target.exec("UPDATE t SET n = 1.5001 WHERE id = 1");
  const auto findings = expect_different();
  EXPECT_EQ(findings.size(), 1U);
  EXPECT_EQ(with_key(findings, {{"id", "1"}})["columns"], json::array({"n"}));
}

TEST_F(PgVerifyTest, PartitionTreesOfAnotherKindAndOtherSchemas) {
  if (source.version() < 110000) GTEST_SKIP() << "keys of partitioned tables came with 11";
  source.exec(
      "CREATE SCHEMA a; CREATE TABLE a.t (id int PRIMARY KEY, v int) PARTITION BY RANGE (id);"
      "CREATE TABLE a.t1 PARTITION OF a.t FOR VALUES FROM (0) TO (100);"
      "CREATE TABLE a.t2 (v int, id int NOT NULL); ALTER TABLE a.t ATTACH PARTITION a.t2 FOR VALUES FROM (100) TO "
      "(1000);"
      "INSERT INTO a.t SELECT i, i FROM generate_series(1, 500) i");
  configure("[schema_map]\na = b\n");
  target.exec(
      "CREATE SCHEMA b; CREATE TABLE b.t (id int PRIMARY KEY, v int) PARTITION BY HASH (id);"
      "CREATE TABLE b.h0 PARTITION OF b.t FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
      "CREATE TABLE b.h1 PARTITION OF b.t FOR VALUES WITH (MODULUS 2, REMAINDER 1)");
  const RunResult loaded = run({"pgsql2pgsql", "--full-only", "--verify"});
  ASSERT_EQ(loaded.exit_code, 0) << loaded.describe();
  target.exec("DELETE FROM b.t WHERE id = 250");
  const auto findings = expect_different();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0]["table"], "b.t");
  EXPECT_EQ(with_key(findings, {{"id", "250"}})["kind"], "missing");
}

TEST_F(PgVerifyTest, QueriesAndChosenTables) {
  source.exec(
      "CREATE TABLE t (id int PRIMARY KEY, s text); INSERT INTO t SELECT i, 'x' || i FROM generate_series(1, 20) i;"
      "CREATE TABLE u (id int)");
  target.exec(
      "CREATE TABLE t (id int PRIMARY KEY, s text); INSERT INTO t SELECT i, 'x' || i FROM generate_series(1, 10) i");
  table_list("t : select s, id from t where id <= 10\n");
  expect_same({"-l", "tab_list.txt"});
  const auto findings = expect_different({"--include", "t"});
  EXPECT_EQ(findings.size(), 10U);
  EXPECT_EQ(with_key(findings, {{"id", "11"}})["kind"], "missing");
}

// ------------------------------------------------------------- while following

class FollowVerifyTest : public FollowTest {
 protected:
  RunResult verify() { return run_program({"pgsql2pgsql", "--verify-only", "-j", "2"}, here()); }
};

// Rows change all the time; none of it is a difference, what is planted is.
TEST_F(FollowVerifyTest, ChangesOnTheirWayAreNoDifferences) {
  both("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT i, 0 FROM generate_series(1, 2000) i");
  begin();
  Program follower({"pgsql2pgsql", "--follow-only"}, here());
  std::jthread writer([this](const std::stop_token& stop) {
    PgSession session(source.conninfo());
    for (int i = 0; !stop.stop_requested(); ++i)
      session.run(fmt::format("UPDATE t SET v = v + 1 WHERE id <= 3 OR id = {}", i % 1000));
  });
  ASSERT_TRUE(eventually([this] { return target.value("SELECT v FROM t WHERE id = 1") != "0"; }))
      << follower.err_so_far();
  const RunResult busy = verify();
  EXPECT_EQ(busy.exit_code, 0) << busy.describe() << follower.err_so_far();
  target.exec("UPDATE t SET v = -1 WHERE id = 1999");
  const RunResult planted = verify();
  EXPECT_EQ(planted.exit_code, 5) << planted.describe();
  const auto findings = findings_in(dir);
  EXPECT_EQ(findings.size(), 1U) << planted.describe();
  expect_change(findings, {{"id", "1999"}}, "v", "0", "-1");
}

}  // namespace
}  // namespace dbsync::test
