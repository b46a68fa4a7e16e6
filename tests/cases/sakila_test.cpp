// The Sakila sample database: every table, column and value, compared with SQL
// that owes nothing to the program. The database is third-party data and not
// part of the project; without it these tests are skipped.
#include <filesystem>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>  // fmt::join from fmt 10 on
#include <gtest/gtest.h>

#include "tests/harness/environment.h"
#include "tests/harness/kill_load.h"
#include "tests/harness/migration.h"

namespace dbsync::test {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTables = 16;

fs::path sakila_dir() {
  const fs::path beside = repo_root().parent_path() / "shared/data/sakila";
  return env_or("DBSYNC_SAKILA_DIR", beside.string());
}

struct ColumnPair {
  std::string name;
  std::string on_source;
  std::string on_target;
};

// SQL that gives the same text for the same value on both sides.
ColumnPair comparable(const std::string& name, const std::string& type) {
  const std::string s = fmt::format("`{}`", name);
  const std::string t = fmt::format("\"{}\"", name);
  if (type.ends_with("blob") || type.ends_with("binary"))
    return {name, fmt::format("HEX({})", s), fmt::format("upper(encode({}, 'hex'))", t)};
  if (type == "timestamp")
    return {name, fmt::format("CAST({} AS CHAR)", s), fmt::format("({} AT TIME ZONE 'UTC')::text", t)};
  if (type == "geometry" || type == "point") {
    // WKB, and with an SRID the EWKB that PostGIS reads: a flag in the type's
    // last byte and the SRID behind it.
    const std::string wkb = fmt::format("HEX(ST_AsWKB({}))", s);
    return {name,
            fmt::format("IF(ST_SRID({0}) = 0, {1}, CONCAT(SUBSTR({1}, 1, 8), '20', SUBSTR(HEX({0}), 1, 8), "
                        "SUBSTR({1}, 11)))",
                        s, wkb),
            fmt::format("upper(encode({}, 'hex'))", t)};
  }
  return {name, fmt::format("CAST({} AS CHAR)", s), fmt::format("{}::text", t)};
}

class SakilaTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!fs::exists(sakila_dir() / "sakila-data.sql")) return;
    source_ = std::make_unique<SourceDb>("sakila");
    source_->load_file(sakila_dir() / "sakila-schema.sql");
    source_->load_file(sakila_dir() / "sakila-data.sql");
  }
  static void TearDownTestSuite() { source_.reset(); }

  void SetUp() override {
    if (!source_) GTEST_SKIP() << "no Sakila database in " << sakila_dir() << "; DBSYNC_SAKILA_DIR says where it is";
    dir_.write_file("my.cfg", my_cfg(*source_, target_));
  }

  RunResult run(const std::vector<std::string>& args) {
    RunOptions options;
    options.cwd = dir_.path();
    return run_program(args, options);
  }

  std::vector<std::string> base_tables() {
    std::vector<std::string> out;
    for (const Row& row :
         source_->query("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'sakila' "
                        "AND TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_NAME"))
      out.push_back(row.at(0).value());
    return out;
  }

  std::vector<ColumnPair> columns(const std::string& table) {
    std::vector<ColumnPair> out;
    for (const Row& row : source_->query(
             fmt::format("SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = "
                         "'sakila' AND TABLE_NAME = '{}' ORDER BY ORDINAL_POSITION",
                         table)))
      out.push_back(comparable(row.at(0).value(), row.at(1).value()));
    return out;
  }

  std::vector<std::string> key(const std::string& table) {
    std::vector<std::string> out;
    for (const Row& row : source_->query(fmt::format("SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE "
                                                     "TABLE_SCHEMA = 'sakila' AND TABLE_NAME = '{}' AND INDEX_NAME = "
                                                     "'PRIMARY' ORDER BY SEQ_IN_INDEX",
                                                     table)))
      out.push_back(row.at(0).value());
    return out;
  }

  void expect_same_columns(const std::string& table) {
    const Rows on_source =
        source_->query(fmt::format("SELECT COLUMN_NAME, IS_NULLABLE FROM information_schema.COLUMNS "
                                   "WHERE TABLE_SCHEMA = 'sakila' AND TABLE_NAME = '{}' ORDER BY "
                                   "ORDINAL_POSITION",
                                   table));
    const Rows on_target =
        target_.query(fmt::format("SELECT column_name, is_nullable FROM information_schema.columns "
                                  "WHERE table_schema = 'public' AND table_name = '{}' ORDER BY "
                                  "ordinal_position",
                                  table));
    EXPECT_EQ(difference(on_source, on_target), "") << "columns of " << table;
  }

  // One column at a time: a failure names it, and memory stays small. `where`
  // must mean the same on both sides.
  void expect_same_values(const std::string& table, const std::string& where = "true") {
    // Keys of Sakila are whole numbers: both sides order them alike. By
    // position, since the column itself may be one of them.
    const auto names = key(table);
    const std::string order = names.size() == 1 ? "1" : "1, 2";
    for (const ColumnPair& column : columns(table)) {
      const Rows expected = source_->query(fmt::format("SELECT {}, {} FROM {} WHERE {} ORDER BY {}",
                                                       fmt::join(names, ", "), column.on_source, table, where, order));
      const Rows actual = target_.query(
          fmt::format("SELECT {}, {} FROM {} ORDER BY {}", fmt::join(names, ", "), column.on_target, table, order));
      EXPECT_FALSE(expected.empty()) << table;
      EXPECT_EQ(difference(expected, actual), "") << table << "." << column.name;
    }
  }

  static std::unique_ptr<SourceDb> source_;
  TargetDb target_;
  TestDir dir_;
};

