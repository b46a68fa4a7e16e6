// The life of a task that follows: beginning, stopping, being killed, going on,
// ending.
#include <chrono>
#include <csignal>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"
#include "tests/harness/migration.h"
#include "tests/harness/servers.h"
#include "tests/harness/source_db.h"

namespace dbsync::test {

namespace {

using namespace std::chrono_literals;

constexpr int kConfigFailed = 2;
constexpr int kSourceFailed = 3;
constexpr int kInterrupted = 130;
constexpr long kMostKib = 256 * 1024;

class FollowLife : public FollowTest {
 protected:
  std::unique_ptr<Program> follow_on() {
    return std::make_unique<Program>(std::vector<std::string>{"pgsql2pgsql", "--follow-only"}, here());
  }
  std::string rows(const std::string& table) { return target.value("select count(*) from " + table); }
};

TEST_F(FollowLife, FollowsUntilTermAndGoesOn) {
  both("create table t (id int primary key, v text)");
  begin();
  const auto program = follow_on();
  source.exec("insert into t values (1, 'a')");
  EXPECT_TRUE(eventually([this] { return rows("t") == "1"; })) << program->err_so_far();
  const auto start = std::chrono::steady_clock::now();
  program->signal(SIGTERM);
  const RunResult run = program->wait();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  EXPECT_EQ(run.exit_code, kInterrupted) << run.describe();
  source.exec("insert into t values (2, 'b')");
  drain();
  expect_same_table("t");
  EXPECT_EQ(target.value("select transactions from dbsync.apply_progress"), "2");
}

TEST_F(FollowLife, EndsAtAPositionAndLeavesTheRest) {
  both("create table t (id int primary key)");
  begin();
  source.exec("insert into t values (1)");
  const std::string lsn = source.value("select pg_current_wal_insert_lsn()");
  source.exec("insert into t values (2)");
  const RunResult run = run_program({"pgsql2pgsql", "--follow-only", "--end-at", lsn}, here());
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_EQ(rows("t"), "1");
  drain();
  EXPECT_EQ(rows("t"), "2");
}

// The copy would bring what came behind that position, too.
TEST_F(FollowLife, AnEndBeforeTheBeginningIsRefused) {
  both("create table t (id int primary key)");
  const std::string lsn = source.value("select pg_current_wal_insert_lsn()");
  source.exec("insert into t values (1)");
  for (const char* with : {"--create", "--follow-only"}) {
    const RunResult refused = run({with, "--end-at", lsn});
    EXPECT_EQ(refused.exit_code, 2) << refused.describe();
    expect_has(refused.err, "lies before the beginning of the task");
    expect_has(refused.err, "HINT: give --end-at now");
  }
  EXPECT_EQ(slot_column("slot_name"), "");
  EXPECT_EQ(rows("t"), "0");
  ASSERT_EQ(run({"--end-at", "now"}).exit_code, 0);
  const RunResult there = run({"--end-at", lsn});
  EXPECT_EQ(there.exit_code, 0) << there.describe();
  expect_has(there.err, "nothing is left to apply: the task is at ");
  EXPECT_EQ(rows("t"), "1");
}

// Nothing is half applied, and the same command goes on when there is room.
TEST_F(FollowLife, NoRoomForALargeTransactionIsASentence) {
  both("create table t (id int primary key, a text); create table fits (id int primary key)");
  begin();
  source.exec(
      "insert into fits values (1); insert into t select i, repeat('x', 1000) from generate_series(1, 40000) i");
  const auto expect_refused = [this](const std::string& command, const std::string& tmp, const std::string& reason) {
    RunOptions options = here();
    options.env["TMPDIR"] = tmp;
    const RunResult run = run_program({"bash", "-c", command, program_path("pgsql2pgsql")}, options);
    EXPECT_EQ(run.exit_code, 1) << run.describe();
    expect_has(run.err, "a temporary file in " + tmp + ": " + reason);
    expect_has(run.err, "spill_directory in [follow], or TMPDIR");
    EXPECT_EQ(rows("t"), "0");
  };
  expect_refused("exec $0 --follow-only --end-at now", "/nowhere/tmp", "No such file or directory");
  // As a full disk: writing fails in the middle.
  expect_refused("trap '' XFSZ; ulimit -f 1000; exec $0 --follow-only --end-at now", dir.path().string(),
                 "File too large");
  drain();
  expect_same("select count(*), sum(id), sum(length(a)) from t");
  expect_same_table("fits");
}

// A keepalive must not confirm what is not applied yet, and an idle database
// must not keep its WAL.
TEST_F(FollowLife, KeepalivesConfirmNothingThatIsNotApplied) {
  both("create table t (id int primary key); create table other (id int primary key)");
  begin();
  PgSession blocker(target.conninfo());
  blocker.run("begin; lock table t in access exclusive mode");
  const auto program = follow_on();
  ASSERT_TRUE(eventually([this] { return slot_column("active") == "true"; })) << program->err_so_far();
  source.exec("insert into t values (1)");
  const std::string behind = source.value("select pg_current_wal_insert_lsn()");
  // WAL that holds nothing for the task, for longer than between two reports.
  TargetDb noise(PgSide::source);
  for (int i = 0; i < 15; ++i) {
    noise.exec(
        "create table if not exists n (a text); insert into n select repeat('x', 1000) from generate_series(1, 100)");
    std::this_thread::sleep_for(200ms);
  }
  EXPECT_EQ(source.value("select '" + slot_column("confirmed_flush_lsn") + "'::pg_lsn < '" + behind + "'::pg_lsn"),
            "t");
  blocker.run("rollback");
  EXPECT_TRUE(eventually([this] { return rows("t") == "1"; })) << program->err_so_far();
  const std::string now = source.value("select pg_current_wal_insert_lsn()");
  EXPECT_TRUE(eventually([&] {
    return source.value("select '" + slot_column("confirmed_flush_lsn") + "'::pg_lsn >= '" + now + "'::pg_lsn") == "t";
  })) << "an idle source must be able to let go of its WAL; "
      << program->err_so_far();
  program->signal(SIGTERM);
  program->wait();
}

// A log table with a number per transaction shows what was applied twice or not
// at all, since it has no key on the target.
TEST_F(FollowLife, KilledAnywhereItAppliesEveryTransactionOnce) {
  both("create table account (id int primary key, balance int not null, note text)");
  source.exec("create table log (n int primary key, account int)");
  target.exec("create table log (n int, account int)");
  both("insert into account select i, 0, repeat('n', 50) from generate_series(1, 100) i");
  begin();
  PgSession writer(source.conninfo());
  std::mt19937 random(42);
  int n = 0;
  for (int round = 0; round < 12; ++round) {
    const auto program = follow_on();
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(random() % 400);
    while (std::chrono::steady_clock::now() < until || n < 100 * (round + 1)) {
      ++n;
      const auto id = 1 + random() % 100;
      writer.run(
          fmt::format("begin; update account set balance = balance + {} where id = {}; "
                      "insert into log values ({}, {}); commit",
                      n, id, n, id));
      if (n % 50 == 0) writer.run(fmt::format("update account set id = -id where id = {0} or id = -{0}", id));
      if (n % 50 == 0) writer.run("update account set id = abs(id) where id < 0");
    }
    program->signal(SIGKILL);
    program->wait();
  }
  drain();
  EXPECT_EQ(target.value("select count(*) || ' ' || count(distinct n) from log"), fmt::format("{0} {0}", n));
  expect_same_table("account");
}

// What is old comes in large groups, each written behind the commit of the one before, which
// nobody has waited for when the run is killed.
TEST_F(FollowLife, KilledInAnOldBacklogItAppliesEveryTransactionOnce) {
  if (source.version() < 110000) GTEST_SKIP() << "COMMIT in a DO block came with 11";
  constexpr int kTransactions = 60000;
  both("create table account (id int primary key, balance int not null)");
  source.exec("create table log (n int primary key)");
  target.exec("create table log (n int)");
  both("insert into account select i, 0 from generate_series(1, 1000) i");
  begin();
  source.exec("set synchronous_commit = off");
  source.exec(
      fmt::format("do $$ begin for i in 1..{} loop update account set balance = balance + i where id = 1 + i % 1000; "
                  "insert into log values (i); commit; end loop; end $$",
                  kTransactions));
  std::this_thread::sleep_for(std::chrono::milliseconds(3200));  // far behind is three seconds
  std::mt19937 random(7);
  int within = 0;
  for (int round = 0; round < 10; ++round) {
    const auto program = follow_on();
    std::this_thread::sleep_for(std::chrono::milliseconds(100 + round * 100 + static_cast<int>(random() % 200)));
    program->signal(SIGKILL);
    program->wait();
    const std::string there = rows("log");
    within += there != "0" && there != std::to_string(kTransactions) ? 1 : 0;
  }
  EXPECT_GT(within, 0);
  drain();
  EXPECT_EQ(target.value("select count(*) || ' ' || count(distinct n) from log"),
            fmt::format("{0} {0}", kTransactions));
  expect_same_table("account");
}

TEST_F(FollowLife, ALostTargetAndSourceConnectionAreMadeAgain) {
  both("create table t (id int primary key)");
  begin();
  const auto program = follow_on();
  source.exec("insert into t values (1)");
  ASSERT_TRUE(eventually([this] { return rows("t") == "1"; })) << program->err_so_far();
  target.exec(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and "
      "application_name = 'pgsql2pgsql'");
  source.exec("insert into t values (2)");
  EXPECT_TRUE(eventually([this] { return rows("t") == "2"; })) << program->err_so_far();
  source.exec("select pg_terminate_backend(active_pid) from pg_replication_slots where database = current_database()");
  source.exec("insert into t values (3)");
  EXPECT_TRUE(eventually([this] { return rows("t") == "3"; })) << program->err_so_far();
  EXPECT_TRUE(program->running());
  program->signal(SIGTERM);
  EXPECT_EQ(program->wait().exit_code, kInterrupted);
}

TEST_F(FollowLife, ALargeTransactionNeedsLittleMemory) {
  both("create table t (id int primary key, a text, b text)");
  begin();
  source.exec(
      "insert into t select i, 'some text that is long enough to matter ' || i, repeat('b', 40) "
      "from generate_series(1, 1000000) i");
  const RunResult run = follow();
  ASSERT_EQ(run.exit_code, 0) << run.describe();
  expect_same("select count(*), sum(id), sum(hashtext(a)::bigint), sum(length(b)) from t");
  fmt::print("1,000,000 rows in one transaction: peak RSS {} KiB, {:.2f} s\n", run.peak_rss_kib, run.seconds);
  if (sanitized()) return;  // a sanitizer needs memory of its own
  EXPECT_LT(run.peak_rss_kib, kMostKib);
}

TEST_F(FollowLife, ALargeTransactionThatDoesNotFitIsAppliedWholeOrNotAtAll) {
  both("create table t (id int primary key, a text)");
  begin();
  target.exec("insert into t values (39999, 'in the way')");
  source.exec("insert into t select i, repeat('x', 1000) from generate_series(1, 40000) i");
  const RunResult run = follow();
  EXPECT_NE(run.exit_code, 0) << run.describe();
  EXPECT_NE(run.err.find("id = 39999"), std::string::npos) << run.err;
  EXPECT_EQ(rows("t"), "1");
  target.exec("delete from t");
  drain();
  expect_same("select count(*), sum(id) from t");
}

TEST_F(FollowLife, WithoutTheReplicaRoleChangesKeepTheirOrder) {
  const std::string role = unique_name() + "_role";
  both(
      "create table parent (id int primary key, v text);"
      "create table child (id int primary key, parent int not null references parent on delete cascade)");
  target.exec(
      "create table audit (n serial, what text); create function note() returns trigger language plpgsql security "
      "definer as $$ begin insert into public.audit (what) values (tg_op); return null; end $$;"
      "create trigger note after update on parent for each row execute procedure note()");
  target.exec("create role " + role + " login; grant all on schema public to " + role +
              "; grant all on all tables in "
              "schema public to " +
              role + "; grant create on database " + target.name() + " to " + role);
  dir.write_file("my.cfg", fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n",
                                       source.conninfo(), target.conninfo() + " user=" + role));
  begin();
  source.exec(
      "begin; insert into parent values (1, 'a'), (2, 'b'); insert into child values (1, 1), (2, 2), (3, 2); commit");
  source.exec("update parent set v = 'c' where id = 1");
  source.exec("update parent set v = 'd' where id = 1");
  source.exec(
      "begin; delete from child where parent = 2; delete from parent where id = 2; "
      "insert into parent values (3, 'n'); insert into child values (7, 3); commit");
  const RunResult run = follow();
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_NE(run.err.find("session_replication_role may not be set"), std::string::npos) << run.err;
  expect_same_table("parent");
  expect_same_table("child");
  EXPECT_EQ(target.value("select count(*) from audit"), "2") << "the trigger saw each update";
  target.exec("drop owned by " + role + "; drop role " + role);
}

// Policies that came with the tables hide rows from a role that is neither superuser nor
// exempt: never taken for rows that are not there, nor passed over.
TEST_F(FollowLife, PoliciesOfTheTargetThatHideRowsAreAnError) {
  const std::string role = unique_name() + "_role";
  both("create table t (id int primary key, v text)");
  source.exec("insert into t select i, 'a' from generate_series(1, 4) i");
  target.exec("insert into t select i, 'a' from generate_series(1, 4) i");
  target.exec("create role " + role + " login; grant all on schema public to " + role + "; grant create on database " +
              target.name() + " to " + role + "; alter table t owner to " + role);
  dir.write_file("my.cfg", fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n"
                                       "[follow]\nconflicts = \"skip\"\n",
                                       source.conninfo(), target.conninfo() + " user=" + role));
  begin();
  drain();
  target.exec(
      "alter table t enable row level security; alter table t force row level security; create policy few on t using "
      "(id < 3)");
  source.exec("update t set v = 'b'; delete from t where id = 4");
  const RunResult run = follow();
  EXPECT_EQ(run.exit_code, 4) << run.describe();
  EXPECT_NE(run.err.find("row-level security policy for table \"t\""), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("NO FORCE ROW LEVEL SECURITY"), std::string::npos) << run.err;
  target.exec("alter table t no force row level security");
  drain();
  expect_same_table("t");
  target.exec("drop owned by " + role + "; drop role " + role);
}

