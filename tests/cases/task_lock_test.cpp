// A task has one run at a time: the others end at once, name who is at work, and change
// nothing.
#include <csignal>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/check_support.h"
#include "tests/harness/follow_fixture.h"
#include "tests/harness/migration.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using namespace std::chrono_literals;

constexpr int kTargetError = 4;
constexpr int kUsage = 2;
constexpr int kSource = 3;

// The session on the target that holds the lock of a run of ours; "" = none. Those of
// runs that have ended may still be there for a moment.
std::string holder_of(TargetDb& target, pid_t pid) {
  return target.value(
      fmt::format("select coalesce(max(a.pid)::text, '') from pg_stat_activity a join pg_locks l on l.pid = a.pid "
                  "where l.locktype = 'advisory' and l.granted and a.application_name like '% {}@%'",
                  pid));
}

void wait_for_lock(TargetDb& target, const Program& program) {
  for (int i = 0; i < 1000 && holder_of(target, program.pid()).empty(); ++i) std::this_thread::sleep_for(20ms);
  ASSERT_NE(holder_of(target, program.pid()), "");
}

class TaskLockMysql : public MigrationTest {
 protected:
  // A load that takes some seconds.
  void make_slow_load() {
    source.exec(
        "create table t (id int primary key, v int); insert into t values (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, "
        "6), (7, 7), (8, 8)");
    target.exec(
        "create table t (id int, v int); create function nap(id int) returns boolean language plpgsql as "
        "$$ begin perform pg_catalog.pg_sleep(0.5); return true; end $$; alter table t add constraint nap check "
        "(nap(id))");
  }
};

TEST_F(TaskLockMysql, ASecondRunTouchesNothing) {
  make_slow_load();
  Program first({"mysql2pgsql"}, here());
  wait_for_lock(target, first);
  for (const char* option : {"--truncate", "--restart", "--resume", "--cleanup", "--create"}) {
    const RunResult second = run({"mysql2pgsql", option});
    EXPECT_EQ(second.exit_code, kTargetError) << second.describe();
    EXPECT_NE(second.err.find(fmt::format("another run is at work on this task: mysql2pgsql {}@", first.pid())),
              std::string::npos)
        << second.describe();
    EXPECT_NE(second.err.find(" since 20"), std::string::npos) << second.describe();
    EXPECT_NE(second.err.find("pg_terminate_backend("), std::string::npos) << second.describe();
  }
  // Reading needs no lock, and another task does not wait.
  EXPECT_EQ(run({"mysql2pgsql", "--status"}).exit_code, 0) << last_run_report();
  EXPECT_EQ(run({"mysql2pgsql", "--create", "-s", "other"}).exit_code, 0) << last_run_report();
  EXPECT_TRUE(first.running());
  EXPECT_EQ(first.wait().exit_code, 0);
  EXPECT_EQ(target.value("select count(*) from t"), "8");
}

TEST_F(TaskLockMysql, AKilledRunLeavesNoLock) {
  make_slow_load();
  Program first({"mysql2pgsql"}, here());
  wait_for_lock(target, first);
  first.signal(SIGKILL);
  first.wait();
  const RunResult second = run({"mysql2pgsql", "--resume"});
  EXPECT_EQ(second.exit_code, 0) << second.describe();
  EXPECT_EQ(target.value("select count(*) from t"), "8");
}

class TaskLockFollow : public FollowTest {
 protected:
  RunResult run(const std::vector<std::string>& args) { return run_program(args, here()); }
  void expect_followed(const std::string& table) {
    for (int i = 0;
         i < 500 && target.value("select count(*) from " + table) != source.value("select count(*) from " + table); ++i)
      std::this_thread::sleep_for(20ms);
    expect_same_table(table);
  }
  void copy_a_table() {
    source.exec("create table t (id int primary key); insert into t values (1)");
    ASSERT_EQ(run({"pgsql2pgsql", "--create", "--end-at", "now"}).exit_code, 0);
  }
  // The session that holds the lock of a run that is at its work.
  std::string holder_when_at_work(Program& first) {
    wait_for_lock(target, first);
    source.exec("insert into t values (7)");
    expect_followed("t");
    return holder_of(target, first.pid());
  }
};

