// The structure of tables: what --create makes and what -d prints, compared with
// the catalogs of both servers.
#include <filesystem>
#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/files.h"
#include "tests/harness/migration.h"

namespace dbsync::test {

namespace {

namespace fs = std::filesystem;

constexpr int kDataFailed = 5;

// Everything that a schema consists of, one row an object.
constexpr const char* kCatalogDumps[] = {
    "select c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, "
    "a.attgenerated, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum), obj_description(c.oid) "
    "from pg_class c join pg_attribute a on a.attrelid = c.oid left join pg_attrdef d on d.adrelid = c.oid and "
    "d.adnum = a.attnum where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and "
    "not a.attisdropped order by c.relname, a.attnum",
    "select conrelid::regclass::text, conname, contype, convalidated, pg_get_constraintdef(oid) from pg_constraint "
    "where "
    "connamespace = 'public'::regnamespace order by 1, 2",
    "select tablename, indexname, indexdef from pg_indexes where schemaname = 'public' order by 1, 2",
    "select relname, pg_get_partkeydef(oid), pg_get_expr(relpartbound, oid) from pg_class where relnamespace = "
    "'public'::regnamespace and (relispartition or relkind = 'p') order by 1",
    "select tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal order by 1, "
    "2",
    "select t.typname, e.enumlabel from pg_enum e join pg_type t on t.oid = e.enumtypid order by 1, e.enumsortorder"};

void expect_same_schema(TargetDb& expected, TargetDb& actual) {
  for (const char* dump : kCatalogDumps) EXPECT_EQ(difference(expected.query(dump), actual.query(dump)), "") << dump;
}

// ---- Sakila

fs::path sakila_dir() {
  const fs::path beside = repo_root().parent_path() / "shared/data/sakila";
  return env_or("DBSYNC_SAKILA_DIR", beside.string());
}

class SakilaStructureTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!fs::exists(sakila_dir() / "sakila-data.sql")) return;
    source_ = std::make_unique<SourceDb>("sakila");
    source_->load_file(sakila_dir() / "sakila-schema.sql");
    source_->load_file(sakila_dir() / "sakila-data.sql");
    target_ = std::make_unique<TargetDb>();
    dir_ = std::make_unique<TestDir>();
    dir_->write_file("my.cfg", my_cfg(*source_, *target_));
    const RunResult result = run({"mysql2pgsql", "--create"});
    ASSERT_EQ(result.exit_code, 0) << result.describe();
  }
  static void TearDownTestSuite() {
    source_.reset();
    target_.reset();
    dir_.reset();
  }
  void SetUp() override {
    if (!source_) GTEST_SKIP() << "no Sakila database in " << sakila_dir() << "; DBSYNC_SAKILA_DIR says where it is";
  }

  static RunResult run(const std::vector<std::string>& args) {
    RunOptions options;
    options.cwd = dir_->path();
    return run_program(args, options);
  }

  static void expect_same(const std::string& on_source, const std::string& on_target) {
    const Rows expected = source_->query(on_source);
    EXPECT_FALSE(expected.empty()) << on_source;
    EXPECT_EQ(difference(expected, target_->query(on_target)), "") << on_target;
  }

  static std::unique_ptr<SourceDb> source_;
  static std::unique_ptr<TargetDb> target_;
  static std::unique_ptr<TestDir> dir_;
};

std::unique_ptr<SourceDb> SakilaStructureTest::source_;
std::unique_ptr<TargetDb> SakilaStructureTest::target_;
std::unique_ptr<TestDir> SakilaStructureTest::dir_;

TEST_F(SakilaStructureTest, PrimaryKeysAreTheSame) {
  expect_same(
      "SELECT TABLE_NAME, GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX) FROM information_schema.STATISTICS WHERE "
      "TABLE_SCHEMA = 'sakila' AND INDEX_NAME = 'PRIMARY' GROUP BY TABLE_NAME ORDER BY TABLE_NAME",
      "select conrelid::regclass::text, (select string_agg(attname, ',' order by n) from unnest(conkey) with "
      "ordinality k "
      "(num, n) join pg_attribute on attrelid = conrelid and attnum = num) from pg_constraint where contype = 'p' and "
      "connamespace = 'public'::regnamespace order by 1");
}