std::unique_ptr<SourceDb> SakilaTest::source_;

TEST_F(SakilaTest, EveryTableColumnAndValueArrives) {
  const RunResult run_result = run({"mysql2pgsql", "--create", "--verify", "-c", "my.cfg"});
  ASSERT_EQ(run_result.exit_code, 0) << run_result.describe();
  EXPECT_NE(run_result.err.find("16 same"), std::string::npos) << run_result.describe();
  const auto tables = base_tables();
  EXPECT_EQ(tables.size(), kTables);
  EXPECT_EQ(target_.value("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"),
            std::to_string(kTables));
  for (const auto& table : tables) {
    expect_same_columns(table);
    expect_same_values(table);
  }
}

TEST_F(SakilaTest, TextCopyBringsTheSame) {
  const RunResult run_result = run({"mysql2pgsql", "--create", "--copy-format", "text", "--verify"});
  ASSERT_EQ(run_result.exit_code, 0) << run_result.describe();
  for (const auto& table : base_tables()) expect_same_values(table);
}

TEST_F(SakilaTest, TableListWithQueriesAndEightWorkers) {
  std::string list =
      "payment : select * from payment where amount >= 5 and staff_id = 1\n"
      "staff_names: select staff_id, concat(first_name, ' ', last_name) as name, picture from staff\n";
  for (const auto& table : base_tables())
    if (table != "payment") list += table + "\n";
  dir_.write_file("tab_list.txt", list);
  const RunResult run_result = run({"mysql2pgsql", "-l", "tab_list.txt", "-j", "8", "--create", "--verify"});
  ASSERT_EQ(run_result.exit_code, 0) << run_result.describe();
  for (const auto& table : base_tables())
    if (table != "payment") expect_same_values(table);
  expect_same_values("payment", "amount >= 5 and staff_id = 1");
  EXPECT_EQ(difference(source_->query("SELECT staff_id, concat(first_name, ' ', last_name), HEX(picture) FROM staff "
                                      "ORDER BY staff_id"),
                       target_.query("SELECT staff_id, name, upper(encode(picture, 'hex')) FROM staff_names "
                                     "ORDER BY staff_id")),
            "");
}

TEST_F(SakilaTest, DdlLoadsWithPsqlAndTakesTheRows) {
  const auto load_ddl = [&](const char* section) {
    const RunResult ddl = run({"mysql2pgsql", "-d", "--section", section});
    ASSERT_EQ(ddl.exit_code, 0) << ddl.describe();
    const RunResult psql = target_.load_with_psql(ddl.out);
    ASSERT_EQ(psql.exit_code, 0) << psql.err;
  };
  load_ddl("pre-data");
  const RunResult copy = run({"mysql2pgsql", "-j", "2"});
  ASSERT_EQ(copy.exit_code, 0) << copy.describe();
  load_ddl("post-data");
  EXPECT_EQ(target_.value("SELECT count(*) FROM payment"),
            source_->query("SELECT count(*) FROM payment").at(0).at(0).value());
}

// The runbook of rds_dbsync, as it is written: the whole DDL first. DBSYNC_RUNBOOK_KILLS
// makes it longer.
TEST_F(SakilaTest, TheOldRunbookAndRunsKilledAtRandomMoments) {
  const std::string keys_sql =
      "select conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated from pg_constraint where "
      "contype = 'f' order by 1, 2";
  const RunResult ddl = run({"mysql2pgsql", "-d"});
  ASSERT_EQ(ddl.exit_code, 0) << ddl.describe();
  ASSERT_EQ(target_.load_with_psql(ddl.out).exit_code, 0);
  const Rows keys = target_.query(keys_sql);
  dir_.write_file(
      "tab_list.txt",
      "country : select * from country where country_id <= 50\ncity : select * from city where country_id <= 50\n");
  RunResult copy = run({"mysql2pgsql", "-l", "tab_list.txt", "-j", "8"});
  ASSERT_EQ(copy.exit_code, 0) << copy.describe();
  const std::vector<std::string> all{"mysql2pgsql", "--truncate", "-j", "8"};
  copy = run(all);
  ASSERT_EQ(copy.exit_code, 0) << copy.describe();
  const KillPlan plan{number_from_environment("DBSYNC_RUNBOOK_KILLS", 6), 900, 47273, false};
  RunOptions here;
  here.cwd = dir_.path();
  kill_and_resume(plan, all, here, target_, [] {});
  EXPECT_EQ(difference(keys, target_.query(keys_sql)), "");
  EXPECT_EQ(target_.value("select count(*) from pg_constraint where contype = 'f' and not convalidated"), "0");
  // Every key of Sakila is of one column.
  for (const Row& key :
       target_.query("select format('select count(*) from %s c where %I is not null and not exists (select 1 from %s p "
                     "where p.%I = c.%I)', "
                     "conrelid::regclass, a.attname, confrelid::regclass, f.attname, a.attname) from pg_constraint "
                     "join pg_attribute a on a.attrelid = conrelid and a.attnum = conkey[1] "
                     "join pg_attribute f on f.attrelid = confrelid and f.attnum = confkey[1] where contype = 'f'"))
    EXPECT_EQ(target_.value(*key[0]), "0") << *key[0];
  copy = run({"mysql2pgsql", "--verify-only"});
  EXPECT_EQ(copy.exit_code, 0) << copy.describe();
}

}  // namespace

}  // namespace dbsync::test
