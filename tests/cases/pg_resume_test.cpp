// Copies of pgsql2pgsql that end too early and those that go on with them.
#include <chrono>
#include <csignal>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "tests/harness/environment.h"
#include "tests/harness/pg_migration.h"

namespace dbsync::test {
namespace {

constexpr int kTables = 6;
constexpr int kTargetFailed = 4;

class PgResumeTest : public PgMigrationTest {
 protected:
  // Small and large ones, one partitioned, one without a key; foreign keys between them.
  void make_tables(int rows) {
    for (int i = 0; i < kTables; ++i)
      source.exec(fmt::format("create table t{0} (id bigint {1}, n int not null, note text);"
                              "insert into t{0} select i, i % 1000, 'row ' || i || ' of {0}' from generate_series(1, {2}) i;"
                              "create index on t{0} (n)",
                              i, i == 1 ? "not null" : "primary key", rows * (1 + i % 3)));
    source.exec("alter table t2 add foreign key (id) references t5; analyze");
  }
  void expect_equal() {
    for (int i = 0; i < kTables; ++i)
      EXPECT_EQ(rows_differ(fmt::format("select count(*), count(distinct id), sum(n), sum(hashtext(note)::bigint) from t{}", i)), "") << i;
    EXPECT_EQ(rows_differ("select indexdef from pg_indexes where schemaname = 'public' order by 1"), "");
    EXPECT_EQ(rows_differ("select conname, convalidated from pg_constraint c join pg_namespace n on n.oid = connamespace where "
                          "nspname = 'public' and contype <> 'n' order by 1"), "");
  }
};

TEST_F(PgResumeTest, KilledAtRandomMomentsLoadsEachChunkOnce) {
  make_tables(20000);
  std::vector<std::string> args{"pgsql2pgsql", "--full-only", "--create", "-j", "3", "--chunk-size", "256kB"};
  std::mt19937 random(20261124);
  const int kills = number_from_environment("DBSYNC_KILLS", 10);
  int hits = 0;
  for (int i = 0; i < kills; ++i) {
    Program program(args, here());
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 500));
    program.signal(SIGKILL);
    if (program.wait().exit_code != 0) ++hits;
    if (i == 0) args.emplace_back("--resume");
  }
  EXPECT_GT(hits, 0) << "every run was faster than its kill";
  const RunResult result = run(args);
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  expect_equal();
}

TEST_F(PgResumeTest, ResumeLoadsWhatIsMissingAndRestartAll) {
  make_tables(3000);
  // Refused half-way through one table.
  source.exec("alter table t3 add check (true)");
  ASSERT_EQ(target.load_with_psql(run({"pgsql2pgsql", "-d", "--section", "pre-data"}).out).exit_code, 0);
  target.exec("create function refuse() returns trigger language plpgsql as $$ begin if new.id > 2500 then raise 'not yet'; "
              "end if; return new; end $$; create trigger refuse before insert on t3 for each row execute procedure refuse()");
  const std::vector<std::string> copy{"pgsql2pgsql", "--full-only", "-j", "2", "--chunk-size", "64kB"};
  RunResult result = run(copy);
  EXPECT_EQ(result.exit_code, kTargetFailed) << result.describe();
  EXPECT_NE(result.err.find("--resume"), std::string::npos) << result.err;
  target.exec("drop trigger refuse on t3; delete from t0 where id = 1");
  auto with = copy;
  with.emplace_back("--resume");
  result = run(with);
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(rows_differ("select count(*), sum(n) from t3"), "");
  EXPECT_EQ(target.value("select count(*) from t0 where id = 1"), "0") << "a complete table stays as it is";
  with.back() = "--restart";
  result = run(with);
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  for (int i = 0; i < kTables; ++i) EXPECT_EQ(rows_differ(fmt::format("select count(*), sum(n) from t{}", i)), "") << i;
}

}  // namespace
}  // namespace dbsync::test