TEST_F(SakilaStructureTest, IndexesAreTheSame) {
  // By table, uniqueness and columns; names are prefixed, and FULLTEXT and SPATIAL have their own kinds.
  expect_same(
      "SELECT TABLE_NAME, UNIQUENESS, COLS FROM (SELECT TABLE_NAME, INDEX_NAME, IF(NON_UNIQUE, 'f', 't') AS "
      "UNIQUENESS, "
      "GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX) AS COLS FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = "
      "'sakila' AND INDEX_TYPE = 'BTREE' GROUP BY TABLE_NAME, INDEX_NAME, NON_UNIQUE) x ORDER BY TABLE_NAME, COLS, "
      "UNIQUENESS",
      "select * from (select indrelid::regclass::text, indisunique, (select string_agg(attname, ',' order by n) from "
      "unnest(indkey::int2[]) "
      "with ordinality k (num, n) join pg_attribute on attrelid = indrelid and attnum = num) as cols from pg_index "
      "join "
      "pg_class c on c.oid = indexrelid join pg_am am on am.oid = c.relam where amname = 'btree' and relnamespace = "
      "'public'::regnamespace) x order by 1, cols collate \"C\", 2");
}

TEST_F(SakilaStructureTest, FulltextIndexesAreGin) {
  const auto number = source_->query(
      "SELECT COUNT(DISTINCT TABLE_NAME, INDEX_NAME) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = 'sakila' "
      "AND "
      "INDEX_TYPE = 'FULLTEXT'");
  EXPECT_EQ(
      target_->value("select count(*) from pg_indexes where schemaname = 'public' and indexdef like '%USING gin%'"),
      number.at(0).at(0).value_or(""));
}

TEST_F(SakilaStructureTest, ForeignKeysAndTheirActionsAreTheSame) {
  expect_same(
      "SELECT r.TABLE_NAME, r.REFERENCED_TABLE_NAME, GROUP_CONCAT(COLUMN_NAME ORDER BY ORDINAL_POSITION), "
      "GROUP_CONCAT(REFERENCED_COLUMN_NAME ORDER BY ORDINAL_POSITION), REPLACE(DELETE_RULE, 'NO ACTION', 'RESTRICT'), "
      "REPLACE(UPDATE_RULE, 'NO ACTION', 'RESTRICT'), 't' FROM information_schema.REFERENTIAL_CONSTRAINTS r JOIN "
      "information_schema.KEY_COLUMN_USAGE k ON k.CONSTRAINT_SCHEMA = r.CONSTRAINT_SCHEMA AND k.CONSTRAINT_NAME = "
      "r.CONSTRAINT_NAME AND k.TABLE_NAME = r.TABLE_NAME WHERE r.CONSTRAINT_SCHEMA = 'sakila' GROUP BY r.TABLE_NAME, "
      "r.CONSTRAINT_NAME, r.REFERENCED_TABLE_NAME, DELETE_RULE, UPDATE_RULE ORDER BY 1, 2, 3",
      "select conrelid::regclass::text, confrelid::regclass::text, (select string_agg(attname, ',' order by n) from "
      "unnest(conkey) with ordinality k (num, n) join pg_attribute on attrelid = conrelid and attnum = num) as cols, "
      "(select "
      "string_agg(attname, ',' order by n) from unnest(confkey) with ordinality k (num, n) join pg_attribute on "
      "attrelid = "
      "confrelid and attnum = num), case confdeltype when 'c' then 'CASCADE' when 'n' then 'SET NULL' else 'RESTRICT' "
      "end, "
      "case confupdtype when 'c' then 'CASCADE' when 'n' then 'SET NULL' else 'RESTRICT' end, convalidated from "
      "pg_constraint where contype = 'f' order by 1, 2, 3");
}

TEST_F(SakilaStructureTest, NotNullIsTheSame) {
  expect_same(
      "SELECT TABLE_NAME, COLUMN_NAME, IS_NULLABLE FROM information_schema.COLUMNS JOIN information_schema.TABLES "
      "USING "
      "(TABLE_SCHEMA, TABLE_NAME) WHERE TABLE_SCHEMA = 'sakila' AND TABLE_TYPE = 'BASE TABLE' ORDER BY 1, "
      "ORDINAL_POSITION",
      "select table_name, column_name, is_nullable from information_schema.columns where table_schema = 'public' order "
      "by "
      "1, ordinal_position");
}

