// One bad table fails alone: a table that the source cannot open, that its user may
// not see whole, or whose plan fails is named with a hint, and the others are copied;
// a table list without it does not touch it; -d, --check and --verify-only say the same.
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/check_support.h"
#include "tests/harness/migration.h"

namespace dbsync::test {

namespace {

constexpr int kSource = 3;

class BadTables : public MigrationTest {
 protected:
  void configure_user(const MysqlUser& user, const std::string& keys = {}) {
    dir.write_file("my.cfg", my_cfg(mysql_section(user.access(), source.name()) + keys, target.conninfo()));
  }

  void grant(const MysqlUser& user, const std::string& rights, const std::string& table) {
    for (const char* host : {"%", "localhost"})
      source.exec(
          fmt::format("grant {} on {}.{} to '{}'@'{}'", rights, source.name(), table, user.access().user, host));
  }

  // The run says of each table that it failed, and why, with something to do.
  static void expect_named(const RunResult& result, const std::vector<std::pair<std::string, std::string>>& tables) {
    for (const auto& [table, reason] : tables)
      EXPECT_TRUE(has_line(result.out + result.err, {table, reason})) << table << "\n" << result.describe();
  }
};

// A MERGE table whose member is gone, a MyISAM table without its rows, one with a
// damaged index: the server opens none of them.
class UnreadableTables : public BadTables {
 protected:
  UnreadableTables() {
    source.exec(
        "create table good (id int primary key, v varchar(10)); insert into good values (1, 'x');"
        "create table part1 (id int not null, v varchar(10), key (id)) engine=MyISAM;"
        "create table merged (id int not null, v varchar(10), key (id)) engine=MERGE union=(part1);"
        "drop table part1;"
        "create table norows (id int not null, v varchar(10), key (id)) engine=MyISAM;"
        "create table noindex (id int not null, v varchar(10), key (id)) engine=MyISAM;"
        "insert into norows values (1, 'a'); insert into noindex values (1, 'a');"
        "create table parent (id int primary key); insert into parent values (1);"
        "create table zchild (id int primary key, parent_id int, foreign key (parent_id) references parent (id));"
        "insert into zchild values (1, 1);"
        "flush tables norows, noindex");
    const std::filesystem::path folder =
        std::filesystem::path(source.query("select @@datadir").at(0).at(0).value()) / source.name();
    std::filesystem::remove(folder / "norows.MYD");
    std::ofstream(folder / "noindex.MYI") << "damaged";
    source.exec("flush tables");
  }

