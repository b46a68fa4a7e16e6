// A task from its beginning: a copy on the slot's snapshot, then the changes
// since; whatever stops it, the same command goes on.
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/background.h"
#include "tests/harness/environment.h"
#include "tests/harness/follow_fixture.h"
#include "tests/harness/servers.h"
#include "tests/harness/source_db.h"

namespace dbsync::test {

namespace {

using namespace std::chrono_literals;

constexpr int kSourceFailed = 3;
constexpr int kTargetFailed = 4;
constexpr int kDiffers = 5;
constexpr int kInterrupted = 130;

class FollowCopy : public FollowTest {
 protected:
  // Copy or go on, up to the source's position now.
  void complete(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--end-at", "now"});
    last_ = run(more);
    ASSERT_EQ(last_.exit_code, 0) << last_.describe();
  }
  RunResult last_;
  std::string state() {
    if (target.value("select to_regclass('dbsync.apply_progress') is null") == "t") return "";
    return target.value("select max(state) from dbsync.apply_progress");
  }
  std::string slots() {
    return source.value("select count(*) from pg_replication_slots where database = current_database()");
  }
  // "17 to 29, 40 to 40"
  std::string missing_moves(int moves) {
    return target.value(
        fmt::format("select string_agg(a || ' to ' || b, ', ' order by a) from (select min(i) a, max(i) b from "
                    "(select i, i - row_number() over (order by i) g from generate_series(1, {}) i "
                    "where not exists (select from log where n = i)) x group by g) y",
                    moves));
  }
  // Accounts between which money moves, and a log of the moves; on the target the log
  // has no key, so that what comes twice is seen.
  void make_bank(int accounts) {
    source.exec(
        "create table account (id int primary key, balance int not null, note text);"
        "create table log (n int primary key, account int)");
    target.exec(
        "create table account (id int primary key, balance int not null, note text);"
        "create table log (n int, account int)");
    source.exec(
        fmt::format("insert into account select i, 0, repeat('n', 100) from generate_series(1, {}) i", accounts));
  }
};

// Moves money. One transaction has one row of the log.
std::function<void(int)> moves(const std::string& conninfo, unsigned accounts) {
  return [session = std::make_shared<PgSession>(conninfo), accounts, random = std::mt19937(7)](int n) mutable {
    const auto from = 1 + random() % accounts;
    session->run(
        fmt::format("begin; update account set balance = balance - 1 where id = {}; "
                    "update account set balance = balance + 1 where id = {}; "
                    "insert into log values ({}, {}); commit",
                    from, 1 + random() % accounts, n, from));
    if (n % 40 == 0) session->run("begin; update account set balance = 7; savepoint s; delete from log; rollback");
    if (n % 100 == 0) session->run(fmt::format("update account set id = -id where id = {}", from));
    if (n % 100 == 0) session->run("update account set id = -id where id < 0");
  };
}

TEST_F(FollowCopy, CopiesOnTheSlotsSnapshotAndFollowsWhileTheSourceIsWrittenTo) {
  make_bank(3000);
  Background mover(moves(source.conninfo(), 3000));
  Program program({"pgsql2pgsql", "-j", "2", "--max-rate", "10000"}, here());
  EXPECT_TRUE(eventually([this] { return state() == "following"; })) << program.err_so_far();
  std::this_thread::sleep_for(300ms);
  program.signal(SIGTERM);
  const RunResult stopped = program.wait();
  EXPECT_EQ(stopped.exit_code, kInterrupted) << stopped.describe();
  EXPECT_NE(stopped.err.find("snapshot of the replication slot"), std::string::npos) << stopped.err;
  const int moves = mover.stop();
  complete();
  EXPECT_EQ(target.value("select count(*) || ' ' || count(distinct n) from log"), fmt::format("{0} {0}", moves));
  EXPECT_EQ(target.value("select sum(balance) from account"), "0");
  expect_same_table("account");
}

TEST_F(FollowCopy, TheStatusTellsOfCopyAndFollowing) {
  make_bank(10);
  configure("[local.pgsql]\nconnect_string = \"" + target.conninfo() + "\"\ntask = \"nightly\"\n");
  complete();
  source.exec("insert into log values (1, 1)");
  complete();
  EXPECT_EQ(target.value(
                "select count(*) || ' ' || count(full_s_start) || count(full_s_end) || count(decoder_start) || ' ' || "
                "max(apply_id) || ' ' || max(state) || ' ' || max(exit_status) from db_sync_status"),
            "1 111 1 done 0");
  const auto json = nlohmann::json::parse(run({"--status", "--json"}).out);
  EXPECT_EQ(json["apply_id"], 1);
  EXPECT_EQ(json["tables_done"], 2);
  EXPECT_LT(json["following"]["lag_bytes"], 65536) << "only what the server itself has written since";
  EXPECT_EQ(json["following"]["conflicts"], 0);
  EXPECT_FALSE(json["following"]["applied_lsn"].is_null());
  EXPECT_FALSE(json["following"]["applied_time"].is_null());
  const RunResult text = run({"--status"});
  EXPECT_NE(text.out.find("applied       1 transactions, up to "), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("WAL kept"), std::string::npos) << text.out;
}

TEST_F(FollowCopy, TwoSourcesIntoOneDestinationDoNotDisturbEachOther) {
  TargetDb second(PgSide::source);
  source.exec("create table a (id int primary key); insert into a values (1)");
  second.exec("create table b (id int primary key); insert into b values (1)");
  dir.write_file("second.cfg",
                 fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n",
                             second.conninfo(), target.conninfo()));
  Program first({"pgsql2pgsql", "--create"}, here());
  Program other({"pgsql2pgsql", "--create", "-c", "second.cfg"}, here());
  const auto arrived = [this](const char* table, const char* rows) {
    return target.value(fmt::format("select to_regclass('{}') is not null", table)) == "t" &&
           target.value(fmt::format("select count(*) from {}", table)) == rows;
  };
  EXPECT_TRUE(eventually([&] { return arrived("a", "1") && arrived("b", "1"); }))
      << first.err_so_far() << other.err_so_far();
  source.exec("insert into a values (2)");
  second.exec("insert into b values (2)");
  EXPECT_TRUE(eventually([&] { return arrived("a", "2") && arrived("b", "2"); }))
      << first.err_so_far() << other.err_so_far();
  for (Program* program : {&first, &other}) {
    program->signal(SIGTERM);
    EXPECT_EQ(program->wait().exit_code, kInterrupted);
  }
  EXPECT_EQ(target.value("select count(*) from dbsync.apply_progress where state = 'following'"), "2");
  EXPECT_EQ(run({"--cleanup", "-c", "second.cfg"}).exit_code, 0);
  EXPECT_EQ(target.value("select count(*) from dbsync.apply_progress where state = 'following'"), "1");
}

TEST_F(FollowCopy, VerifiesAtTheEndOfFollowing) {
  both("create table t (id int primary key, v text)");
  source.exec("insert into t select i, 'v' from generate_series(1, 100) i");
  complete({"--verify"});
  source.exec("update t set v = 'w' where id = 7");
  complete({"--verify"});
  target.exec("update t set v = 'x' where id = 9");
  const RunResult result = run({"--end-at", "now", "--verify"});
  EXPECT_EQ(result.exit_code, kDiffers) << result.describe();
  EXPECT_NE(result.err.find("1 different"), std::string::npos) << result.err;
  Program follower({"pgsql2pgsql", "--verify"}, here());
  EXPECT_TRUE(
      eventually([&] { return follower.err_so_far().find("--verify has nothing to compare") != std::string::npos; }));
}

TEST_F(FollowCopy, FullOnlyLeavesNothingOnTheSource) {
  make_bank(10);
  const RunResult result = run({"--full-only"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  expect_same_table("account");
  EXPECT_EQ(slots(), "0");
  EXPECT_EQ(source.value("select count(*) from pg_publication"), "0");
}

// Killed at any moment, while copying most of the time: the complete tables are
// brought to a later moment, the others copied from it.
TEST_F(FollowCopy, KilledAtAnyMomentItLosesAndRepeatsNothing) {
  if (source.version() < 110000) GTEST_SKIP() << "keys of partitioned tables came with 11";
  make_bank(2000);
  both("create table tree (id int, part int, v text, primary key (part, id)) partition by list (part)");
  for (int i = 0; i < 4; ++i) both(fmt::format("create table tree_{0} partition of tree for values in ({0})", i));
  source.exec("insert into tree select i, i % 4, 'v' || i from generate_series(1, 4000) i");
  Background mover(moves(source.conninfo(), 2000));
  PgSession trees(source.conninfo());
  std::mt19937 random(20261124);
  int in_copy = 0;
  const int kills = number_from_environment("DBSYNC_FOLLOW_KILLS", 14);
  for (int i = 0; i < kills; ++i) {
    Program program({"pgsql2pgsql", "-j", "2", "--max-rate", "6000"}, here());
    // On a busy machine the copy may begin later than all of these moments.
    if (i == kills / 2 && in_copy == 0) eventually([this] { return state() == "copying"; });
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 900));
    trees.run(
        fmt::format("update tree set v = 'w{0}' where id % 97 = {0}; delete from tree where id = {0}; "
                    "update tree set part = (part + 1) % 4 where id % 500 = {0}",
                    i + 1));
    program.signal(SIGKILL);
    const RunResult result = program.wait();
    EXPECT_EQ(result.exit_code, 128 + SIGKILL) << result.describe();
    in_copy += state() == "copying" ? 1 : 0;
  }
  EXPECT_GT(in_copy, 0) << "no kill hit the copy";
  complete();
  const int moves = mover.stop();
  complete();
  EXPECT_EQ(target.value("select count(*) || ' ' || count(distinct n) from log"), fmt::format("{0} {0}", moves))
      << "missing: " << missing_moves(moves);
  expect_same_table("account");
  expect_same_table("tree");
  EXPECT_EQ(source.value("select count(*) from pg_replication_slots where database = current_database() and temporary"),
            "0");
}

TEST_F(FollowCopy, GoesOnWithCreatedTablesKeysAndForeignKeys) {
  source.exec(
      "create table parent (id serial primary key, v text unique);"
      "create table child (id int primary key, parent int not null references parent, n int);"
      "create index on child (n);"
      "create view both_of_them as select c.id, p.v from child c join parent p on p.id = c.parent;"
      "insert into parent (v) select 'v' || i from generate_series(1, 3000) i;"
      "insert into child select i, i, i from generate_series(1, 3000) i");
  for (int i = 0; i < 6; ++i) {
    Program program({"pgsql2pgsql", "--create", "-j", "1", "--max-rate", "8000"}, here());
    std::this_thread::sleep_for(std::chrono::milliseconds(300 + 100 * i));
    source.exec(
        "with p as (insert into parent (v) select 'new ' || i from generate_series(1, 20) i "
        "where not exists (select from parent where v = 'new ' || i) returning id) insert into child select id, id "
        "from p");
    program.signal(SIGKILL);
    program.wait();
  }
  complete({"--create"});
  expect_same_table("parent");
  expect_same_table("child");
  expect_same(
      "select conname, contype, convalidated from pg_constraint c join pg_namespace n on n.oid = connamespace "
      "where nspname = 'public' and contype <> 'n' order by 1");
  expect_same("select indexdef from pg_indexes where schemaname = 'public' order by 1");
  ASSERT_EQ(run({"--cleanup"}).exit_code, 0);
  EXPECT_EQ(target.value("select nextval('parent_id_seq')"), source.value("select nextval('parent_id_seq')"));
  EXPECT_EQ(slots(), "0");
  EXPECT_EQ(target.value("select to_regclass('dbsync.copy_run') is null"), "t");
}

TEST_F(FollowCopy, LargeObjectsAreReplacedWhenTheCopyGoesOn) {
  source.exec("create table t (id int primary key, o oid); insert into t values (1, lo_from_bytea(0, 'large'))");
  complete({"--create"});
  // As if it had been killed between the last step of the copy and recording its end.
  target.exec("update dbsync.apply_progress set state = 'copying'");
  complete({"--create"});
  expect_same("select convert_from(lo_get(o), 'utf8') from t");
}

TEST_F(FollowCopy, AFailedTableIsCopiedLaterAndTheOthersKeepUp) {
  source.exec(
      "create table a (id int primary key, v text); create table b (id int primary key, v text);"
      "insert into a values (1, 'a'), (2, 'a'); insert into b values (1, 'b')");
  target.exec("create table a (id int primary key, v text)");
  RunResult result = run({"--end-at", "now"});
  EXPECT_EQ(result.exit_code, kTargetFailed) << result.describe();
  EXPECT_NE(result.err.find("the same command goes on with the copy"), std::string::npos) << result.err;
  EXPECT_EQ(slots(), "1");
  EXPECT_EQ(run({"--follow-only"}).exit_code, kTargetFailed) << "the copy has not ended";
  source.exec("update a set v = 'changed' where id = 1; delete from a where id = 2; insert into b values (2, 'b')");
  target.exec("create table b (id int primary key, v text)");
  complete();
  expect_same_table("a");
  expect_same_table("b");
}

// While complete tables are brought up, changes of the others arrive that are
// dropped; those behind the new snapshot must come again.
TEST_F(FollowCopy, WhatIsDroppedWhileTablesAreBroughtUpComesAgain) {
  source.exec("create table a (id int primary key); create table b (id int primary key); insert into a values (0)");
  target.exec("create table a (id int primary key)");
  ASSERT_EQ(run({"--end-at", "now"}).exit_code, kTargetFailed);
  source.exec("insert into a values (1)");
  target.exec("create table b (id int)");  // without a key: what comes twice is seen
  PgSession blocker(target.conninfo());
  blocker.run("begin; lock table a in share mode");
  Background writer([session = std::make_shared<PgSession>(source.conninfo())](int n) {
    session->run(fmt::format("insert into b values ({})", n));
    std::this_thread::sleep_for(1ms);
  });
  Program program({"pgsql2pgsql", "--end-at", "now"}, here());
  EXPECT_TRUE(
      eventually([&] { return program.err_so_far().find("bringing the complete tables") != std::string::npos; }));
  std::this_thread::sleep_for(500ms);
  blocker.run("rollback");
  const RunResult result = program.wait();
  writer.stop();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  complete();
  expect_same_table("a");
  expect_same("select count(*), count(distinct id), max(id) from b");
}

TEST_F(FollowCopy, AFailureBeforeTheFirstRowLeavesNothingBehind) {
  source.exec("create table t (id int primary key); insert into t values (1)");
  const RunResult result = run({"--end-at", "now"});
  EXPECT_EQ(result.exit_code, kTargetFailed) << result.describe();
  EXPECT_EQ(slots(), "0") << result.err;
  EXPECT_EQ(source.value("select count(*) from pg_publication"), "0");
  EXPECT_EQ(state(), "");
}

TEST_F(FollowCopy, RestartBeginsAnew) {
  both("create table t (id int primary key, v text)");
  source.exec("insert into t values (1, 'a')");
  complete();
  source.exec(
      "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()");
  source.exec("update t set v = 'b'; insert into t values (2, 'c')");
  RunResult result = run({"--end-at", "now"});
  EXPECT_EQ(result.exit_code, kSourceFailed) << result.describe();
  EXPECT_NE(result.err.find("--restart"), std::string::npos) << result.err;
  complete({"--restart"});
  source.exec("insert into t values (3, 'd')");
  complete();
  expect_same_table("t");
}

TEST_F(FollowCopy, TablesWithoutAKeyAreNotPublishedUnasked) {
  both("create table keyless (id int); create table keyed (id int primary key)");
  source.exec("insert into keyless values (1)");
  configure("tables_without_key = stop");
  RunResult result = run({"--end-at", "now"});
  EXPECT_EQ(result.exit_code, kSourceFailed) << result.describe();
  EXPECT_NE(result.err.find("replica identity: public.keyless"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("REPLICA IDENTITY FULL"), std::string::npos) << result.err;
  EXPECT_EQ(slots(), "0");
  source.exec("update keyless set id = 2");
  complete({"--exclude", "keyless"});
  ASSERT_EQ(run({"--cleanup"}).exit_code, 0);
  configure("tables_without_key = publish");
  complete({"--include", "keyless"});
  source.exec("insert into keyless values (3)");
  complete({"--include", "keyless"});
  expect_same_table("keyless");
}

// The program's name alone: everything is copied, what can be followed is, and the rest is
// named, again at each start and at the end.
TEST_F(FollowCopy, TablesWithoutAKeyAreCopiedAndNamed) {
  both(
      "create table keyless (id int); create table keyed (id int primary key);"
      "create table late (id int primary key deferrable);"
      "create table tree (id int, p int) partition by list (p); create table tree_1 partition of tree for values in "
      "(1)");
  source.exec(
      "insert into keyless values (1); insert into keyed values (1); insert into late values (1);"
      "insert into tree values (1, 1)");
  complete();
  for (const char* table : {"keyless", "keyed", "late", "tree"}) expect_same_table(table);
  const std::string said = last_.err;
  for (const char* text :
       {"public.keyless: copied and not followed, since it has no primary key", "public.late: copied and not followed",
        "its key is deferrable", "ALTER TABLE \"public\".\"keyless\" REPLICA IDENTITY FULL",
        "ALTER TABLE \"public\".\"tree_1\" REPLICA IDENTITY FULL"})
    EXPECT_NE(said.find(text), std::string::npos) << text << '\n' << said;
  EXPECT_EQ(said.find("public.keyed: copied and not"), std::string::npos) << said;
  source.exec("update keyless set id = 2; update late set id = 2; update tree set id = 2; update keyed set id = 2");
  complete();
  expect_same_table("keyed");
  EXPECT_EQ(target.value("select id from keyless"), "1");
  EXPECT_NE(last_.err.find("public.keyless is not followed, since it has no"), std::string::npos) << last_.err;
  EXPECT_EQ(run({"--verify-only"}).exit_code, kDiffers);
  const RunResult end = run({"--cleanup"});
  EXPECT_EQ(end.exit_code, 0) << end.describe();
  EXPECT_NE(end.err.find("public.keyless is not followed, since it has no"), std::string::npos) << end.err;
}

// While a comparison waits for the target it holds no lock on what it has read: the application's
// TRUNCATE would wait for it, and its next look would wait behind that.
TEST_F(FollowCopy, AComparisonThatWaitsIsNotInTheWayOfATruncate) {
  both("create table t (id int primary key)");
  complete();
  source.exec("insert into t values (1)");
  Program program({"pgsql2pgsql", "--verify-only"}, here());
  ASSERT_TRUE(eventually([&] { return program.err_so_far().find("looked at again, 1 of 3") != std::string::npos; }))
      << program.err_so_far();
  source.exec("set lock_timeout = '3s'; truncate t");
  target.exec("set lock_timeout = '3s'; truncate t");
  EXPECT_NE(program.wait().exit_code, kInterrupted);
}

// Nor does it wait for ever where a TRUNCATE of the follower waits for another of its sessions.
TEST_F(FollowCopy, AComparisonDoesNotWaitForALockForEver) {
  both("create table t (id int primary key); create table u (id int primary key)");
  complete();
  target.exec("alter database " + target.name() + " set lock_timeout = '1s'");
  PgSession holder(target.conninfo());
  holder.run("begin; lock table t in access exclusive mode");
  const RunResult run = run_program({"pgsql2pgsql", "--verify-only"}, here());
  EXPECT_EQ(run.exit_code, kTargetFailed) << run.describe();
  EXPECT_NE(run.err.find("public.t: it could not be compared"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("another session holds a lock on it"), std::string::npos) << run.err;
}

// Rows come under the root's name, told apart by the root's key; the old key comes when a
// column of the leaf's identity changes.
TEST_F(FollowCopy, PartitionsOfAnotherReplicaIdentityThanTheirRoot) {
  if (source.version() < 130000) GTEST_SKIP() << "changes come under the partitions' own names before 13";
  source.exec(
      "create table keyed (id int, p int, v text not null, primary key (id, p)) partition by list (p);"
      "create table keyed_1 partition of keyed for values in (1); create unique index keyed_v on keyed_1 (v);"
      "create table bare (id int, p int, v text not null) partition by list (p);"
      "create table bare_1 partition of bare for values in (1); create table bare_2 partition of bare for values in "
      "(2);"
      "alter table bare_1 replica identity full; alter table bare_2 replica identity full;"
      "create table fine (id int, p int, primary key (id, p)) partition by list (p);"
      "create table fine_1 partition of fine for values in (1); alter table fine_1 replica identity full;"
      "insert into keyed values (1, 1, 'a'); insert into bare values (1, 1, 'a'), (1, 2, 'b');"
      "insert into fine values (1, 1)");
  source.exec("alter table keyed_1 replica identity using index keyed_v");
  complete({"--create"});
  for (const char* table : {"keyed", "bare"})
    EXPECT_NE(last_.err.find(fmt::format("public.{}: copied and not followed, since its partition", table)),
              std::string::npos)
        << last_.err;
  EXPECT_EQ(last_.err.find("public.fine: copied and"), std::string::npos) << last_.err;
  ASSERT_EQ(run({"--cleanup"}).exit_code, 0);
  target.exec("drop table keyed, bare, fine");

  configure("tables_without_key = stop");
  const RunResult refused = run({"--create", "--end-at", "now"});
  EXPECT_EQ(refused.exit_code, kSourceFailed) << refused.describe();
  EXPECT_EQ(slots(), "0");
  EXPECT_NE(refused.err.find("public.bare_1 of public.bare, public.bare_2 of public.bare, public.keyed_1 of "
                             "public.keyed"),
            std::string::npos)
      << refused.err;
  EXPECT_EQ(refused.err.find("fine"), std::string::npos) << refused.err;
  const RunResult check = run({"--check", "--create"});
  EXPECT_NE(check.out.find("its replica identity is not that of public.keyed"), std::string::npos) << check.out;
  const std::string hint = refused.err.substr(refused.err.find("on the source: ") + 15);
  source.exec(hint.substr(0, hint.find("; or leave")));
  complete({"--create"});
  source.exec(
      "update keyed set id = id + 10; update bare set id = id + 10; update fine set id = id + 10;"
      "update keyed set v = 'x'; delete from bare where p = 2");
  complete({"--create"});
  for (const char* table : {"keyed", "bare", "fine"}) expect_same_table(table);

  source.exec("alter table keyed_1 replica identity using index keyed_v");
  const RunResult changed = run({"--create", "--end-at", "now"});
  EXPECT_EQ(changed.exit_code, kSourceFailed) << changed.describe();
  EXPECT_NE(changed.err.find("public.keyed_1 of public.keyed"), std::string::npos) << changed.err;
}

TEST_F(FollowCopy, SchemasAreMappedWhileFollowing) {
  source.exec(
      "create schema sales; create schema stock; create table sales.t (id int primary key, v text);"
      "create table stock.u (id int primary key); insert into sales.t values (1, 'a'); insert into stock.u values (1)");
  configure("[schema_map]\nsales = \"new sales\"\nstock = \"public\"\n");
  complete({"--create"});
  source.exec(
      "insert into sales.t values (2, 'b'); update sales.t set v = 'c' where id = 1; insert into stock.u values (2)");
  complete({"--create"});
  EXPECT_EQ(difference(target.query("select * from \"new sales\".t order by id"),
                       source.query("select * from sales.t order by id")),
            "");
  EXPECT_EQ(target.value("select count(*) from public.u"), "2");
}

TEST_F(FollowCopy, QueriesAndUnloggedTablesAreCopiedOnly) {
  both(
      "create table t (id int primary key); create unlogged table u (id int primary key); create table q (id int "
      "primary key)");
  source.exec("insert into t values (1); insert into u values (1)");
  dir.write_file("tab_list.txt", "t\nu\nq : select id + 10 as id from t\n");
  const RunResult result = run({"-l", "tab_list.txt", "--end-at", "now"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.err.find("public.u: copied and not followed, since it is unlogged"), std::string::npos)
      << result.err;
  EXPECT_NE(result.err.find("q: copied and not followed, since it is a query"), std::string::npos) << result.err;
  source.exec("insert into t values (2)");
  complete({"-l", "tab_list.txt"});
  expect_same_table("t");
  EXPECT_EQ(target.value("select id from u"), "1");
  EXPECT_EQ(target.value("select string_agg(id::text, ',') from q"), "11");
}

TEST_F(FollowCopy, RetainedWalIsWatchedDuringTheCopy) {
  both("create table t (id int primary key, v text)");
  source.exec("insert into t select i, 'v' from generate_series(1, 30000) i");
  configure("max_retained_wal = 1\nover_max_retained_wal = stop");
  Program program({"pgsql2pgsql", "-j", "1", "--max-rate", "3000"}, here());
  ASSERT_TRUE(eventually([this] { return slots() == "1"; })) << program.err_so_far();
  source.exec(
      "create table noise (v text); insert into noise select repeat(md5(i::text), 30) from generate_series(1, 5000) i");
  const RunResult result = program.wait();
  EXPECT_EQ(result.exit_code, kSourceFailed) << result.describe();
  EXPECT_NE(result.err.find("more than max_retained_wal allows"), std::string::npos) << result.err;
  EXPECT_EQ(slots(), "0");
}

TEST(FollowCopyRefusal, WithoutLogicalDecodingItCopiesAndNamesTheSettings) {
  TargetDb target;
  TestDir dir;
  dir.write_file("my.cfg", fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n",
                                       Servers::instance().pg_without_logical("postgres"), target.conninfo()));
  PgSession source(Servers::instance().pg_without_logical("postgres"));
  const std::string table = unique_name();
  source.run("create table " + table + " (id int primary key); insert into " + table + " values (1)");
  RunOptions here;
  here.cwd = dir.path();
  const RunResult run = run_program({"pgsql2pgsql", "--create", "--include", table}, here);
  source.run("drop table " + table);
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_NE(run.err.find("set wal_level = logical"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("increments are off"), std::string::npos) << run.err;
  EXPECT_EQ(target.value("select count(*) from " + table), "1");
}

// What the journal tells then is of the copy before: those rows are not at the new slot.
TEST_F(FollowCopy, ARestartThatWasKilledBeforeItEmptiedTheTablesIsDoneByTheNextRun) {
  source.exec("create table t (id int primary key, v text); insert into t values (1, 'a')");
  complete({"--create"});
  source.exec("insert into t values (2, 'b'); update t set v = 'c' where id = 1");
  kill_restart_before_it_empties(target, {"pgsql2pgsql", "--create", "--restart"}, here());
  source.exec("insert into t values (3, 'd')");
  complete({"--create"});
  expect_same_table("t");
}

// A copy without a task is of another moment than the task that begins now.
TEST_F(FollowCopy, ResumingACopyWithATaskLoadsAllOfItAgain) {
  both("create table t (i int primary key, v int)");
  source.exec("insert into t values (1, 1)");
  ASSERT_EQ(run({"--full-only"}).exit_code, 0);
  source.exec("update t set v = 2");
  const RunResult next = run({"--resume", "--end-at", "now"});
  EXPECT_EQ(next.exit_code, 0) << next.describe();
  EXPECT_EQ(target.value("select v from t"), "2") << next.err;
}

}  // namespace

}  // namespace dbsync::test