// The default as the server computes it: a row of nothing but defaults.
TEST_F(SakilaStructureTest, DefaultsAreThereWhereTheSourceHasOne) {
  expect_same(
      "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS JOIN information_schema.TABLES USING "
      "(TABLE_SCHEMA, "
      "TABLE_NAME) WHERE TABLE_SCHEMA = 'sakila' AND TABLE_TYPE = 'BASE TABLE' AND COLUMN_DEFAULT IS NOT NULL AND "
      "COLUMN_DEFAULT <> 'NULL' ORDER BY 1, ORDINAL_POSITION",
      "select table_name, column_name from information_schema.columns where table_schema = 'public' and column_default "
      "is "
      "not null order by 1, ordinal_position");
  EXPECT_EQ(target_->value("select column_default from information_schema.columns where table_name = 'film' and "
                           "column_name = 'rental_rate'"),
            "4.99");
}

TEST_F(SakilaStructureTest, IdentitiesGoOnBehindTheLargestKey) {
  const Rows keys = source_->query(
      "SELECT TABLE_NAME, COLUMN_NAME, AUTO_INCREMENT FROM information_schema.COLUMNS JOIN information_schema.TABLES "
      "USING "
      "(TABLE_SCHEMA, TABLE_NAME) WHERE TABLE_SCHEMA = 'sakila' AND EXTRA LIKE '%auto_increment%' ORDER BY 1");
  EXPECT_GT(keys.size(), 10u);
  EXPECT_EQ(target_->value("select count(*) from pg_attribute where attidentity = 'd'"), std::to_string(keys.size()));
  for (const Row& key : keys)
    EXPECT_EQ(target_->value(fmt::format("select nextval(pg_get_serial_sequence('{}', '{}'))", key.at(0).value_or(""),
                                         key.at(1).value_or(""))),
              key.at(2).value_or(""))
        << key.at(0).value_or("");
}

TEST_F(SakilaStructureTest, PrintedDdlMakesTheSameSchema) {
  const RunResult ddl = run({"mysql2pgsql", "-d"});
  ASSERT_EQ(ddl.exit_code, 0) << ddl.describe();
  TargetDb printed;
  const RunResult psql = printed.load_with_psql(ddl.out);
  ASSERT_EQ(psql.exit_code, 0) << psql.err;
  expect_same_schema(*target_, printed);
}

// ---- every feature

class StructureTest : public MigrationTest {
 protected:
  RunResult ddl(std::vector<std::string> args = {}) {
    args.insert(args.begin(), {"mysql2pgsql", "-d"});
    return run(args);
  }

  std::vector<std::string> tables() {
    std::vector<std::string> out;
    for (const Row& row :
         source.query(fmt::format("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = "
                                  "'{}' AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY 1",
                                  source.name())))
      out.push_back(row.at(0).value_or(""));
    return out;
  }
};

// The schema of structure_schema.sql and some loops.
class EveryFeatureTest : public StructureTest {
 protected:
  void SetUp() override {
    const std::string version = source.version();
    if (!source.is_mariadb() && std::stoi(version) < 8)
      GTEST_SKIP()
          << "needs mariadb or mysql 8 for generated columns, checks and defaults by expression, the server is "
          << version;
  }

  void make_every_feature() {
    source.load_script(
        fmt::format("USE {};\n{}", source.name(), read_file(repo_root() / "tests/cases/structure_schema.sql")));
    make_foreign_key_actions();
    make_partitions();
  }

 private:
  void make_foreign_key_actions() {
    const char* const actions[] = {"RESTRICT", "CASCADE", "SET NULL", "NO ACTION"};
    int number = 0;
    for (const char* on_delete : actions)
      for (const char* on_update : actions) {
        const std::string name = fmt::format("child_{}", ++number);
        source.exec(
            fmt::format("CREATE TABLE {0} (id int PRIMARY KEY, c int, FOREIGN KEY (c) REFERENCES parent (c) "
                        "ON DELETE {1} ON UPDATE {2}); INSERT INTO {0} VALUES (1, 3), (2, NULL)",
                        name, on_delete, on_update));
      }
  }

