// Very many tables, and where the time of a copy goes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/migration.h"
#include "tests/harness/own_server.h"
#include "tests/harness/pg_migration.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using ManyTablesTest = MigrationTest;
using PgManyTablesTest = PgMigrationTest;

// In transactions of a hundred, for servers with room for few locks.
void make_tables(const std::string& conninfo, int hundreds) {
  PgSession session(conninfo);
  for (int i = 0; i < hundreds; ++i)
    session.run(fmt::format(
        "do $$ begin for i in 1..100 loop execute format('create table t{}_%s (id int)', i); end loop; end $$", i));
}

TEST_F(ManyTablesTest, SummaryAndStatusAreCutAndTheReportIsWhole) {
  for (int i = 0; i < 60; ++i) source.exec(fmt::format("create table t{} (id int primary key)", i));
  target.exec("create view t59 as select 1");
  const RunResult result = run({"mysql2pgsql", "--create", "--report", "report.json"});
  EXPECT_NE(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.err.find("and 10 more tables; --report FILE tells of all of them"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("\nt59 "), std::string::npos) << "what failed is shown: " << result.err;
  EXPECT_EQ(report().at("tables").size(), 60U);
  const std::string status = run({"mysql2pgsql", "--status"}).out;
  EXPECT_NE(status.find("and 10 more tables; --status --json tells of all of them"), std::string::npos) << status;
  EXPECT_NE(status.find("\nt59 "), std::string::npos) << status;
  EXPECT_EQ(nlohmann::json::parse(run({"mysql2pgsql", "--status", "--json"}).out).at("tables").size(), 60U);
}

// A snapshot is one transaction, and that keeps a lock on each table that it has read.
TEST_F(PgManyTablesTest, LocksOfTablesThatWereReadAreGivenBack) {
  constexpr int kHundreds = 20;
  OwnServer small("postgres", "locks-of-reads",
                  {"-c", "max_locks_per_transaction=10", "-c", "max_connections=20", "-c", "wal_level=logical"});
  make_tables(small.conninfo(), kHundreds);
  make_tables(target.conninfo(), kHundreds);
  PgSession(small.conninfo()).run("insert into t19_100 values (1), (2)");
  configure_from(small.conninfo());
  const RunResult result = run({"pgsql2pgsql", "--full-only", "-q", "-j", "2"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value("select count(*) from t19_100"), "2");
}

// No snapshot shows what a TRUNCATE between two chunks has taken away, so it has to wait.
TEST_F(PgManyTablesTest, ATableInChunksIsNotEmptiedBetweenThem) {
  constexpr int kRows = 40000;
  const std::string made = "create table big (id int primary key, v text)";
  for (int i = 0; i < 60; ++i) source.exec(fmt::format("create table t{0} (id int)", i));
  for (int i = 0; i < 60; ++i) target.exec(fmt::format("create table t{0} (id int)", i));
  source.exec(made + fmt::format("; insert into big select i, repeat('x', 200) from generate_series(1, {}) i; "
                                 "analyze big",
                                 kRows));
  target.exec(made);
  table_list([] {
    std::string list;
    for (int i = 0; i < 60; ++i) list += fmt::format("t{}\n", i);
    return list + "big\n";
  }());
  Program program({"pgsql2pgsql", "--full-only", "-q", "-l", "tab_list.txt", "-j", "1", "--chunk-size", "64kB",
                   "--max-rate", "15000"},
                  here());
  ASSERT_TRUE(eventually([&] { return target.value("select count(*) > 20000 from big") == "t"; }));
  EXPECT_THROW(source.exec("set lock_timeout = '300ms'; truncate big"), std::runtime_error);
  const RunResult result = program.wait();
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value("select count(*) from big"), std::to_string(kRows));
}

// Settings of a session are as they were when locks are given back: rows of queries, which
// find their tables by search_path, among rows of tables.
TEST_F(PgManyTablesTest, QueriesAmongManyTablesFindTheirNames) {
  constexpr int kTables = 120;
  std::string list;
  for (int i = 0; i < kTables; ++i) {
    const std::string made = fmt::format("create table t{} (id int); create table q{} (id int)", i, i);
    target.exec(made);
    source.exec(made + fmt::format("; insert into t{} values ({})", i, i));
    list += fmt::format("t{}\nq{} : select id + 1 as id from t{}\n", i, i, i);
  }
  table_list(list);
  const RunResult result = run({"pgsql2pgsql", "--full-only", "-q", "-l", "tab_list.txt", "-j", "1"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  std::string sum;
  for (int i = 0; i < kTables; ++i) sum += fmt::format("{}(select sum(id) from q{})", i == 0 ? "select " : " + ", i);
  EXPECT_EQ(target.value(sum), std::to_string(kTables * (kTables + 1) / 2));
}

// Each line but the first has a fault of its own, found for all of them at once.
TEST_F(ManyTablesTest, AListOfVeryManyLines) {
  constexpr int kLines = 30000;
  source.exec("create table t (id int primary key); insert into t values (1), (2)");
  std::string list = "t\n";
  for (int i = 1; i < kLines; ++i) list += fmt::format("lacking_{}\n", i);
  table_list(list);
  const RunResult result = run({"mysql2pgsql", "--create", "-l", "tab_list.txt", "-q"});
  EXPECT_EQ(result.exit_code, 3) << result.describe();
  EXPECT_EQ(target.value("select count(*) from t"), "2");
  EXPECT_NE(result.err.find("the same error 29998 times more: lacking_2, "), std::string::npos) << result.err;
}

// As many columns as InnoDB has room for.
TEST_F(ManyTablesTest, AThousandColumns) {
  constexpr int kColumns = 1017;
  std::string columns;
  std::string sum;
  for (int i = 1; i <= kColumns; ++i) columns += fmt::format("{}c{} int default {}", i > 1 ? ", " : "", i, i);
  for (int i = 1; i <= kColumns; ++i) sum += fmt::format("{}c{}::bigint", i > 1 ? " + " : "", i);
  source.exec("create table wide (" + columns + "); insert into wide () values (), ()");
  const RunResult result = run({"mysql2pgsql", "--create", "--verify", "-q"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value("select string_agg((" + sum + ")::text, ' ') from wide"), "517653 517653");
}

// As many as PostgreSQL has.
TEST_F(PgManyTablesTest, AThousandColumns) {
  constexpr int kColumns = 1600;
  std::string columns;
  for (int i = 1; i <= kColumns; ++i) columns += fmt::format("{}c{} int default {}", i > 1 ? ", " : "", i, i);
  source.exec("create table wide (" + columns + "); insert into wide default values; insert into wide default values");
  const RunResult result = run({"pgsql2pgsql", "--create", "--full-only", "--verify", "-q"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(rows_differ("select * from wide"), "");
}

// What rows wait for is told: here a target that takes its time.
TEST_F(ManyTablesTest, TheReportSaysWhatWorkersWaitedFor) {
  source.exec("create table t (id int primary key); insert into t values (1), (2), (3)");
  target.exec(
      "create function slow(id int) returns boolean language plpgsql as $$ begin perform pg_sleep(0.8); return true; "
      "end $$; create table t (id int primary key, check (slow(id)))");
  const RunResult result = run({"mysql2pgsql", "-j", "1", "--report", "report.json", "--metrics-file", "dbsync.prom"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  const auto json = report();
  const auto& spent = json.at("worker_seconds");
  EXPECT_GE(spent.at("target").get<double>(), 2.4);
  EXPECT_LT(spent.at("source").get<double>(), spent.at("target").get<double>());
  EXPECT_GE(report_table("t").at("worker_seconds").at("target").get<double>(), 2.4);
  EXPECT_NE(result.err.find("% waiting for the target"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("HINT: the target is what takes the time"), std::string::npos) << result.err;
  EXPECT_NE(dir.read_file("dbsync.prom").find("dbsync_worker_seconds_total{program=\"mysql2pgsql\""),
            std::string::npos);
  EXPECT_NE(run({"mysql2pgsql", "--status"}).out.find("% waiting for the target"), std::string::npos);
}

// The age of the snapshot and what the source keeps for it, of a copy that takes a while.
TEST_F(ManyTablesTest, TheReportTellsTheHistoryOfTheSnapshot) {
  source.exec(
      "create table t (id int primary key); insert into t values (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)");
  const RunResult result = run({"mysql2pgsql", "--create", "-j", "1", "--max-rate", "2", "--report", "report.json"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  const std::string history = report().at("snapshot").value("history", "");
  EXPECT_NE(history.find(" old; the source keeps "), std::string::npos) << history;
  EXPECT_NE(history.find("history list"), std::string::npos) << history;
  EXPECT_GE(report().at("worker_seconds").at("limit").get<double>(), 3.0);
}

TEST_F(PgManyTablesTest, TheReportTellsTheHistoryOfTheSnapshot) {
  source.exec("create table t (id int primary key); insert into t select generate_series(1, 10)");
  target.exec("create table t (id int primary key)");
  const RunResult result = run({"pgsql2pgsql", "--full-only", "-j", "1", "--max-rate", "2", "--report", "report.json"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  const auto json = nlohmann::json::parse(dir.read_file("report.json"));
  EXPECT_NE(json.at("snapshot").value("history", "").find("age of its xmin"), std::string::npos) << json.dump(2);
}

}  // namespace

}  // namespace dbsync::test
