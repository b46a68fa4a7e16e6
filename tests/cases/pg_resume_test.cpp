// Copies of pgsql2pgsql that end too early and those that go on with them.
#include <fmt/format.h>

#include "tests/harness/environment.h"
#include "tests/harness/kill_load.h"
#include "tests/harness/pg_migration.h"

namespace dbsync::test {
namespace {

constexpr int kTables = 6;
constexpr int kTargetFailed = 4;

class PgResumeTest : public PgMigrationTest {
 protected:
  // Small and large ones, one without a key; a foreign key between two.
  void make_tables(int tables, int rows) {
    for (int i = 0; i < tables; ++i)
      source.exec(
          fmt::format("create table t{0} (id bigint {1}, n int not null, note text);"
                      "insert into t{0} select i, i % 1000, 'row ' || i || ' of {0}' from generate_series(1, {2}) i;"
                      "create index on t{0} (n)",
                      i, i == 1 ? "not null" : "primary key", rows * (1 + i % 4)));
    source.exec(tables > 3 ? "alter table t0 add foreign key (id) references t3; analyze" : "analyze");
  }
  long long all_rows(int tables) {
    std::string sql = "select 0";
    for (int i = 0; i < tables; ++i) sql += fmt::format(" + (select count(*) from t{})", i);
    return std::stoll(source.value(sql));
  }
  void expect_equal(int tables) {
    for (int i = 0; i < tables; ++i)
      EXPECT_EQ(rows_differ(fmt::format(
                    "select count(*), count(distinct id), sum(n), sum(hashtext(note)::bigint) from t{}", i)),
                "")
          << i;
    EXPECT_EQ(rows_differ("select indexdef from pg_indexes where schemaname = 'public' order by 1"), "");
    EXPECT_EQ(rows_differ(
                  "select conname, convalidated from pg_constraint c join pg_namespace n on n.oid = connamespace where "
                  "nspname = 'public' and contype <> 'n' order by 1"),
              "");
  }
};

// DBSYNC_KILLS, DBSYNC_KILL_TABLES, DBSYNC_KILL_ROWS and DBSYNC_KILL_LONGEST (ms
// until a kill, at most) make it longer.
TEST_F(PgResumeTest, KilledAtRandomMomentsLoadsEachChunkOnce) {
  const int rows = number_from_environment("DBSYNC_KILL_ROWS", 20000);
  const int tables = number_from_environment("DBSYNC_KILL_TABLES", kTables);
  make_tables(tables, rows);
  const KillPlan plan = KillPlan::from_environment({10, 500, all_rows(tables)});
  kill_and_resume(plan, {"pgsql2pgsql", "--full-only", "--create", "-j", "3", "--chunk-size", "256kB"}, here(), target,
                  [&] { expect_equal(tables); });
}

TEST_F(PgResumeTest, AnIndexOfALongDefinitionIsNoted) {
  make_tables(1, 100);
  source.exec(
      "do $$ begin execute 'create index long on t0 (n) where note not in (' || (select "
      "string_agg(quote_literal(md5(i::text)), ',') from generate_series(1, 150) i) || ')'; end $$");
  for (const char* option : {"--create", "--resume"}) {
    const RunResult result = run({"pgsql2pgsql", "--full-only", option});
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    expect_equal(1);
  }
}

TEST_F(PgResumeTest, ResumeLoadsWhatIsMissingAndRestartAll) {
  make_tables(kTables, 3000);
  // Refused half-way through one table.
  source.exec("alter table t3 add check (true)");
  ASSERT_EQ(target.load_with_psql(run({"pgsql2pgsql", "-d", "--section", "pre-data"}).out).exit_code, 0);
  target.exec(
      "create function refuse(id bigint) returns boolean language plpgsql as $$ begin if id > 2500 then raise 'not "
      "yet'; "
      "end if; return true; end $$; alter table t3 add constraint refuse check (refuse(id))");
  const std::vector<std::string> copy{"pgsql2pgsql", "--full-only", "-j", "2", "--chunk-size", "64kB"};
  RunResult result = run(copy);
  EXPECT_EQ(result.exit_code, kTargetFailed) << result.describe();
  EXPECT_NE(result.err.find("--resume"), std::string::npos) << result.err;
  target.exec("alter table t3 drop constraint refuse; update t0 set note = 'touched' where id = 1");
  auto with = copy;
  with.emplace_back("--resume");
  result = run(with);
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(rows_differ("select count(*), sum(n) from t3"), "");
  EXPECT_EQ(target.value("select note from t0 where id = 1"), "touched") << "a complete table stays as it is";
  with.back() = "--restart";
  result = run(with);
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  for (int i = 0; i < kTables; ++i) EXPECT_EQ(rows_differ(fmt::format("select count(*), sum(n) from t{}", i)), "") << i;
}

}  // namespace
}  // namespace dbsync::test