  void make_partitions() {
    struct Partitioned {
      const char* name;
      const char* columns;
      const char* by;
    };
    const Partitioned all[] = {
        {"by_range", "k int PRIMARY KEY",
         "RANGE (k) (PARTITION p0 VALUES LESS THAN (0), PARTITION p1 VALUES LESS THAN MAXVALUE)"},
        {"by_range_columns", "k date, d date, PRIMARY KEY (d, k)",
         "RANGE COLUMNS (d, k) (PARTITION p0 VALUES LESS THAN ('2020-01-01', MAXVALUE), PARTITION p1 VALUES LESS THAN "
         "(MAXVALUE, MAXVALUE))"},
        {"by_list", "k int PRIMARY KEY",
         "LIST (k) (PARTITION a VALUES IN (1, 2), PARTITION b VALUES IN (20200303, 4, -5))"},
        {"by_list_columns", "k varchar(20) PRIMARY KEY",
         "LIST COLUMNS (k) (PARTITION a VALUES IN ('20200303', 'it''s'), PARTITION b VALUES IN ('x,y'))"},
        {"by_hash", "k int PRIMARY KEY", "HASH (k) PARTITIONS 3"},
        {"by_hash_expression", "k date PRIMARY KEY", "HASH (month(k)) PARTITIONS 3"},
        {"by_linear_hash", "k int PRIMARY KEY", "LINEAR HASH (k) PARTITIONS 4"},
        {"by_key", "k int PRIMARY KEY", "KEY (k) PARTITIONS 3"},
        {"by_linear_key", "k int PRIMARY KEY", "LINEAR KEY (k) PARTITIONS 2"},
        {"by_to_days", "k date PRIMARY KEY",
         "RANGE (to_days(k)) (PARTITION p0 VALUES LESS THAN (to_days('2020-01-01')), PARTITION p1 VALUES LESS THAN "
         "(to_days('2021-01-01')), PARTITION px VALUES LESS THAN MAXVALUE)"},
        {"by_year", "k date PRIMARY KEY",
         "RANGE (year(k)) (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN (2021))"},
        {"by_unix_timestamp", "k timestamp PRIMARY KEY",
         "RANGE (unix_timestamp(k)) (PARTITION p0 VALUES LESS THAN (unix_timestamp('2020-01-01 00:00:00')), PARTITION "
         "p1 "
         "VALUES LESS THAN MAXVALUE)"},
        {"by_range_and_hash", "k int PRIMARY KEY",
         "RANGE (k) SUBPARTITION BY HASH (k) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (0), PARTITION p1 VALUES "
         "LESS THAN "
         "MAXVALUE)"},
    };
    for (const Partitioned& table : all) {
      const bool two = std::string_view(table.columns).find("d date") != std::string_view::npos;
      source.exec(fmt::format(
          "CREATE TABLE {0} ({1}, v int, KEY (v)) PARTITION BY {2}; INSERT INTO {0} VALUES ({3}20200303, 1)",
          table.name, table.columns, table.by, two ? "20200101, " : ""));
    }
  }
};

