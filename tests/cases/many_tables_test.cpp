// Very many tables.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/own_server.h"
#include "tests/harness/pg_migration.h"

namespace dbsync::test {

namespace {

using PgManyTablesTest = PgMigrationTest;

// In transactions of a hundred, for servers with room for few locks.
void make_tables(const std::string& conninfo, int hundreds) {
  PgSession session(conninfo);
  for (int i = 0; i < hundreds; ++i)
    session.run(fmt::format(
        "do $$ begin for i in 1..100 loop execute format('create table t{}_%s (id int)', i); end loop; end $$", i));
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

}  // namespace

}  // namespace dbsync::test