TEST_F(FollowLife, TwoTasksOnOneSourceAndOneDestination) {
  both("create table t (id int primary key)");
  TargetDb second;
  second.exec("create table t (id int primary key)");
  begin();
  dir.write_file("second.cfg",
                 fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[local.pgsql]\ntask = \"Second task\"\n"
                             "[desc.pgsql]\nconnect_string = \"{}\"\n",
                             source.conninfo(), second.conninfo()));
  EXPECT_EQ(follow({"-c", "second.cfg"}).exit_code, 0);
  EXPECT_EQ(source.value("select count(*) from pg_replication_slots where database = current_database()"), "2");
  source.exec("insert into t values (1)");
  drain();
  EXPECT_EQ(follow({"-c", "second.cfg"}).exit_code, 0);
  EXPECT_EQ(second.value("select count(*) from t"), "1");
  EXPECT_EQ(rows("t"), "1");
  EXPECT_EQ(second.value("select task from dbsync.apply_progress"), "Second task");
  EXPECT_EQ(run_program({"pgsql2pgsql", "--cleanup", "-c", "second.cfg"}, here()).exit_code, 0);
  EXPECT_EQ(source.value("select count(*) from pg_replication_slots where database = current_database()"), "1");
}

// Tasks are named after the addresses: the same server by another address would begin
// another task, now, and what waits for the first one would never come.
TEST_F(FollowLife, AnotherAddressOfTheSourceBeginsNoSecondTask) {
  both("create table t (id int primary key); create table other (id int primary key)");
  begin();
  const std::string first = target.value("select task from dbsync.apply_progress");
  source.exec("insert into t values (1)");
  std::string address = source.conninfo();
  ASSERT_NE(address.find("host=/"), std::string::npos);
  address.insert(address.find(' ', address.find("host=/")), "/.");
  const std::string section = "[src.pgsql]\nconnect_string = \"" + address + "\"\n";
  dir.write_file("my.cfg", my_cfg(section, target.conninfo()));
  for (const bool copies : {false, true}) {
    const RunResult run = copies ? run_program({"pgsql2pgsql", "--truncate"}, here()) : follow();
    EXPECT_EQ(run.exit_code, kConfigFailed) << run.describe();
    EXPECT_NE(run.err.find("the task " + first + " follows public.other and 1 more of this source"), std::string::npos)
        << run.err;
  }
  EXPECT_EQ(source.value("select count(*) from pg_replication_slots where database = current_database()"), "1");
  dir.write_file("my.cfg", my_cfg(section, target.conninfo(), fmt::format("[local.pgsql]\ntask = {}\n", first)));
  EXPECT_EQ(follow().exit_code, 0);
  EXPECT_EQ(rows("t"), "1");
}

