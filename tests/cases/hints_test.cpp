// What the hints of errors say, on real servers: the cause in this very context and the
// next step, each once.
#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/check_support.h"
#include "tests/harness/migration.h"
#include "tests/harness/pg_migration.h"

namespace dbsync::test {

namespace {

constexpr int kTargetFailed = 4;
constexpr int kDataFailed = 5;
constexpr char kAsOnSource[] = "as they are on the source";

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t out = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++out;
  return out;
}

#define EXPECT_HAS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

class Hints : public MigrationTest {
 protected:
  // The hint of the first error of a table after its rows were in.
  std::string post_hint(const std::string& table) {
    const auto entry = report_table(table);
    if (!entry.contains("post_load_errors")) {
      ADD_FAILURE() << table << " has no error after its load";
      return {};
    }
    return entry.at("post_load_errors").at(0).at("hint");
  }
  bool has_checks() { return source.is_mariadb() || source.version()[0] >= '8'; }
};

// The rows are in order on the source, and a policy of ours, its way to compare or its
// enums are why they break a rule here.
TEST_F(Hints, ForRowsThatBreakARuleNameTheCause) {
  configure(
      "[values]\nnul_byte = \"strip\"\n[types]\nfolded.v = \"citext\"\n[table_map]\nshard1 = \"shard\"\nshard2 = "
      "\"shard\"\n");
  target.exec("create extension citext");
  source.exec(
      "set sql_mode = '';"
      "create table zero_pk (id int, d date not null, primary key (id, d)); insert into zero_pk values (1, "
      "'0000-00-00');"
      "create table zero_unique (id int primary key, d date not null, unique (d)); insert into zero_unique values (1, "
      "'0000-00-00');"
      "create table acc (email varchar(50) collate utf8mb4_general_ci primary key) character set utf8mb4;"
      "create table post (id int primary key, author varchar(50) collate utf8mb4_general_ci, foreign key (author) "
      "references acc "
      "(email)) character set utf8mb4;"
      "insert into acc values ('Max@example.org'); insert into post values (1, 'max@example.ORG');"
      "create table padded (k char(1) primary key, v varchar(9) collate utf8mb4_bin, unique (v)) character set utf8mb4;"
      "create table pads (id int primary key, v varchar(9) collate utf8mb4_bin, foreign key (v) references padded (v)) "
      "character set utf8mb4;"
      "insert into padded values ('k', 'a'); insert into pads values (1, 'a ');"
      "create table street (s varchar(50) collate utf8mb4_unicode_ci primary key) character set utf8mb4;"
      "create table house (id int primary key, s varchar(50) collate utf8mb4_unicode_ci, foreign key (s) references "
      "street (s)) "
      "character set utf8mb4;"
      "insert into street values ('Strasse'), ('zoe'); insert into house values (1, 'straße'), (2, 'Zoë'), (3, 'zoe');"
      "create table eu (id int primary key, e enum('', 'a') not null, unique (e)); insert into eu values (1, ''), (2, "
      "'nolabel');"
      "create table eu2 (a int, e enum('a', ''), unique (a, e)); insert into eu2 values (1, ''), (1, 'nolabel');"
      "create table stripped (id int primary key, v varchar(9) collate utf8mb4_bin, unique (v)) character set utf8mb4;"
      "insert into stripped values (1, 'a'), (2, concat('a', char(0)));"
      "create table prefixed (id int primary key, v varchar(9) collate utf8mb4_bin, unique (v(2))) character set "
      "utf8mb4;"
      "insert into prefixed values (1, 'ab'), (2, concat('a', char(0), 'b'));"
      "create table folded (id int primary key, v varchar(9) collate utf8mb4_bin, unique (v)) character set utf8mb4;"
      "insert into folded values (1, 'a'), (2, 'A');"
      "create table shard1 (id int primary key); create table shard2 (id int primary key);"
      "insert into shard1 values (1), (2); insert into shard2 values (2), (3);"
      "create table orphan_parent (id int primary key);"
      "create table orphan (id int primary key, p int, foreign key (p) references orphan_parent (id));"
      "set foreign_key_checks = 0; insert into orphan values (1, 7), (2, 8); set foreign_key_checks = 1");
  if (has_checks())
    source.exec(
        "set sql_mode = ''; create table checked (id int primary key, d date, check (d is not null)); "
        "insert into checked values (1, '0000-00-00')");
  const RunResult run_result = run({"mysql2pgsql", "--create", "--report", "report.json"});
  ASSERT_EQ(run_result.exit_code, kDataFailed) << run_result.describe();

  EXPECT_HAS(post_hint("zero_pk"), "zero_date = \"-infinity\"");
  EXPECT_HAS(post_hint("zero_pk"), "\"d\"");
  EXPECT_FALSE(report_table("zero_unique").contains("post_load_errors")) << "NULLs do not collide";
  EXPECT_HAS(post_hint("post"), "without case");
  EXPECT_HAS(post_hint("post"), "citext");
  EXPECT_HAS(post_hint("pads"), "blanks at the end");
  EXPECT_HAS(post_hint("house"), "accents");
  EXPECT_HAS(post_hint("house"), "all of them are right on the source");
  EXPECT_HAS(post_hint("eu"), "index 0");
  EXPECT_HAS(post_hint("eu2"), "index 0");
  EXPECT_HAS(post_hint("stripped"), "nul_byte");
  EXPECT_HAS(post_hint("prefixed"), "nul_byte");
  EXPECT_HAS(post_hint("folded"), "citext here, by a rule");
  EXPECT_HAS(post_hint("shard1"), "[origin_column]");
  EXPECT_HAS(post_hint("orphan"), kAsOnSource);
  if (has_checks()) {
    EXPECT_HAS(post_hint("checked"), "zero_date");
  }
  EXPECT_EQ(count_of(run_result.err, kAsOnSource), 2u)
      << "only the orphans, in the log and in the summary: " << run_result.err;
  const auto error = report_table("orphan").at("post_load_errors").at(0);
  EXPECT_EQ(error.at("sqlstate"), "23503");
  EXPECT_HAS(error.at("message").get<std::string>(), "2 rows; ");
  EXPECT_EQ(run_result.err.find("INSERT INTO dbsync"), std::string::npos) << run_result.err;
}

// An index that fails takes its key with it, and that the keys that refer to it: one
// error, and what was not tried for it is said.
TEST_F(Hints, StandOnceForWhatFailsTogether) {
  source.exec(
      "set sql_mode = ''; create table parent (e enum('', 'a') primary key); create table child (id int primary key, p "
      "enum('', 'a'), "
      "foreign key (p) references parent (e)); insert into parent values (''), ('nolabel'); insert into child values "
      "(1, '');"
      "create table refused (id int primary key); create table of_refused (id int primary key, r int, foreign key (r) "
      "references "
      "refused (id)); insert into refused values (1); insert into of_refused values (1, 1)");
  target.exec("create table refused (id int primary key); insert into refused values (9)");
  const RunResult result = run({"mysql2pgsql", "--create", "--report", "report.json"});
  EXPECT_EQ(result.exit_code, kTargetFailed) << result.describe();
  const auto errors = report_table("parent").at("post_load_errors");
  ASSERT_EQ(errors.size(), 1u) << errors.dump(2);
  EXPECT_EQ(errors.at(0).at("sqlstate"), "23505");
  EXPECT_HAS(errors.at(0).at("hint").get<std::string>(), "index 0");
  EXPECT_EQ(errors.at(0).at("message").get<std::string>().find("dbsync.copy_step"), std::string::npos)
      << errors.dump(2);
  for (const char* table : {"child", "of_refused"}) {
    EXPECT_FALSE(report_table(table).contains("post_load_errors")) << table;
    EXPECT_EQ(report_table(table).at("left_out").size(), 1u) << table;
  }
  EXPECT_HAS(result.err, "not tried for now");
  // The cause mended, what is missing is made.
  target.exec("delete from parent where ctid = (select min(ctid) from parent); truncate refused");
  const RunResult again = run({"mysql2pgsql", "--create", "--resume"});
  EXPECT_EQ(again.exit_code, 0) << again.describe();
  EXPECT_EQ(target.value("select count(*) from pg_constraint where contype = 'f' and convalidated"), "2");
}

// Many tables, one cause: it is said once, with the names; the report has each.
TEST_F(Hints, StandOnceForTablesThatShareACause) {
  constexpr int kTables = 25;
  std::string sql;
  for (int i = 1; i <= kTables; ++i) sql += fmt::format("create table missing{} (id int);", i);
  source.exec(sql + "create table Orders (Id int primary key); create table Items (Id int primary key)");
  target.exec("create table orders (id int primary key); create table \"Items\" (id int primary key)");
  const RunResult result = run({"mysql2pgsql", "--report", "report.json"});
  EXPECT_EQ(result.exit_code, kTargetFailed) << result.describe();
  EXPECT_EQ(count_of(result.err, "HINT: create it with --create"), 2u) << "the log and the summary: " << result.err;
  EXPECT_HAS(result.err, fmt::format("the same error {} times more: missing10", kTables - 1));
  EXPECT_HAS(result.err, fmt::format("and {} more", kTables - 1 - 10));
  for (int i = 1; i <= kTables; ++i)
    EXPECT_EQ(report_table(fmt::format("missing{}", i)).at("error").at("sqlstate"), "42P01");
  EXPECT_HAS(report_table("Orders").at("error").at("hint").get<std::string>(), "names = \"lower\"");
  EXPECT_HAS(report_table("Items").at("error").at("hint").get<std::string>(), "names = \"lower\"");
}

// Whatever a server refuses while rows are loaded: functions of checks stand for the
// causes, since triggers do not act.
TEST_F(Hints, ForRefusedRowsFitTheLoad) {
  const std::vector<std::pair<std::string, std::string>> states{{"22001", "longer than the column"},
                                                                {"22003", "outside the range"},
                                                                {"22P02", "type of the column"},
                                                                {"22P05", "UTF8"},
                                                                {"22021", "mend it there"},
                                                                {"22008", "range"},
                                                                {"23502", "NOT NULL"},
                                                                {"23503", "session_replication_role"},
                                                                {"23505", "--truncate"},
                                                                {"23514", "check"},
                                                                {"42501", "GRANT INSERT"},
                                                                {"42703", "changed during the run"},
                                                                {"42704", "ALTER FUNCTION"},
                                                                {"42804", "trigger"},
                                                                {"42883", "ALTER FUNCTION"},
                                                                {"42P01", "ALTER FUNCTION"},
                                                                {"42P07", "drop or rename"},
                                                                {"42710", "drop or rename"},
                                                                {"54000", "larger than the target"},
                                                                {"53100", "make room"},
                                                                {"53200", "memory"},
                                                                {"55P03", "lock"},
                                                                {"57014", "statement_timeout"},
                                                                {"0A000", "feature"},
                                                                {"25006", "standby"},
                                                                {"P0001", "DISABLE TRIGGER"}};
  std::string there;
  std::string here = "create table plain (id int);";
  for (const auto& [state, hint] : states) {
    there += fmt::format("create table t{0} (id int); insert into t{0} values (1);", state);
    here += fmt::format(
        "create function f{0}(int) returns boolean language plpgsql as $$ begin raise 'refused' using errcode = '{0}'; "
        "end $$; "
        "create table \"t{0}\" (id int check (f{0}(id)));",
        state);
  }
  source.exec(there);
  target.exec(here);
  const RunResult result = run({"mysql2pgsql", "-j", "1", "--report", "report.json"});
  EXPECT_NE(result.exit_code, 0);
  for (const auto& [state, hint] : states) {
    const auto error = report_table("t" + state).at("error");
    EXPECT_EQ(error.at("sqlstate"), state);
    EXPECT_HAS(error.at("hint").get<std::string>(), hint) << error.dump(2);
  }
}

// What the source refuses: rights, queries, tables that cannot be read.
TEST_F(Hints, ForWhatTheSourceRefuses) {
  source.exec(
      "create table t (id int primary key); create table lower1 (id int) engine = myisam; create table lower2 (id int) "
      "engine = myisam; create table merged (id int) engine = merge union = (lower1, lower2); drop table lower2");
  target.exec("create table t (id int); create table t1 (id int); create table t2 (id int); create table t3 (id int)");
  table_list("t1 : select id from nowhere\nt2 : select nothing from t\nt3 : select id fron t\nt\n");
  const RunResult queries = run({"mysql2pgsql", "-l", "tab_list.txt", "--report", "report.json"});
  EXPECT_EQ(queries.exit_code, 3) << queries.describe();
  EXPECT_HAS(report_table("t1").at("error").at("hint").get<std::string>(), "check the table's name");
  EXPECT_HAS(report_table("t2").at("error").at("hint").get<std::string>(), "no such column");
  EXPECT_HAS(report_table("t3").at("error").at("hint").get<std::string>(), "does not understand");
  EXPECT_EQ(report_table("t").at("status"), "done");
  const RunResult all = run({"mysql2pgsql", "--create", "--truncate", "--report", "report.json"});
  EXPECT_EQ(all.exit_code, 3) << all.describe();
  EXPECT_HAS(report_table("merged").at("error").at("hint").get<std::string>(), "MERGE");
}

TEST_F(Hints, ForRightsThatTheSourceDoesNotGive) {
  source.exec("create table t (id int primary key); create table hidden (id int primary key)");
  target.exec("create table t (id int)");
  const MysqlUser user(source, fmt::format("grant select on {}.t", source.name()));
  dir.write_file("my.cfg", my_cfg(mysql_section(user.access(), source.name()), target.conninfo()));
  table_list("t : select id from hidden\n");
  const RunResult table = run({"mysql2pgsql", "-l", "tab_list.txt"});
  EXPECT_EQ(table.exit_code, 3) << table.describe();
  EXPECT_HAS(table.err, "HINT: GRANT SELECT ON the table");
  dir.write_file("my.cfg", my_cfg(mysql_section(user.access(), "mysql"), target.conninfo()));
  const RunResult database = run({"mysql2pgsql"});
  EXPECT_EQ(database.exit_code, 3) << database.describe();
  EXPECT_HAS(database.err, "HINT: GRANT SELECT ON the database");
  dir.write_file("my.cfg", my_cfg(mysql_section({"", "127.0.0.1", 1, "root", ""}, "x"), target.conninfo()));
  const RunResult nowhere = run({"mysql2pgsql"});
  EXPECT_EQ(nowhere.exit_code, 3) << nowhere.describe();
  EXPECT_HAS(nowhere.err, "HINT: check that the server runs");
}

// The rows are fine, and a full-text index over them cannot be.
TEST_F(Hints, ForAFullTextIndexOverLongTexts) {
  source.exec(
      "create table batches (id int auto_increment primary key, payload mediumtext, fulltext key search (payload)) "
      "engine = myisam character set latin1");
  std::string text;
  for (int i = 0; i < 150000; ++i) text += fmt::format("{:08x} ", static_cast<unsigned>(i) * 2654435761U);
  source.exec("insert into batches (payload) values ('" + text + "')");
  const RunResult result = run({"mysql2pgsql", "--create", "--report", "report.json"});
  EXPECT_EQ(result.exit_code, kTargetFailed) << result.describe();
  const auto error = report_table("batches").at("post_load_errors").at(0);
  EXPECT_EQ(error.at("sqlstate"), "54000");
  EXPECT_HAS(error.at("hint").get<std::string>(), "left(");
  EXPECT_EQ(target.value("select count(*) from batches"), "1");
}

// Notes name what they are about, and what tables share stands once.
TEST_F(Hints, NotesNameKeysThatCompareWithoutCase) {
  std::string sql;
  for (int i = 1; i <= 15; ++i)
    sql += fmt::format(
        "create table t{} (id int primary key, email varchar(50), unique key by_email (email), at timestamp not null "
        "default current_timestamp on update current_timestamp) character set utf8mb4 collate utf8mb4_general_ci;",
        i);
  source.exec(sql);
  const RunResult result = run({"mysql2pgsql", "--create", "--report", "report.json"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_HAS(result.err, "compares without case on the source and with case here (15): t1: key by_email (email), t10");
  EXPECT_HAS(result.err, "and 5 more");
  EXPECT_EQ(count_of(result.err, "ON UPDATE CURRENT_TIMESTAMP was left out"), 1u) << result.err;
  EXPECT_EQ(count_of(report_table("t9").at("notes").dump(), "by_email"), 1u);
}

class PgHints : public PgMigrationTest {};

// Indexes are made with an empty search_path: the server's own hint, to cast, is no help.
TEST_F(PgHints, ForAFunctionThatNamesNoSchema) {
  source.exec(
      "create function n1(t text) returns text language sql immutable as 'select lower(t)';"
      "create function n2(t text) returns text language plpgsql immutable as 'begin return n1(t); end';"
      "create table a (id int primary key, v text); create index a_n2 on a (n2(v)); insert into a values (1, 'x')");
  const RunResult result = run({"pgsql2pgsql", "--create", "--full-only"});
  EXPECT_EQ(result.exit_code, kTargetFailed) << result.describe();
  EXPECT_HAS(result.err, "ALTER FUNCTION public.n2(text) SET search_path = public");
  EXPECT_EQ(result.err.find("INSERT INTO dbsync"), std::string::npos) << result.err;
}

// A key that cannot be made takes the foreign keys to it with it.
TEST_F(PgHints, StandOnceForAKeyAndWhatRefersToIt) {
  source.exec(
      "create table parent (id int, constraint parent_pk primary key (id)); create table child (id int primary key, p "
      "int "
      "references parent (id)); insert into parent values (1); insert into child values (1, 1)");
  target.exec("create sequence parent_pk");
  const RunResult result = run({"pgsql2pgsql", "--create", "--full-only"});
  EXPECT_EQ(result.exit_code, kTargetFailed) << result.describe();
  EXPECT_HAS(result.err, "drop or rename it");
  EXPECT_EQ(result.err.find("42830"), std::string::npos) << result.err;
  EXPECT_HAS(result.err, "since a key of public.parent could not be made");
}

}  // namespace

}  // namespace dbsync::test