  const std::vector<std::pair<std::string, std::string>> named_ = {
      {"merged", "error 1168"}, {"norows", "error 29"}, {"noindex", "error 130"}};
};

TEST_F(UnreadableTables, FailAloneInALoad) {
  const RunResult result = run({"mysql2pgsql", "--create"});
  EXPECT_EQ(result.exit_code, kSource) << result.describe();
  expect_named(result, named_);
  EXPECT_TRUE(has_line(result.out + result.err, {"HINT:"}));
  EXPECT_EQ(target.query("select (select count(*) from good), (select count(*) from zchild)"), (Rows{{"1", "1"}}));
  EXPECT_EQ(target.query("select count(*) from pg_constraint where contype = 'f' and convalidated"), (Rows{{"1"}}));
  EXPECT_EQ(target.query("select to_regclass('merged') is null"), (Rows{{"t"}}));

  const RunResult compared = run({"mysql2pgsql", "--verify-only"});
  EXPECT_EQ(compared.exit_code, kSource) << compared.describe();
  EXPECT_TRUE(has_line(compared.out + compared.err, {"merged", "NOT COMPARED"})) << compared.describe();
  EXPECT_TRUE(has_line(compared.out + compared.err, {"good", "same"})) << compared.describe();
}

TEST_F(UnreadableTables, AreNotTouchedByAListWithoutThem) {
  table_list("good\nlast : select id from zchild\n");
  const RunResult result = run({"mysql2pgsql", "--create", "-l", "tab_list.txt"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(result.err.find("`merged`"), std::string::npos) << result.describe();
  EXPECT_EQ(result.err.find("cannot be read"), std::string::npos) << result.describe();
  EXPECT_EQ(target.query("select (select count(*) from good), (select count(*) from last)"), (Rows{{"1", "1"}}));
  EXPECT_EQ(run({"mysql2pgsql", "--verify-only", "-l", "tab_list.txt"}).exit_code, 0);
  EXPECT_EQ(run({"mysql2pgsql", "--check", "-l", "tab_list.txt", "--truncate"}).exit_code, 0);
}

TEST_F(UnreadableTables, AreNamedByTheScriptAndTheCheck) {
  const RunResult script = run({"mysql2pgsql", "-d"});
  EXPECT_EQ(script.exit_code, kSource) << script.describe();
  for (const auto& [table, reason] : named_)
    EXPECT_TRUE(has_line(script.out, {"-- NOT WRITTEN", table, reason})) << script.describe();
  target.exec(script.out);  // what was written loads
  EXPECT_EQ(target.query("select to_regclass('good') is not null"), (Rows{{"t"}}));

  const RunResult check = run({"mysql2pgsql", "--check", "--create"});
  EXPECT_EQ(check.exit_code, kSource) << check.describe();
  for (const auto& [table, reason] : named_)
    EXPECT_TRUE(has_line(check.out, {"failed", "table " + table, reason})) << check.describe();
  EXPECT_TRUE(has_line(check.out, {"3 of 6 can be loaded"})) << check.describe();
}

// What the queries of a list read is not known, so all tables are locked.
TEST_F(UnreadableTables, DoNotKeepTheOthersFromTheirSnapshot) {
  const MysqlUser user(source, fmt::format("grant select, lock tables on {}.*", source.name()));
  configure_user(user, "consistency = \"table_locks\"\n");
  table_list("good\nmerged\nlast : select id from zchild\n");
  const RunResult result = run({"mysql2pgsql", "--create", "-l", "tab_list.txt", "-j", "2"});
  EXPECT_EQ(result.exit_code, kSource) << result.describe();
  expect_named(result, {{"merged", "error 1168"}});
  EXPECT_EQ(target.query("select (select count(*) from good), (select count(*) from last)"), (Rows{{"1", "1"}}));
}

// What the account may not see would be missing in a copy that looks whole.
class TablesWithFewRights : public BadTables {
 protected:
  TablesWithFewRights() {
    source.exec(
        "create table good (id int primary key, v varchar(10)); insert into good values (1, 'x');"
        "create table of_columns (id int primary key, v varchar(10), secret int); insert into of_columns values (1, "
        "'x', 5);"
        "create table of_index (id int primary key, v varchar(10)); insert into of_index values (1, 'x');"
        "create table of_both (id int primary key, v varchar(10), secret int); insert into of_both values (1, 'x', 5);"
        "create table of_key (id int primary key, g int, v int, foreign key (g) references good (id)); "
        "insert into of_key values (1, 1, 5);"
        "create table unseen (id int primary key)");
  }
};

TEST_F(TablesWithFewRights, FailAlone) {
  const MysqlUser user(source, fmt::format("grant select on {}.good", source.name()));
  grant(user, "select (id, v)", "of_columns");
  grant(user, "index", "of_index");
  grant(user, "index", "of_both");
  grant(user, "select (id, v)", "of_both");
  grant(user, "select (id, g), references (id, g)", "of_key");
  configure_user(user, "consistency = \"none\"\n");
  const RunResult result = run({"mysql2pgsql", "--create"});
  EXPECT_EQ(result.exit_code, kSource) << result.describe();
  expect_named(result, {{"of_columns", "denied"},
                        {"of_index", "may not see its column id"},
                        {"of_both", "may not see its column secret"},
                        {"the same error once", "of_key"}});
  EXPECT_TRUE(has_line(result.err, {"HINT: grant SELECT"})) << result.describe();
  EXPECT_EQ(
      target.query(
          "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1"),
      (Rows{{"good"}}));

  // What they may read can be copied, by its name.
  table_list("good\npart : select id, v from of_columns\n");
  EXPECT_EQ(run({"mysql2pgsql", "--create", "--truncate", "-l", "tab_list.txt"}).exit_code, 0) << last_run_report();
  EXPECT_EQ(target.query("select id, v from part"), (Rows{{"1", "x"}}));
}

// The bounds of chunks are asked for with a query of their own.
TEST_F(BadTables, PlanOfOneFails) {
  source.exec(
      "create table good (id int primary key, v varchar(200));"
      "create table large (id int primary key, v varchar(200))");
  for (const char* table : {"good", "large"}) {
    source.exec(fmt::format("insert into {} values (1, repeat('x', 200))", table));
    for (int rows = 1; rows < 2048; rows *= 2)
      source.exec(fmt::format("insert into {0} select id + {1}, v from {0}", table, rows));
    source.exec(fmt::format("analyze table {}", table));
  }
  const MysqlUser user(source, fmt::format("grant insert on {}.*", source.name()));
  grant(user, "select", "good");
  grant(user, "select (v)", "large");
  configure_user(user, "consistency = \"none\"\n");
  const RunResult result = run({"mysql2pgsql", "--create", "--chunk-size", "64kB", "-j", "2"});
  EXPECT_EQ(result.exit_code, kSource) << result.describe();
  expect_named(result, {{"large", "denied"}});
  EXPECT_EQ(target.query("select count(*) from good"), (Rows{{"2048"}}));
  EXPECT_EQ(target.query("select to_regclass('large') is null"), (Rows{{"t"}}));
}

}  // namespace

}  // namespace dbsync::test
