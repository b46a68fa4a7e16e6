// What two PostgreSQL servers add up by themselves (verify/row_digest.h) must tell
// apart what a binary COPY tells apart, and nothing else.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/check_support.h"
#include "tests/harness/pg_migration.h"

namespace dbsync::test {
namespace {

using nlohmann::json;

constexpr char kBySums[] = "the same on both sides, by the servers' sums";

class PgVerifyDigest : public PgMigrationTest {
 protected:
  void both(const std::string& sql) {
    source.exec(sql);
    target.exec(sql);
  }
  RunResult verify(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"pgsql2pgsql", "--verify-only", "--report", "report.json"});
    return run(more);
  }
  // "same" or "different", by table.
  std::map<std::string, std::string> results() const {
    std::map<std::string, std::string> out;
    const json report = json::parse(dir.read_file("report.json"));
    for (const json& table : report.at("verification").at("tables")) out[table.at("table")] = table.at("result");
    return out;
  }
  static bool by_sums(const RunResult& result, const std::string& table) {
    return result.err.find(fmt::format("{}: 1 rows, {}", table, kBySums)) != std::string::npos;
  }
};

struct Pair {
  const char* type;
  const char* one;
  const char* other;
};

// Those that a hash function of the type itself would take for one first.
constexpr Pair kPairs[] = {
    {"bigint", "1", "4294967296"},
    {"bigint", "0", "4294967297"},
    {"numeric(10,2)", "5", "-5"},
    {"numeric(10,2)", "0", "NaN"},
    {"numeric(10,2)", "100", "1000000"},
    {"numeric", "1.0", "1.00"},
    {"numeric", "-1", "1"},
    {"float8", "0", "-0"},
    {"float8", "Infinity", "-Infinity"},
    {"float8", "NaN", "0"},
    {"float4", "0", "-0"},
    {"float4", "1.5", "1.5000001"},
    {"float8[]", "{0}", "{-0}"},
    {"interval", "1 mon", "30 days"},
    {"interval", "1 day", "24:00:00"},
    {"timestamp", "2000-01-01", "2000-01-01 01:11:34.967297"},
    {"timestamptz", "2000-01-01 00:00+00", "2000-01-01 01:11:34.967297+00"},
    {"timestamp", "infinity", "-infinity"},
    {"time", "00:00:00", "01:11:34.967297"},
    {"timetz", "10:00+00", "11:00+01"},
    {"date", "infinity", "-infinity"},
    {"date", "2000-01-01", "5874897-12-31"},
    {"date", "4713-01-01 BC", "2000-01-02"},
    {"text", "a", "a "},
    {"text", "", "a"},
    {"text COLLATE \"C\"", "A", "a"},
    {"varchar(9)", "a", "a "},
    {"char(9)", "a", "b"},
    {"char(9)", " a", "a"},
    {"\"char\"", "a", "b"},
    {"name", "a", "b"},
    {"smallint", "1", "-1"},
    {"integer", "1", "65537"},
    {"integer", "2147483647", "-2147483648"},
    {"boolean", "t", "f"},
    {"oid", "1", "4294967295"},
    {"bytea", "\\x00", "\\x0000"},
    {"bytea", "", "\\x00"},
    {"uuid", "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"},
    {"json", "{\"a\":1}", "{\"a\": 1}"},
    {"jsonb", "1.0", "1.00"},
    {"jsonb", "{\"a\": 1}", "{\"a\": \"1\"}"},
    {"inet", "10.0.0.1/8", "10.0.0.1/9"},
    {"cidr", "10.0.0.0/8", "10.0.0.0/9"},
    {"macaddr", "08:00:2b:01:02:03", "08:00:2b:01:02:04"},
    {"bit(3)", "101", "100"},
    {"varbit", "1", "10"},
    {"integer[]", "{1,NULL}", "{1}"},
    {"integer[]", "{1}", "[2:2]={1}"},
    {"text[]", "{a,b}", "{\"a,b\"}"},
    {"numrange", "[1,2]", "[1,2)"},
    {"int4range", "empty", "[1,2)"},
    {"point", "(0,0)", "(-0,0)"},
    {"tsvector", "a:1", "a:2"},
    {"pg_lsn", "0/1", "1/0"},
    {"mood", "sad", "happy"},
    {"amount", "1", "-1"},
};

TEST_F(PgVerifyDigest, TellsApartWhatDiffers) {
  if (source.version() < 110000) GTEST_SKIP() << "the sums need hash functions of 11";
  both("CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN amount AS numeric(6, 1)");
  std::string here;
  std::string there;
  int n = 0;
  for (const Pair& pair : kPairs) {
    const auto table = [&](const char* kind, const std::string& one, const std::string& other) {
      const std::string sql = fmt::format("CREATE TABLE {}{} (id int PRIMARY KEY, v {}); INSERT INTO {}{} VALUES (1, ",
                                          kind, n, pair.type, kind, n);
      here += sql + one + ");\n";
      there += sql + other + ");\n";
    };
    const std::string one = fmt::format("'{}'", pair.one);
    const std::string other = fmt::format("'{}'", pair.other);
    table("differs", one, other);
    table("none", one, "NULL");
    table("none_there", "NULL", other);
    table("same", one, one);
    ++n;
  }
  source.exec(here);
  target.exec(there);
  const RunResult result = verify();
  EXPECT_EQ(result.exit_code, 5) << result.describe();
  const auto found = results();
  for (int i = 0; i < n; ++i) {
    const std::string what = fmt::format("{} {} {}", kPairs[i].type, kPairs[i].one, kPairs[i].other);
    for (const char* kind : {"differs", "none", "none_there"})
      EXPECT_EQ(found.at(fmt::format("public.{}{}", kind, i)), "different") << what << ", " << kind;
    const std::string same = fmt::format("public.same{}", i);
    EXPECT_EQ(found.at(same), "same") << what;
    // From 17 on an interval can be infinite, so between it and an older server there is
    // no binary form to rely on.
    EXPECT_TRUE(by_sums(result, same) || std::string_view(kPairs[i].type) == "interval") << what;
  }
}