TEST_F(TaskLockFollow, NobodyElseChangesATaskThatFollows) {
  ASSERT_NO_FATAL_FAILURE(copy_a_table());
  Program first({"pgsql2pgsql"}, here());
  wait_for_lock(target, first);
  source.exec("insert into t values (2)");
  expect_followed("t");
  for (const std::vector<std::string>& args : {std::vector<std::string>{"pgsql2pgsql"},
                                               {"pgsql2pgsql", "--restart"},
                                               {"pgsql2pgsql", "--resume"},
                                               {"pgsql2pgsql", "--cleanup"},
                                               {"pgsql2pgsql", "--end-at", "now"},
                                               {"pgsql2pgsql", "--full-only", "--truncate"}}) {
    const RunResult second = run(args);
    EXPECT_EQ(second.exit_code, kTargetError) << second.describe();
    EXPECT_NE(second.err.find(fmt::format("another run is at work on this task: pgsql2pgsql {}@", first.pid())),
              std::string::npos)
        << second.describe();
    EXPECT_EQ(target.value("select state from dbsync.apply_progress"), "following") << second.describe();
  }
  EXPECT_EQ(run({"pgsql2pgsql", "--verify-only"}).exit_code, 0);
  source.exec("insert into t values (3)");
  expect_followed("t");
  EXPECT_TRUE(first.running());
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait().exit_code, 130);
}

TEST_F(TaskLockFollow, ALostLockIsTakenAgain) {
  ASSERT_NO_FATAL_FAILURE(copy_a_table());
  Program first({"pgsql2pgsql"}, here());
  const std::string holder = holder_when_at_work(first);
  target.exec(fmt::format("select pg_terminate_backend({})", holder));
  for (int i = 0; i < 1000; ++i) {
    const std::string now = holder_of(target, first.pid());
    if (!now.empty() && now != holder) break;
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(run({"pgsql2pgsql", "--cleanup"}).exit_code, kTargetError);
  source.exec("insert into t values (2)");
  expect_followed("t");
  EXPECT_TRUE(first.running());
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait().exit_code, 130);
}

TEST_F(TaskLockFollow, ARunWithoutItsLockEnds) {
  ASSERT_NO_FATAL_FAILURE(copy_a_table());
  Program first({"pgsql2pgsql"}, here());
  // Another run that waits for it, and is first when it is lost.
  const std::string holder = holder_when_at_work(first);
  const std::string number =
      target.value(fmt::format("select ((classid::bigint << 32) | objid::bigint)::text from pg_locks "
                               "where locktype = 'advisory' and granted and pid = {} limit 1",
                               holder));
  std::thread other([&] {
    PgSession session(target.conninfo());
    session.run(fmt::format("select pg_advisory_lock({})", number));
    session.run("select pg_sleep(10)");
  });
  for (int i = 0;
       i < 500 && target.value("select count(*) from pg_locks where locktype = 'advisory' and not granted") == "0"; ++i)
    std::this_thread::sleep_for(20ms);
  target.exec(fmt::format("select pg_terminate_backend({})", holder));
  const RunResult ended = first.wait();
  other.join();
  EXPECT_EQ(ended.exit_code, kTargetError) << ended.describe();
  EXPECT_NE(ended.err.find("another run has taken it"), std::string::npos) << ended.describe();
}

// A task goes on with the tables of its beginning, or not at all.
TEST_F(TaskLockFollow, AnotherChoiceOfTablesIsRefused) {
  source.exec("create table a (id int primary key); create table c (id int primary key); insert into c values (1)");
  ASSERT_EQ(run({"pgsql2pgsql", "--create", "--include", "public.a", "--end-at", "now"}).exit_code, 0);
  dir.write_file("list.txt", "public.a\n");
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"pgsql2pgsql", "--end-at", "now"},
        {"pgsql2pgsql", "--end-at", "now", "--include", "public.*"},
        {"pgsql2pgsql", "--end-at", "now", "--include", "public.a", "--exclude", "c"},
        {"pgsql2pgsql", "--end-at", "now", "-l", "list.txt"},
        {"pgsql2pgsql", "--end-at", "now", "--include", "public.a", "-s", "other"},
        {"pgsql2pgsql", "--follow-only", "--end-at", "now"}}) {
    const RunResult result = run(args);
    EXPECT_EQ(result.exit_code, kUsage) << result.describe();
    EXPECT_NE(result.err.find("were chosen when it began (--include public.a)"), std::string::npos)
        << result.describe();
    EXPECT_NE(result.err.find("HINT"), std::string::npos) << result.describe();
  }
  source.exec("insert into a values (1)");
  EXPECT_EQ(run({"pgsql2pgsql", "--end-at", "now", "--include", "public.a"}).exit_code, 0);
  expect_same_table("a");
  EXPECT_EQ(run({"pgsql2pgsql", "--cleanup"}).exit_code, 0);
}