TEST_F(EveryFeatureTest, EveryFeatureIsCreatedAndTakesItsRows) {
  make_every_feature();
  const auto names = tables();
  EXPECT_GE(names.size(), source.is_mariadb() ? 64u : 63u);
  const RunResult result = run({"mysql2pgsql", "--create"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  const Rows filled = target.query(
      "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not "
      "relispartition and (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %s', oid::regclass), "
      "true, "
      "true, '')))[1]::text::int > 0");
  EXPECT_EQ(filled.at(0).at(0).value_or(""), std::to_string(names.size()));
  EXPECT_EQ(target.value("select count(*) from pg_constraint where not convalidated"), "0");
  for (const char* object : {"a_view", "a_trigger", "a_procedure", "a_function", "an_event"})
    EXPECT_NE(result.err.find(object), std::string::npos) << object << " is not named in\n" << result.err;
}

TEST_F(EveryFeatureTest, PrintedDdlLoadsAndMakesTheSameSchema) {
  make_every_feature();
  configure("[ddl]\non_update_timestamp = \"trigger\"\n[types]\nkinds.s = text[]\n*.e = enum\n");
  const RunResult printed = ddl();
  ASSERT_EQ(printed.exit_code, 0) << printed.describe();
  TargetDb by_psql;
  const RunResult psql = by_psql.load_with_psql(printed.out);
  ASSERT_EQ(psql.exit_code, 0) << psql.err << "\n" << printed.out;
  const RunResult created = run({"mysql2pgsql", "--create"});
  ASSERT_EQ(created.exit_code, 0) << created.describe();
  expect_same_schema(target, by_psql);
  EXPECT_GT(std::stoi(target.value("select count(*) from pg_trigger where not tgisinternal")), 0);
  target.exec("update touched set v = 2");
  EXPECT_EQ(target.value("select at3 > '2024-01-01' from touched"), "t");
}

TEST_F(EveryFeatureTest, WithoutPartitionsNothingIsPartitioned) {
  make_every_feature();
  const RunResult printed = ddl({"-n"});
  ASSERT_EQ(printed.exit_code, 0) << printed.describe();
  EXPECT_EQ(printed.out.find("PARTITION BY"), std::string::npos);
  const RunResult psql = target.load_with_psql(printed.out);
  EXPECT_EQ(psql.exit_code, 0) << psql.err;
}

TEST_F(StructureTest, OrphansAreCountedAndTheirForeignKeyStaysNotValid) {
  source.exec(
      "create table parents (id int primary key); create table children (id int primary key, parent int, constraint fk "
      "foreign key (parent) references parents (id)); insert into parents values (1); set foreign_key_checks = 0; "
      "insert "
      "into children values (1, 1), (2, 7), (3, null), (4, 8), (5, 8); set foreign_key_checks = 1");
  const RunResult result = run({"mysql2pgsql", "--create"});
  EXPECT_EQ(result.exit_code, kDataFailed) << result.describe();
  EXPECT_NE(result.err.find("3 rows"), std::string::npos) << result.err;
  EXPECT_EQ(target.value("select count(*) from children"), "5");
  EXPECT_EQ(
      difference(target.query("select conrelid::regclass::text, convalidated from pg_constraint where contype = 'f'"),
                 {{"children", "f"}}),
      "");
  EXPECT_THROW(target.exec("insert into children values (6, 9)"), std::runtime_error);
}

TEST_F(StructureTest, RowsThatBreakACheckAreCounted) {
  if (!source.is_mariadb()) GTEST_SKIP() << "needs mariadb: check_constraint_checks lets rows in that break a check";
  source.exec(
      "create table t (id int primary key, n int, constraint positive check (n > 0)); set check_constraint_checks = 0; "
      "insert "
      "into t values (1, 1), (2, -1), (3, -2); set check_constraint_checks = 1");
  const RunResult result = run({"mysql2pgsql", "--create"});
  EXPECT_EQ(result.exit_code, kDataFailed) << result.describe();
  EXPECT_NE(result.err.find("2 rows"), std::string::npos) << result.err;
  EXPECT_EQ(target.value("select count(*) from t"), "3");
  EXPECT_EQ(target.value("select convalidated from pg_constraint where contype = 'c' and conrelid = 't'::regclass"),
            "f");
}

TEST_F(StructureTest, AFailedLoadLeavesNothingSoThatTheCommandWorksAgain) {
  source.exec(
      "create table good (id int auto_increment primary key, k enum('a', 'b')); insert into good values (1, 'a');"
      "create table bad (id int auto_increment primary key, body text, k enum('x', 'y'), touched datetime on update "
      "current_timestamp, up int, foreign key (up) references good (id)); insert into bad values (1, char(0), 'x', "
      "null, 1)");
  configure("[types]\nbad.k = enum\n[ddl]\non_update_timestamp = \"trigger\"\n");
  const RunResult failed = run({"mysql2pgsql", "--create"});
  EXPECT_EQ(failed.exit_code, kDataFailed) << failed.describe();
  EXPECT_EQ(target.value("select to_regclass('bad') is null"), "t");
  EXPECT_EQ(target.value("select count(*) from pg_type where typtype = 'e'"), "0");
  source.exec("update bad set body = 'fine'");
  target.exec("drop table if exists good");
  const RunResult again = run({"mysql2pgsql", "--create"});
  ASSERT_EQ(again.exit_code, 0) << again.describe();
  EXPECT_EQ(target.value("select count(*) from bad"), "1");
  EXPECT_EQ(target.value("select count(*) from pg_constraint where contype = 'f' and convalidated"), "1");
}

}  // namespace

}  // namespace dbsync::test