// No sum of the columns' hashes would tell these.
TEST_F(PgVerifyDigest, ValuesThatChangedPlaces) {
  both(
      "CREATE TABLE rows_of_a_column (id int PRIMARY KEY, v text, w text);"
      "CREATE TABLE columns_of_a_row (id int PRIMARY KEY, v int NOT NULL, w int NOT NULL);"
      "CREATE TABLE nulls (id int PRIMARY KEY, v int, w int);"
      "CREATE TABLE twice (v int)");
  source.exec(
      "INSERT INTO rows_of_a_column VALUES (1, 'a', 'x'), (2, 'b', 'y');"
      "INSERT INTO columns_of_a_row VALUES (1, 5, 6); INSERT INTO nulls VALUES (1, NULL, 6);"
      "INSERT INTO twice VALUES (1), (1), (2)");
  target.exec(
      "INSERT INTO rows_of_a_column VALUES (1, 'a', 'y'), (2, 'b', 'x');"
      "INSERT INTO columns_of_a_row VALUES (1, 6, 5); INSERT INTO nulls VALUES (1, 6, NULL);"
      "INSERT INTO twice VALUES (1), (2), (2)");
  const RunResult result = verify();
  EXPECT_EQ(result.exit_code, 5) << result.describe();
  for (const auto& [table, verdict] : results()) EXPECT_EQ(verdict, "different") << table;
  EXPECT_EQ(results().size(), 4U);
}

// Deep expressions, other names and orders, several parts, no rows.
TEST_F(PgVerifyDigest, TablesOfManyShapes) {
  if (source.version() < 110000) GTEST_SKIP() << "the sums need hash functions of 11";
  std::string wide = "CREATE TABLE wide (";
  for (int i = 0; i < 900; ++i) wide += fmt::format("{}c{} int{}", i > 0 ? ", " : "", i, i % 2 == 0 ? " NOT NULL" : "");
  both(wide + ")");
  source.exec("INSERT INTO wide SELECT " + [] {
    std::string out = "1";
    for (int i = 1; i < 900; ++i) out += ", " + std::to_string(i);
    return out;
  }());
  both("CREATE TABLE empty (id int)");
  source.exec(
      "CREATE TABLE \"old name\" (\"old id\" int PRIMARY KEY, s text, gone int);"
      "INSERT INTO \"old name\" SELECT i, 'x' || i, 1 FROM generate_series(1, 20000) i");
  target.exec("CREATE TABLE renamed (s text, more int, \"new \"\"id\" bigint)");
  configure(
      "[table_map]\nold name = renamed\n[column_map]\nold name.old id = \"new \"\"id\"\n"
      "[exclude_columns]\nold name = gone\n");
  source.exec(
      "CREATE TABLE parts (id int PRIMARY KEY, s text); INSERT INTO parts SELECT i, 'x' || i FROM generate_series(1, "
      "50000) i");
  target.exec("CREATE TABLE parts (s text, id int PRIMARY KEY)");
  const RunResult loaded = run({"pgsql2pgsql", "--full-only"});
  ASSERT_EQ(loaded.exit_code, 0) << loaded.describe();
  const RunResult result = verify({"--chunk-size", "64kB", "-j", "3"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  for (const char* line : {"public.wide: 1 rows, ", "public.empty: 0 rows, ", "public.parts: 50,000 rows, "})
    EXPECT_NE(result.err.find(line + std::string(kBySums)), std::string::npos) << line << result.describe();
  EXPECT_NE(result.err.find("20,000 rows, the same on both sides"), std::string::npos) << result.describe();
  target.exec("UPDATE wide SET c899 = 0");
  EXPECT_EQ(verify().exit_code, 5);
  EXPECT_EQ(results().at("public.wide"), "different");
}

// A limit is kept by reading; a sum that cannot be had is no error.
TEST_F(PgVerifyDigest, OtherwiseRowsAreRead) {
  if (source.version() < 110000) GTEST_SKIP() << "the sums need hash functions of 11";
  both("CREATE TABLE t (id int PRIMARY KEY, s text); INSERT INTO t VALUES (1, 'a')");
  const RunResult slow = verify({"--max-rate", "1000"});
  EXPECT_EQ(slow.exit_code, 0) << slow.describe();
  EXPECT_EQ(slow.err.find(kBySums), std::string::npos) << slow.describe();
  const PgRole role(target);
  target.exec("REVOKE EXECUTE ON FUNCTION hashtextextended(text, bigint) FROM PUBLIC; GRANT SELECT ON t TO " +
              role.name());
  dir.write_file("my.cfg", fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n",
                                       source.conninfo(), role.conninfo()));
  const RunResult result = verify();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.err.find("public.t: the servers cannot add it up, so its rows are read"), std::string::npos)
      << result.describe();
}

}  // namespace
}  // namespace dbsync::test
