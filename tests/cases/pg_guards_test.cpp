// pgsql2pgsql into tables that have foreign keys and triggers, of its own making or not.
#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/check_support.h"
#include "tests/harness/environment.h"
#include "tests/harness/kill_load.h"
#include "tests/harness/pg_migration.h"

namespace dbsync::test {
namespace {

// Names of the parts of a key to a partitioned table are the servers' to choose.
constexpr char kKeys[] =
    "select conrelid::regclass::text, case when conislocal then conname end, pg_get_constraintdef(c.oid), "
    "convalidated, obj_description(c.oid, 'pg_constraint') "
    "from pg_constraint c where contype = 'f' and connamespace = 'public'::regnamespace order by 1, 2, 3";
constexpr char kTriggers[] =
    "select tgrelid::regclass::text, tgname, tgenabled from pg_trigger where not tgisinternal order by 1, 2";
const std::vector<std::string> kTables{"acc", "audit", "ledger", "tree", "part_child"};

class PgGuardsTest : public PgMigrationTest {
 protected:
  // Keys in a circle, within a table, from and to partitioned tables, and triggers that
  // would change what is copied.
  void make_source(int rows) {
    source.exec(fmt::format(R"(
      create table acc (id int primary key, best int, n int);
      create table audit (id serial primary key, what text);
      create table tree (id int primary key, up int references tree);
      create table ledger (id int, part int, acc int not null references acc, primary key (id, part)) partition by list (part);
      create table ledger_0 partition of ledger for values in (0);
      create table ledger_1 partition of ledger for values in (1);
      create table part_child (id int primary key, acc int references acc deferrable initially deferred);
      alter table acc add constraint best foreign key (best) references part_child;
      comment on constraint best on acc is 'the best one';
      insert into acc select i, null, i from generate_series(1, {0}) i;
      insert into part_child select i, i from generate_series(1, {0}) i;
      update acc set best = id where id % 2 = 0;
      insert into tree select i, nullif(i * 13 % {0}, 0) from generate_series(1, {0}) i;
      insert into ledger select i, i % 2, i from generate_series(1, {0}) i;
      insert into audit values (5000, 'x');
      create function f() returns trigger language plpgsql as $$ begin insert into public.audit (what) values (tg_op);
        if tg_op = 'INSERT' then new.n := new.n + 1000; end if; return new; end $$;
      create trigger tr before insert on acc for each row execute function f();
      create trigger al before insert on acc for each row execute function f();
      alter table acc enable always trigger al;
      create trigger em before truncate on acc for each statement execute function f();
      analyze)",
                            rows));
    if (source.version() >= 120000)
      source.exec(
          "create table to_part (id int primary key, part int, foreign key (id, part) references ledger (id, part)); "
          "insert into to_part select id, part from ledger");
  }

  void expect_same() {
    for (const std::string& table : kTables)
      EXPECT_EQ(rows_differ(fmt::format("select * from {} order by 1", table)), "") << table;
    EXPECT_EQ(rows_differ(kKeys), "");
    EXPECT_EQ(rows_differ(kTriggers), "");
  }

  void be_owner() {
    role_ = std::make_unique<PgRole>(target);
    target.exec(fmt::format("grant create on database {1} to {0}; grant all on schema public to {0}", role_->name(),
                            target.name()));
    for (const Row& row : target.query("select quote_ident(relname) from pg_class c where relkind in ('r', 'p') and "
                                       "relnamespace = 'public'::regnamespace"))
      target.exec(fmt::format("alter table {} owner to {}", *row[0], role_->name()));
    dir.write_file("my.cfg",
                   fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n",
                               source.conninfo(), role_->conninfo()));
  }

  std::unique_ptr<PgRole> role_;
};

// What --create has made is loaded again.
TEST_F(PgGuardsTest, RestartGivesTheSameAsTheFirstTime) {
  if (source.version() < 120000) GTEST_SKIP() << "keys to partitioned tables came with 12";
  make_source(300);
  for (const char* option : {"--create", "--restart", "--truncate"}) {
    const RunResult result = run({"pgsql2pgsql", "--full-only", "--create", option, "--verify"});
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    expect_same();
  }
}

// Tables that an application has made, into which rows come by --append and --truncate.
TEST_F(PgGuardsTest, TablesOfAnApplicationAreLoadedWhateverTheirKeysAre) {
  if (source.version() < 120000) GTEST_SKIP() << "keys to partitioned tables came with 12";
  make_source(300);
  ASSERT_EQ(target.load_with_psql(run({"pgsql2pgsql", "-d"}).out).exit_code, 0);
  RunResult result = run({"pgsql2pgsql", "--full-only"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  expect_same();
  target.exec(
      "set session_replication_role = replica; insert into acc values (9999, 12345, 1); delete from tree where id < 9; "
      "set session_replication_role = origin");
  result = run({"pgsql2pgsql", "--full-only", "--truncate", "--verify", "--exclude", "nothing"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  expect_same();
  // A partition alone: its rows are referred to as rows of the whole.
  if (source.version() >= 120000) {
    result = run({"pgsql2pgsql", "--full-only", "--truncate", "--include", "ledger_1"});
    EXPECT_EQ(result.exit_code, 4) << result.describe();
    EXPECT_NE(result.err.find("public.to_part is not emptied"), std::string::npos) << result.err;
    expect_same();
  }
}

// DBSYNC_RUNBOOK_KILLS makes it longer.
TEST_F(PgGuardsTest, KilledAtRandomMomentsAnOwnersKeysAndTriggersAreWhatTheyWere) {
  if (source.version() < 120000) GTEST_SKIP() << "keys to partitioned tables came with 12";
  constexpr int kRows = 20000;
  make_source(kRows);
  ASSERT_EQ(target.load_with_psql(run({"pgsql2pgsql", "-d"}).out).exit_code, 0);
  be_owner();
  const KillPlan plan{number_from_environment("DBSYNC_RUNBOOK_KILLS", 4), 700,
                      kRows * (source.version() >= 120000 ? 5 : 4), false};
  kill_and_resume(plan, {"pgsql2pgsql", "--full-only", "--truncate", "-j", "3", "--chunk-size", "256kB"}, here(),
                  target, [] {});
  expect_same();
  EXPECT_EQ(target.value("select count(*) from dbsync.copy_guard"), "0");
}

}  // namespace
}  // namespace dbsync::test