TEST_F(TaskLockFollow, CleanupRefusesToLoseChanges) {
  source.exec("create table t (id int primary key)");
  ASSERT_EQ(run({"pgsql2pgsql", "--create", "--end-at", "now"}).exit_code, 0);
  // What is no change of the task's tables does not count.
  source.exec("create table later (id int); insert into later values (1); checkpoint");
  const RunResult nothing = run({"pgsql2pgsql", "--cleanup"});
  EXPECT_EQ(nothing.exit_code, 0) << nothing.describe();
  EXPECT_EQ(nothing.err.find("wait on the source"), std::string::npos) << nothing.describe();
  EXPECT_TRUE(has_line(nothing.err, {"WARN", "public.later is not followed, since it has no primary key"}));
  EXPECT_EQ(slot_column("slot_name"), "");

  target.exec("drop table t");
  ASSERT_EQ(run({"pgsql2pgsql", "--create", "--include", "public.t", "--end-at", "now"}).exit_code, 0);
  const std::string slot = slot_column("slot_name");
  const auto expect_refusal = [&](const std::string& statement) {
    source.exec(statement);
    const RunResult refused = run({"pgsql2pgsql", "--cleanup"});
    EXPECT_EQ(refused.exit_code, kSource) << statement << refused.describe();
    EXPECT_TRUE(has_line(refused.err, {"changes since ", "wait on the source, in", "of WAL"})) << refused.describe();
    EXPECT_TRUE(has_line(refused.err, {"HINT", "--end-at now", "--cleanup --force"})) << refused.describe();
    EXPECT_EQ(slot_column("slot_name"), slot);
    ASSERT_EQ(run({"pgsql2pgsql", "--include", "public.t", "--end-at", "now"}).exit_code, 0);
    expect_same_table("t");
  };
  for (const char* statement :
       {"insert into t values (1), (2)", "update t set id = 3 where id = 1", "delete from t where id = 3"})
    ASSERT_NO_FATAL_FAILURE(expect_refusal(statement));
  // Before 11 the source does not send it.
  if (source.version() >= 110000) {
    ASSERT_NO_FATAL_FAILURE(expect_refusal("truncate t"));
  }
  source.exec("insert into t values (4)");
  const RunResult lost = run({"pgsql2pgsql", "--cleanup", "--force"});
  EXPECT_EQ(lost.exit_code, 0) << lost.describe();
  EXPECT_TRUE(has_line(lost.err, {"WARN", "wait on the source, in", "of WAL", "--force"})) << lost.describe();
  EXPECT_EQ(slot_column("slot_name"), "");
}

// Before 15 the slot has a message or two of each transaction, whatever it changed.
TEST_F(TaskLockFollow, CleanupIsNotRefusedForWhatIsApplied) {
  if (source.version() < 120000) GTEST_SKIP() << "slots are copied since 12";
  source.exec("create table t (id int primary key); create table other (id int)");
  const std::vector<std::string> follow{"pgsql2pgsql", "--create", "--include", "public.t", "--end-at", "now"};
  ASSERT_EQ(run(follow).exit_code, 0);
  const std::string slot = slot_column("slot_name");
  source.exec("insert into t values (1)");
  const std::string copied =
      source.value("select pg_copy_logical_replication_slot('" + slot + "', '" + slot + "_old')");
  ASSERT_EQ(run(follow).exit_code, 0);
  expect_same_table("t");
  // As a run leaves it that was killed before it confirmed.
  source.exec("select pg_drop_replication_slot('" + slot + "')");
  source.exec("select pg_copy_logical_replication_slot('" + slot + "_old', '" + slot + "')");
  source.exec("select pg_drop_replication_slot('" + slot + "_old')");
  source.exec("do $$ begin for i in 1..6000 loop insert into other values (i); commit; end loop; end $$");
  const RunResult nothing = run({"pgsql2pgsql", "--cleanup"});
  EXPECT_EQ(nothing.exit_code, 0) << nothing.describe();
  EXPECT_EQ(nothing.err.find("wait on the source"), std::string::npos) << nothing.describe();
}