TEST_F(FollowLife, CleanupSetsSequencesAndRemovesWhatTheTaskHad) {
  both("create table t (id serial primary key)");
  begin();
  source.exec("insert into t select from generate_series(1, 50)");
  drain();
  const RunResult run = run_program({"pgsql2pgsql", "--cleanup"}, here());
  ASSERT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_EQ(target.value("select nextval('t_id_seq')"), "51");
  EXPECT_EQ(source.value("select count(*) from pg_replication_slots where database = current_database()"), "0");
  EXPECT_EQ(source.value("select count(*) from pg_publication"), "0");
  EXPECT_EQ(rows("dbsync.apply_progress"), "0");
}

TEST_F(FollowLife, AnUnfinishedBeginningBeginsAnew) {
  both("create table t (id int primary key)");
  begin();
  // As if it had been killed between making the slot and recording it.
  target.exec("update dbsync.apply_progress set state = 'creating', position = ''");
  drain();
  source.exec("insert into t values (1)");
  drain();
  EXPECT_EQ(rows("t"), "1");
}

TEST_F(FollowLife, ASlotThatIsGoneIsAnErrorAndNotANewBeginning) {
  both("create table t (id int primary key)");
  begin();
  source.exec(
      "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()");
  const RunResult run = follow();
  EXPECT_EQ(run.exit_code, kSourceFailed) << run.describe();
  EXPECT_NE(run.err.find("is gone from the source"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("--cleanup"), std::string::npos) << run.err;
}

TEST_F(FollowLife, ASlotOfAnotherProgramIsLeftAlone) {
  both("create table t (id int primary key)");
  begin();
  target.exec("delete from dbsync.apply_progress");
  const RunResult run = follow();
  EXPECT_EQ(run.exit_code, kSourceFailed) << run.describe();
  EXPECT_NE(run.err.find("--cleanup"), std::string::npos) << run.err;
  EXPECT_EQ(source.value("select count(*) from pg_replication_slots where database = current_database()"), "1");
}

TEST_F(FollowLife, RetainedWalOverTheLimitWarnsOrStops) {
  both("create table t (id int primary key, v text)");
  begin();
  source.exec("insert into t select i, repeat(md5(i::text), 30) from generate_series(1, 5000) i");
  configure("max_retained_wal = 1\nover_max_retained_wal = stop");
  PgSession blocker(target.conninfo());
  blocker.run("begin; lock table t in access exclusive mode");
  const auto program = follow_on();
  ASSERT_TRUE(eventually([this] { return slot_column("active") == "true"; })) << program->err_so_far();
  std::this_thread::sleep_for(1s);
  blocker.run("rollback");
  const RunResult run = program->wait();
  EXPECT_EQ(run.exit_code, kSourceFailed) << run.describe();
  EXPECT_NE(run.err.find("more than max_retained_wal allows"), std::string::npos) << run.err;
  EXPECT_EQ(slot_column("slot_name"), "");
}

TEST(FollowRefusal, ASourceWithoutLogicalDecodingNamesTheSettings) {
  TargetDb target;
  TestDir dir;
  dir.write_file("my.cfg", fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n",
                                       Servers::instance().pg_without_logical("postgres"), target.conninfo()));
  RunOptions here;
  here.cwd = dir.path();
  const RunResult run = run_program({"pgsql2pgsql", "--follow-only", "--end-at", "now"}, here);
  EXPECT_EQ(run.exit_code, kSourceFailed) << run.describe();
  EXPECT_NE(run.err.find("set wal_level = logical"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("--full-only"), std::string::npos) << run.err;
}

}  // namespace

}  // namespace dbsync::test
