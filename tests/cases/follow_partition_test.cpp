// What happens to partitions and is not among the changes, and what the source waits
// for before following can begin.
#include <chrono>
#include <csignal>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"

namespace dbsync::test {

namespace {

using namespace std::chrono_literals;

constexpr int kTargetFailed = 4;
constexpr int kInterrupted = 130;

class FollowPartitions : public FollowTest {
 protected:
  FollowPartitions() {
    if (source.version() < 130000) return;
    make =
        "create table p (id int, day date, v text, primary key (id, day)) partition by range (day);"
        "create table p1 partition of p for values from ('2024-01-01') to ('2024-02-01');"
        "create table p2 partition of p for values from ('2024-02-01') to ('2024-03-01');"
        "insert into p select i, date '2024-01-01' + i, 'v' from generate_series(0, 58) i";
  }
  RunResult expect_stop(const std::string& text) {
    RunResult run = follow();
    EXPECT_EQ(run.exit_code, kTargetFailed) << run.describe();
    EXPECT_NE(run.err.find(text), std::string::npos) << text << "\n" << run.err;
    return run;
  }
  void expect_mended_by(const std::string& statement) {
    expect_stop(statement);
    target.exec(statement);
    drain();
    expect_same_table("p");
  }

  std::string make;
};

TEST_F(FollowPartitions, WhatHappensToPartitionsIsAppliedOrStoppedAt) {
  if (source.version() < 130000) GTEST_SKIP() << "partitions are published by their root from 13 on";
  both(make);
  begin();
  // Emptied alone.
  source.exec("truncate p1; insert into p values (100, '2024-01-05', 'new')");
  expect_stop("TRUNCATE \"public\".\"p1\"");
  target.exec("truncate p1; insert into p values (100, '2024-01-05', 'new')");
  drain();
  expect_same_table("p");
  // Written anew, which is no loss; emptied with the whole table, which is sent.
  source.exec("cluster p2 using p2_pkey; insert into p values (101, '2024-02-05', 'new')");
  drain();
  source.exec("truncate p; insert into p select i, date '2024-01-01' + i, 'w' from generate_series(0, 58) i");
  drain();
  expect_same_table("p");
  // Attached with rows, columns in another order.
  source.exec(
      "create table p3 (v text, day date not null, id int not null); insert into p3 values ('a', '2024-03-05', 1), "
      "('b', '2024-03-06', 2);"
      "alter table p attach partition p3 for values from ('2024-03-01') to ('2024-04-01')");
  target.exec("create table p3 partition of p for values from ('2024-03-01') to ('2024-04-01')");
  expect_stop("COPY \"public\".\"p3\" (v, day, id) TO STDOUT");
  target.exec("insert into p3 (v, day, id) values ('a', '2024-03-05', 1), ('b', '2024-03-06', 2)");
  drain();
  expect_same_table("p");
  // Detached, and dropped.
  source.exec("alter table p detach partition p1; insert into p values (5, '2024-03-07', 'c')");
  expect_mended_by(R"(ALTER TABLE "public"."p" DETACH PARTITION "public"."p1")");
  source.exec("drop table p2");
  expect_mended_by(R"(DROP TABLE "public"."p2")");
  // A new, empty one.
  source.exec(
      "create table p4 partition of p for values from ('2024-04-01') to ('2024-05-01'); insert into p values (6, "
      "'2024-04-07', 'd')");
  const RunResult run = expect_stop(
      R"(CREATE TABLE "public"."p4" PARTITION OF "public"."p" FOR VALUES FROM ('2024-04-01') TO ('2024-05-01'))");
  EXPECT_NE(run.err.find("day = 2024-04-07"), std::string::npos) << run.err;
  target.exec(
      R"(CREATE TABLE "public"."p4" PARTITION OF "public"."p" FOR VALUES FROM ('2024-04-01') TO ('2024-05-01'))");
  drain();
  expect_same_table("p");
}

TEST_F(FollowPartitions, WhatHappensToPartitionsOfAnUnpartitionedTarget) {
  if (source.version() < 130000) GTEST_SKIP() << "partitions are published by their root from 13 on";
  source.exec(make);
  target.exec(
      "create table p (id int, day date, v text, primary key (id, day));"
      "insert into p select i, date '2024-01-01' + i, 'v' from generate_series(0, 58) i");
  begin();
  source.exec("truncate p1");
  const std::string there =
      R"(DELETE FROM "public"."p" WHERE ((day IS NOT NULL) AND (day >= '2024-01-01'::date) AND (day < '2024-02-01'::date)))";
  expect_mended_by(there);
  source.exec(
      "create table p3 (id int not null, day date not null, v text); insert into p3 values (1, '2024-03-05', 'a');"
      "alter table p attach partition p3 for values from ('2024-03-01') to ('2024-04-01')");
  expect_stop("became a partition of public.p");
  target.exec("insert into p values (1, '2024-03-05', 'a')");
  drain();
  source.exec("drop table p2");
  expect_mended_by(
      R"(DELETE FROM "public"."p" WHERE ((day IS NOT NULL) AND (day >= '2024-02-01'::date) AND (day < '2024-03-01'::date)))");
}

// As a source before 13, whose publication names the leaves.
TEST_F(FollowPartitions, APartitionThatIsMadeWhereLeavesArePublishedStops) {
  both(
      "create table q (id int, part int, v text) partition by list (part); create table q1 partition of q for values "
      "in (1);"
      "alter table q1 add primary key (id); insert into q values (1, 1, 'a')");
  configure("tables_without_key = publish");
  begin();
  if (source.version() >= 130000) {
    source.exec(fmt::format(
        "alter publication {0} set table only q1; alter publication {0} set (publish_via_partition_root = false)",
        slot_column("slot_name")));
    target.exec("delete from dbsync.apply_tables where table_name = 'q'; delete from dbsync.apply_partitions");
  }
  source.exec("insert into q values (2, 1, 'b')");
  drain();
  expect_same_table("q1");
  source.exec(
      "create table q2 (v text, id int primary key, part int); insert into q2 values ('c', 3, 2); "
      "alter table q attach partition q2 for values in (2); insert into q values (4, 2, 'd'), (5, 1, 'e')");
  const RunResult run = expect_stop("q2 became a partition of public.q on the source and is not in the publication");
  const std::size_t start = run.err.find("psql -q SOURCE");
  const std::size_t end = run.err.find("; then start again", start);
  ASSERT_NE(end, std::string::npos) << run.err;
  target.exec("create table q2 partition of q (primary key (id)) for values in (2)");
  std::string hint = run.err.substr(start, end - start);
  hint.replace(hint.find("SOURCE"), 6, "'" + source.conninfo() + "'")
      .replace(hint.find("TARGET"), 6, "'" + target.conninfo() + "'");
  const RunResult copy = run_program({"sh", "-c", hint});
  EXPECT_EQ(copy.exit_code, 0) << hint << copy.describe();
  source.exec("insert into q values (6, 2, 'f'); update q2 set v = 'C' where id = 3; delete from q2 where id = 4");
  drain();
  expect_same("select id, part, v from q order by id");
}

TEST_F(FollowPartitions, ATruncateThatTheSourceDoesNotSendStops) {
  if (source.version() >= 110000) GTEST_SKIP() << "TRUNCATE is sent from 11 on";
  both(
      "create table t (id int primary key, v text); create table u (id int primary key); insert into t values (1, "
      "'a'), (2, 'b')");
  begin();
  source.exec("vacuum full t");
  source.exec("insert into u values (1)");
  drain();
  source.exec("truncate t; insert into t values (3, 'c')");
  expect_stop("public.t was emptied or written anew on the source, where it has 1 rows; the target has 3");
  target.exec("truncate t; insert into t values (3, 'c')");
  drain();
  expect_same_table("t");
}

class FollowWaits : public FollowTest {
 protected:
  // The run says what it waits for, and a signal ends it at once.
  void expect_said(const std::string& text, const std::vector<std::string>& command) {
    Program program(command, here());
    EXPECT_TRUE(eventually([&] { return program.err_so_far().find(text) != std::string::npos; }))
        << text << "\n"
        << program.err_so_far();
    const auto start = std::chrono::steady_clock::now();
    program.signal(SIGINT);
    const RunResult run = program.wait();
    EXPECT_EQ(run.exit_code, kInterrupted) << run.describe();
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
    EXPECT_EQ(slot_column("slot_name"), "");
    EXPECT_EQ(run.err.find("keeps WAL"), std::string::npos) << run.err;  // of a slot that is gone
  }
  const std::vector<std::string> follow_{"pgsql2pgsql", "--follow-only", "--end-at", "now"};
  const std::vector<std::string> copy_{"pgsql2pgsql", "--create"};
};

TEST_F(FollowWaits, AreSaidAndASignalEndsThem) {
  both("create table t (id int primary key)");
  PgSession holder(source.conninfo());
  holder.run("begin; insert into t values (1)");
  const std::string pid = holder.run("select pg_backend_pid()").at(0).at(0).value_or("");
  expect_said("waits for process " + pid, follow_);
  expect_said("waits for process " + pid, copy_);
  holder.run("rollback; begin; lock table t in share row exclusive mode");
  expect_said("making the publication", follow_);
  holder.run("rollback");
  EXPECT_EQ(target.value("select count(*) from dbsync.apply_progress"), "0");
  EXPECT_EQ(source.value("select count(*) from pg_publication"), "0");
  begin();
  source.exec("insert into t values (2)");
  drain();
  EXPECT_EQ(target.value("select id from t"), "2");
}

}  // namespace

}  // namespace dbsync::test