TEST_F(TaskLockFollow, CleanupRefusesWhatItCannotTell) {
  source.exec("create table t (id int primary key)");
  ASSERT_EQ(run({"pgsql2pgsql", "--create", "--end-at", "now"}).exit_code, 0);
  const std::string slot = slot_column("slot_name");
  source.exec("drop publication \"" + slot + "\"; insert into t values (1)");
  const RunResult refused = run({"pgsql2pgsql", "--cleanup"});
  EXPECT_EQ(refused.exit_code, kSource) << refused.describe();
  EXPECT_TRUE(has_line(refused.err, {"cannot be told", slot})) << refused.describe();
  EXPECT_EQ(slot_column("slot_name"), slot);
  // Made anew it has nothing of what was changed before.
  source.exec("create publication \"" + slot + "\" for table t");
  const RunResult again = run({"pgsql2pgsql", "--cleanup"});
  EXPECT_EQ(again.exit_code, kSource) << again.describe();
  EXPECT_TRUE(has_line(again.err, {"cannot be told", slot})) << again.describe();
  EXPECT_EQ(slot_column("slot_name"), slot);
  EXPECT_EQ(run({"pgsql2pgsql", "--cleanup", "--force"}).exit_code, 0);
  EXPECT_EQ(slot_column("slot_name"), "");
}

// Two configurations with one name of a task.
TEST_F(TaskLockFollow, TheSlotOfAnotherTaskIsLeftAlone) {
  const std::string name = "same_" + source.name();
  configure(fmt::format("[local.pgsql]\ntask = {}\n", name));
  source.exec("create table t (id int primary key)");
  ASSERT_EQ(run({"pgsql2pgsql", "--create", "--end-at", "now"}).exit_code, 0);
  const std::string slot = slot_column("slot_name");
  TargetDb other_source(PgSide::source);
  other_source.exec("create table t (id int primary key)");
  TargetDb other_target;
  const auto write = [&](const TargetDb& from, const TargetDb& to) {
    dir.write_file(
        "my.cfg",
        fmt::format(
            "[src.pgsql]\nconnect_string = \"{}\"\n[local.pgsql]\ntask = {}\n[desc.pgsql]\nconnect_string = \"{}\"\n",
            from.conninfo(), name, to.conninfo()));
  };
  for (const TargetDb* from : {&other_source, &source}) {
    write(*from, other_target);
    for (const std::vector<std::string>& args : {std::vector<std::string>{"pgsql2pgsql", "--create", "--end-at", "now"},
                                                 {"pgsql2pgsql", "--create", "--restart", "--end-at", "now"},
                                                 {"pgsql2pgsql", "--cleanup"}}) {
      const RunResult result = run(args);
      EXPECT_EQ(result.exit_code, kUsage) << result.describe();
      EXPECT_TRUE(has_line(result.err, {slot, from == &source ? "this target knows nothing"
                                                              : "belongs to the database " + source.name()}))
          << result.describe();
      EXPECT_NE(result.err.find("choose another task"), std::string::npos) << result.describe();
      EXPECT_EQ(result.err.find("pg_drop_replication_slot"), std::string::npos) << result.describe();
    }
  }
  EXPECT_EQ(slot_column("slot_name"), slot);
  write(source, target);
  source.exec("insert into t values (1)");
  EXPECT_EQ(run({"pgsql2pgsql", "--end-at", "now"}).exit_code, 0);
  expect_same_table("t");
}

}  // namespace

}  // namespace dbsync::test
