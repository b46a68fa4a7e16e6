// pgsql2pgsql --resync: one table of a task is copied again, exactly at the position that
// the others have by then, whatever stops it.
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/background.h"
#include "tests/harness/follow_fixture.h"
#include "tests/harness/source_db.h"

namespace dbsync::test {

namespace {

using namespace std::chrono_literals;

constexpr int kConfig = 2;
constexpr int kSourceFailed = 3;
constexpr int kTargetFailed = 4;
constexpr int kDataDiffers = 5;

class FollowResync : public FollowTest {
 protected:
  void begin_with(const std::string& tables) {
    both(tables);
    go_on();
  }
  void go_on() {
    const RunResult result = run({"--end-at", "now"});
    ASSERT_EQ(result.exit_code, 0) << result.describe();
  }
  void resync(const std::string& table, int status = 0) {
    last_ = run({"--resync", table});
    ASSERT_EQ(last_.exit_code, status) << last_.describe();
  }
  // Two tables and a log of what was done to them; the target's logs have no keys, so that
  // what comes twice is seen.
  void begin_accounts(int rows) {
    for (const char* table : {"damaged", "other"}) {
      source.exec(
          fmt::format("create table {0} (id int primary key, v int, note text); create table {0}_log (n int "
                      "primary key); insert into {0} select i, 0, repeat('n', 200) from generate_series(1, "
                      "{1}) i",
                      table, rows));
      target.exec(
          fmt::format("create table {0} (id int primary key, v int, note text); create table {0}_log (n int)", table));
    }
    go_on();
  }
  void expect_accounts() {
    for (const char* table : {"damaged", "damaged_log", "other", "other_log"}) expect_same_table(table);
  }
  std::string state() {
    return target.value("select max(state) from dbsync.apply_progress where task not like '% (resync)'");
  }
  std::string resync_state() {
    return target.value("select coalesce(max(state), '') from dbsync.apply_progress where task like '% (resync)'");
  }
  void expect_nothing_left() {
    EXPECT_EQ(state(), "following");
    EXPECT_EQ(resync_state(), "");
    EXPECT_EQ(target.value("select count(*) from dbsync.apply_resync"), "0");
    EXPECT_EQ(source.value("select count(*) from pg_replication_slots where database = current_database()"), "1");
  }
  bool arrives(const std::string& query, const std::string& value) {
    return eventually([&] { return target.value(query) == value; });
  }
  // So the others are beyond what was done before.
  void another_arrives(const Program& program) {
    source.exec(
        "update other set v = v + 1 where id < 20; insert into other_log select coalesce(max(n), 0) + 1 from "
        "other_log");
    EXPECT_TRUE(arrives("select count(*) from other_log", source.value("select count(*) from other_log")))
        << program.err_so_far();
  }
  RunResult last_;
};

// Changes all four tables in each transaction.
std::function<void(int)> changes(const std::string& conninfo) {
  return [session = std::make_shared<PgSession>(conninfo)](int n) {
    std::string sql = "begin;";
    for (const char* table : {"damaged", "other"})
      sql += fmt::format(
          "update {0} set v = v + 1 where id = {1}; delete from {0} where id = {2}; insert into {0} values "
          "({2}, 0, 'again'); insert into {0}_log values ({3});",
          table, 1 + n % 500, 501 + n % 400, n);
    session->run(sql + "commit");
  };
}

TEST_F(FollowResync, MendsADamagedTableWhileAllAreWrittenTo) {
  begin_accounts(2000);
  Background writer(changes(source.conninfo()));
  target.exec("delete from damaged where id % 2 = 0; update damaged set v = -1; truncate damaged_log");
  last_ = run({"--resync", "public.damaged", "--resync", "damaged_l*", "--report", "report.json"});
  EXPECT_EQ(last_.exit_code, 0) << last_.describe();
  expect_has(last_.err, "copied again: public.damaged, public.damaged_log; the other tables stay");
  EXPECT_EQ(state(), "following");
  EXPECT_EQ(target.value("select count(*) from dbsync.apply_resync"), "0");
  const std::string report = read_file(dir.path() / "report.json");
  EXPECT_NE(report.find("public.damaged_log"), std::string::npos) << report;
  EXPECT_EQ(report.find("other"), std::string::npos) << "only what was copied again is in the report: " << report;
  writer.stop();
  go_on();
  expect_accounts();
}

// Each time it is another kind of run that finishes what was begun.
TEST_F(FollowResync, AKillAtAnyMomentLosesNothing) {
  begin_accounts(3000);
  std::mt19937 random(11);
  const std::vector<std::vector<std::string>> next{
      {"--end-at", "now"}, {"--follow-only", "--end-at", "now"}, {"--resync", "other"}};
  Background writer(changes(source.conninfo()));
  for (const auto& command : next) {
    target.exec("update damaged set v = -7");
    Program program({"pgsql2pgsql", "--resync", "damaged", "--max-rate", "6000"}, here());
    std::this_thread::sleep_for(100ms + std::chrono::milliseconds(random() % 700));
    program.signal(SIGKILL);
    program.wait();
    const bool begun = state() == "copying";
    const RunResult result = run(command);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(state(), "following");
    if (!begun) resync("damaged");
  }
  writer.stop();
  go_on();
  expect_accounts();
}

// The target's table is in use, so that its copy waits.
TEST_F(FollowResync, TheOthersAreFollowedWhileItIsCopied) {
  begin_accounts(100);
  target.exec("update damaged set v = -1");
  PgSession reader(target.conninfo());
  reader.run("begin; lock table damaged in access share mode");
  Program program({"pgsql2pgsql", "--resync", "damaged"}, here());
  ASSERT_TRUE(eventually([this] { return resync_state() == "copying"; })) << program.err_so_far();
  source.exec(
      "update damaged set v = 5 where id <= 50; delete from damaged where id = 60; insert into damaged values (200); "
      "update other set v = 5; insert into other_log values (1)");
  EXPECT_TRUE(arrives("select count(*) from other_log", "1")) << program.err_so_far();
  expect_has(run({"--status"}).out, "public.damaged: rows as of ");
  EXPECT_TRUE(program.running());
  reader.run("commit");
  const RunResult result = program.wait();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  expect_same_table("damaged");
  expect_nothing_left();
  source.exec("update damaged set v = v + 1; insert into damaged_log values (1)");
  go_on();
  expect_accounts();
}

// A killed run goes on from what is on the target: an unfinished copy is begun anew, a
// finished one gets the changes since.
TEST_F(FollowResync, IsKilledWhileItIsCopiedAndWhileItCatchesUp) {
  begin_accounts(100);
  source.exec("insert into damaged_log values (0)");  // what is empty is not emptied
  go_on();
  for (const char* until : {"copying", "following"}) {
    target.exec("update damaged set v = -1");
    PgSession reader(target.conninfo());
    reader.run("begin; lock table damaged_log in access share mode");
    Program program({"pgsql2pgsql", "--resync", "damaged", "--resync", "damaged_log"}, here());
    ASSERT_TRUE(eventually([this] { return resync_state() == "copying"; })) << program.err_so_far();
    PgSession writer(target.conninfo());
    if (until == std::string("following")) {
      EXPECT_TRUE(arrives("select count(*) from damaged where v = -1", "0")) << program.err_so_far();
      writer.run("begin; insert into damaged values (900)");  // what comes waits for its end
      source.exec("insert into damaged values (900); insert into damaged_log values (900)");
      another_arrives(program);
      reader.run("commit");
      EXPECT_TRUE(eventually([this] { return resync_state() == "following"; })) << program.err_so_far();
      expect_has(run({"--status"}).out, "copied; the changes up to ");
    }
    another_arrives(program);
    program.signal(SIGKILL);
    program.wait();
    reader.run("rollback");
    writer.run("rollback");
    const RunResult result = run({"--follow-only", "--end-at", "now"});
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    const bool went_on = result.err.find("copied before: public.damaged, public.damaged_log") != std::string::npos;
    EXPECT_EQ(went_on, until == std::string("following")) << result.describe();
    expect_nothing_left();
    expect_accounts();
  }
}

// What stands in the log behind the copy cannot be applied: another copy helps.
TEST_F(FollowResync, IsCopiedAnewWhenItCannotCatchUp) {
  begin_accounts(100);
  source.exec("insert into damaged_log values (0)");
  go_on();
  target.exec("update damaged set v = -1");
  PgSession reader(target.conninfo());
  reader.run("begin; lock table damaged_log in access share mode");
  Program program({"pgsql2pgsql", "--resync", "damaged", "--resync", "damaged_log"}, here());
  ASSERT_TRUE(arrives("select count(*) from damaged where v = -1", "0")) << program.err_so_far();
  source.exec("update damaged set v = 3 where id = 3");
  target.exec("delete from damaged where id = 3");
  another_arrives(program);
  reader.run("commit");
  const RunResult failed = program.wait();
  EXPECT_EQ(failed.exit_code, kDataDiffers) << failed.describe();
  expect_has(failed.err, "the next run copies it again");
  EXPECT_EQ(state(), "copying");
  go_on();
  expect_nothing_left();
  expect_accounts();
}

// Both slots go with the task, and with what begins it anew.
TEST_F(FollowResync, AnUnfinishedOneIsEndedOrBegunAnew) {
  begin_accounts(100);
  const std::string slots = "select count(*) from pg_replication_slots where database = current_database()";
  for (const char* with : {"--restart", "--cleanup"}) {
    PgSession reader(target.conninfo());
    reader.run("begin; lock table damaged in access share mode");
    Program program({"pgsql2pgsql", "--resync", "damaged"}, here());
    ASSERT_TRUE(eventually([this] { return resync_state() == "copying"; })) << program.err_so_far();
    EXPECT_EQ(source.value(slots), "2");
    program.signal(SIGKILL);
    program.wait();
    reader.run("rollback");
    source.exec("update damaged set v = v + 1; update other set v = v + 1");
    const bool ends = with == std::string("--cleanup");
    const RunResult result = ends ? run({with}) : run({with, "--end-at", "now"});
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(source.value(slots), ends ? "0" : "1");
    EXPECT_EQ(resync_state(), "");
    if (!ends) expect_accounts();
  }
}

TEST_F(FollowResync, IsRefusedWhileAnotherRunFollows) {
  begin_with("create table t (id int primary key)");
  Program follower({"pgsql2pgsql"}, here());
  source.exec("insert into t values (1)");
  EXPECT_TRUE(eventually([this] { return target.value("select count(*) from t") == "1"; }));
  resync("t", kTargetFailed);
  expect_has(last_.err, fmt::format("another run is at work on this task: pgsql2pgsql {}@", follower.pid()));
  source.exec("insert into t values (2)");
  EXPECT_TRUE(eventually([this] { return target.value("select count(*) from t") == "2"; }));
  follower.signal(SIGTERM);
  follower.wait();
}

TEST_F(FollowResync, RefusesWhatTheTaskDoesNotFollow) {
  both("create table orders (id int primary key); create table apart (id int primary key)");
  resync("orders", kConfig);
  expect_has(last_.err, "there is no task");
  EXPECT_EQ(slot_column("slot_name"), "") << "a refusal makes nothing";
  const auto refused = [this](const char* table, const char* what) {
    last_ = run({"--exclude", "apart", "--resync", table});
    EXPECT_EQ(last_.exit_code, kConfig) << last_.describe();
    expect_has(last_.err, what);
  };
  ASSERT_EQ(run({"--exclude", "apart", "--end-at", "now"}).exit_code, 0);
  refused("public.order", "did you mean public.orders?");
  refused("apart", "--resync apart: the task");
  resync("orders", kConfig);
  expect_has(last_.err, "this run chooses others");
  EXPECT_EQ(state(), "following");
}

// Keys of other tables refer to it, triggers of its own would act.
TEST_F(FollowResync, ATableThatOthersReferTo) {
  begin_with(
      "create table parent (id int primary key, up int references parent); "
      "create table child (id int primary key, p int references parent on delete cascade)");
  source.exec(
      "insert into parent select i, nullif(i / 2, 0) from generate_series(1, 50) i; insert into child select "
      "i, i from generate_series(1, 50) i");
  go_on();
  target.exec(
      "create table fired (n int); create function fire() returns trigger language plpgsql as $$ begin insert into "
      "fired values (1); return new; end $$; create trigger fires after insert or delete on parent for each row "
      "execute function fire(); set session_replication_role = replica; delete from parent where id > 20; reset "
      "session_replication_role");
  PgSession reader(target.conninfo());
  reader.run("begin; lock table parent in access share mode");
  Program program({"pgsql2pgsql", "--resync", "parent", "--verify"}, here());
  ASSERT_TRUE(eventually([this] { return resync_state() == "copying"; })) << program.err_so_far();
  source.exec("insert into parent values (60, 1), (61, 60); insert into child values (60, 60), (61, 61)");
  EXPECT_TRUE(arrives("select count(*) from child", "52")) << program.err_so_far();
  reader.run("commit");
  const RunResult result = program.wait();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  expect_same_table("parent");
  expect_same_table("child");
  EXPECT_EQ(target.value("select count(*) from fired"), "0");
  EXPECT_EQ(target.value("select count(*) from pg_constraint where contype = 'f' and convalidated"), "2");
  source.exec("delete from parent where id = 50");
  go_on();
  expect_same_table("child");
}

// The role may not keep keys from acting, so they are dropped: rows that refer to what is not
// there yet come meanwhile, and whatever run ends it adds the keys again.
TEST_F(FollowResync, KeysThatAreDroppedComeBack) {
  const std::string role = unique_name() + "_role";
  both(
      "create table parent (id int primary key); create table child (id int primary key, p int references parent); "
      "create table slow (id int primary key)");
  source.exec("insert into parent values (1); insert into child values (1, 1); insert into slow values (1)");
  target.exec(
      fmt::format("create role {0} login; grant create on database {1} to {0}; grant all on schema public to "
                  "{0}; alter table parent owner to {0}; alter table child owner to {0}; alter table slow "
                  "owner to {0}",
                  role, target.name()));
  dir.write_file("my.cfg", fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n",
                                       source.conninfo(), target.conninfo() + " user=" + role));
  go_on();
  int n = 1;
  const std::vector<std::vector<std::string>> next{
      {"--end-at", "now"}, {"--follow-only", "--end-at", "now"}, {"--resync", "slow"}, {"--end-at", "now"}};
  const char* const ends[] = {"copying", "following", "joined", "end"};
  for (std::size_t i = 0; i < next.size(); ++i) {
    const std::string until = ends[i];
    PgSession reader(target.conninfo());
    reader.run("begin; lock table slow in access share mode");
    Program program({"pgsql2pgsql", "--resync", "parent", "--resync", "slow"}, here());
    ASSERT_TRUE(arrives("select count(*) from pg_constraint where contype = 'f'", "0")) << program.err_so_far();
    ASSERT_TRUE(arrives("select count(*) from parent", std::to_string(n))) << program.err_so_far();
    ++n;
    PgSession writer(target.conninfo());
    if (until == "following") writer.run(fmt::format("begin; insert into parent values ({})", n));
    if (until == "joined") writer.run("begin; lock table child in row exclusive mode");  // the key waits for its end
    source.exec(fmt::format("insert into parent values ({0}); insert into child values ({0}, {0})", n));
    EXPECT_TRUE(arrives("select count(*) from child", std::to_string(n))) << program.err_so_far();
    if (until != "copying") reader.run("commit");
    if (until == "following") {
      EXPECT_TRUE(eventually([this] { return resync_state() == "following"; })) << program.err_so_far();
    }
    if (until == "joined") {
      EXPECT_TRUE(arrives("select count(*) from pg_locks where not granted and relation = 'child'::regclass", "1"))
          << program.err_so_far();
      EXPECT_EQ(state(), "following");
      EXPECT_EQ(resync_state(), "");
    }
    if (until != "end") program.signal(SIGKILL);
    const RunResult ended = program.wait();
    EXPECT_TRUE(ended.exit_code == 0 || until != "end") << ended.describe();
    reader.run("rollback");
    writer.run("rollback");
    const RunResult after = run(next[i]);
    EXPECT_EQ(after.exit_code, 0) << until << after.describe();
    expect_same_table("parent");
    expect_same_table("child");
    expect_nothing_left();
    EXPECT_EQ(target.value("select count(*) from pg_constraint where contype = 'f' and convalidated"), "1") << until;
  }
  target.exec("drop owned by " + role + "; drop role " + role);
}

TEST_F(FollowResync, APartitionedTableIsCopiedWhole) {
  begin_with(
      "create table part (id int primary key, v int) partition by range (id); "
      "create table part_1 partition of part for values from (0) to (100); "
      "create table part_2 partition of part for values from (100) to (200); create table other (id int primary key)");
  source.exec("insert into part select i, i from generate_series(1, 150) i");
  go_on();
  target.exec("truncate part_2; delete from part_1 where id = 7; insert into other values (1)");
  resync("part");
  expect_same_table("part");
  EXPECT_EQ(target.value("select count(*) from other"), "1") << "it is left as it is";
  source.exec("update part set v = -v");
  go_on();
  expect_same_table("part");
}

// What stopped the task concerns one table: the hint says so, and it is mended by that.
TEST_F(FollowResync, MendsWhatATaskStoppedAt) {
  begin_with("create table t (id int primary key, v text); create table other (id int primary key)");
  const std::string publication =
      source.value("select pubname from pg_publication where pubname = '" + slot_column("slot_name") + "'");
  const auto expect_stop = [&](int status, const char* what) {
    const RunResult result = run({"--end-at", "now"});
    EXPECT_EQ(result.exit_code, status) << result.describe();
    expect_has(result.err, what);
    expect_has(result.err, "--resync public.t");
  };
  const auto expect_mended = [&] {
    source.exec("insert into other select coalesce(max(id), 0) + 1 from other");
    resync("public.t");
    expect_same_table("t");
    source.exec("insert into t select coalesce(max(id), 0) + 1, 'later' from t");
    go_on();
    expect_same_table("t");
    expect_same_table("other");
  };
  target.exec("drop table t; create table t (id int primary key, v text)");
  expect_stop(kTargetFailed, "is gone");
  expect_mended();
  source.exec("drop table t; create table t (id int primary key, v text); insert into t values (5, 'new')");
  source.exec(fmt::format("alter publication \"{}\" add table only t", publication));
  expect_stop(kSourceFailed, "is another table on the source");
  expect_mended();
  source.exec(
      fmt::format("alter publication \"{0}\" drop table t; insert into t values (90, 'lost'); alter "
                  "publication \"{0}\" add table only t",
                  publication));
  expect_stop(kSourceFailed, "left the publication");
  expect_mended();
  target.exec("delete from t where id = (select min(id) from t)");
  source.exec("update t set v = 'changed'");
  expect_stop(kDataDiffers, "no such row");
  expect_mended();
}

TEST_F(FollowResync, BringsATableThatGotItsKeyLater) {
  begin_with("create table keyless (v int); create table t (id int primary key)");
  source.exec("insert into keyless values (1), (2)");
  both("alter table keyless add id int generated by default as identity primary key");
  source.exec(fmt::format("alter publication \"{}\" add table only keyless", slot_column("slot_name")));
  resync("keyless");
  source.exec("update keyless set v = 3 where v = 2");
  go_on();
  expect_same_table("keyless");
  EXPECT_EQ(run({"--status"}).out.find("copied and not followed"), std::string::npos) << last_run_report();
}

// Rows came by other means, so no journal knows them.
TEST_F(FollowResync, OfATaskThatCopiedNothing) {
  both(
      "create table t (id int primary key); create table other (id int primary key); insert into t values (1); "
      "insert into other values (1)");
  begin();
  target.exec("truncate t, other");
  const RunResult first = run({"--resync", "t"});
  EXPECT_EQ(first.exit_code, kTargetFailed) << first.describe();
  expect_has(first.err, "--resync public.other");
  const RunResult result = run({"--resync", "other", "--verify"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  drain();
  EXPECT_EQ(target.value("select (select count(*) from t) || ' ' || (select count(*) from other)"), "1 1");
}

// A copy that cannot succeed leaves the others whole, and says what the task waits for.
TEST_F(FollowResync, ACopyThatFailsIsTriedAgain) {
  begin_with("create table t (id int primary key, v int); create table other (id int primary key)");
  source.exec("insert into t values (1, 1)");
  target.exec("alter table t drop column v");
  resync("t", kTargetFailed);
  expect_has(last_.err, "public.t of the task");
  EXPECT_EQ(state(), "copying");
  source.exec("insert into other values (1)");
  target.exec("alter table t add v int");
  go_on();
  expect_same_table("t");
  expect_same_table("other");
}

}  // namespace

}  // namespace dbsync::test
