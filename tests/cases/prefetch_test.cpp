// Questions that are sent ahead (pg/prefetch.h), and connections that are opened ahead.
#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "pg/early_connections.h"
#include "pg/prefetch.h"
#include "tests/harness/target_db.h"

namespace dbsync::test {
namespace {

class PrefetchTest : public ::testing::Test {
 protected:
  PrefetchTest() { target.exec("create table t (a int); insert into t values (1)"); }

  std::string count() { return ask(connection, count_).text(0, 0); }

  TargetDb target;
  PgConnection connection{target.conninfo(), "target", "test"};
  const PgQuery count_{"SELECT count(*) FROM public.t"};
};

TEST_F(PrefetchTest, APhaseSeesOneAnswerAndTheNextOneAnother) {
  {
    const PgPrefetch ahead(connection, {count_, {"SELECT $1::int + 1", {"41"}}});
    EXPECT_EQ(count(), "1");
    target.exec("insert into t values (2)");
    EXPECT_EQ(count(), "1");
    EXPECT_EQ(ask(connection, {"SELECT $1::int + 1", {"41"}}).text(0, 0), "42");
    EXPECT_EQ(ask(connection, {"SELECT $1::int + 1", {"1"}}).text(0, 0), "2");  // was not sent
    EXPECT_EQ(count(), "1");
  }
  EXPECT_EQ(count(), "2");
}

TEST_F(PrefetchTest, AStatementOfTheConnectionDropsTheAnswers) {
  PgPrefetch ahead(connection, {count_});
  EXPECT_EQ(count(), "1");
  connection.exec("INSERT INTO public.t VALUES (2)");
  EXPECT_EQ(count(), "2");
  ahead.more({count_});
  exec_together(connection, {{"INSERT INTO public.t VALUES (3)"}});
  EXPECT_EQ(count(), "3");
  ahead.more({count_});
  connection.exec_often("DELETE FROM public.t WHERE a = $1", {"3"});
  EXPECT_EQ(count(), "2");
  ahead.more({count_});
  EXPECT_EQ(ask_together(connection, {count_, {"SELECT 7"}})[1].text(0, 0), "7");
  EXPECT_EQ(ask_together(connection, {count_})[0].text(0, 0), "2");
}

TEST_F(PrefetchTest, WhatFailsIsToldWhereItIsAskedFor) {
  const PgQuery wrong{"SELECT 1 / $1::int", {"0"}};
  PgPrefetch ahead(connection, {wrong, count_});
  EXPECT_EQ(count(), "1");
  EXPECT_THROW(ask(connection, wrong), Error);
  EXPECT_THROW(ask(connection, wrong), Error);  // asked again
  EXPECT_EQ(count(), "1");
  connection.exec("BEGIN");
  ahead.more({count_});
  EXPECT_TRUE(connection.idle_in_transaction());
  EXPECT_EQ(count(), "1");
  connection.exec("COMMIT");
}

TEST_F(PrefetchTest, WhatIsNotedGoesWithTheQuestions) {
  const PgQuery note{"UPDATE public.t SET a = a + 1"};
  const PgPrefetch ahead(connection, {note, count_});
  EXPECT_TRUE(PgPrefetch::has(connection, count_));
  EXPECT_FALSE(PgPrefetch::has(connection, {"SELECT 1"}));
  ask(connection, note);
  EXPECT_EQ(count(), "1");
  EXPECT_EQ(target.value("select a from t"), "2");  // once
}

TEST_F(PrefetchTest, ALostConnectionIsTold) {
  TargetDb other;
  std::optional<PgConnection> lost(std::in_place, other.conninfo(), "target", "test");
  std::optional<PgPrefetch> ahead(std::in_place, *lost, std::vector<PgQuery>{{"SELECT pg_sleep(30)"}, {"SELECT 1"}});
  const std::string backend = lost->describe();
  target.exec("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test' and datname = '" +
              other.name() + "'");
  try {
    ask(*lost, {"SELECT 1"});
    ADD_FAILURE() << "it answers";
  } catch (const Error& error) {
    EXPECT_TRUE(error.connection_lost());
  }
  lost.reset();
  ahead->more({{"SELECT 1"}});  // of a connection that is gone: nothing
  ahead.reset();
}

TEST_F(PrefetchTest, ConnectionsThatWereOpenedAheadAreTakenOnce) {
  const SessionWish wish{target.conninfo(), "target", "ahead"};
  const auto sessions = [&] {
    return target.value("select count(*) from pg_stat_activity where application_name = 'ahead'");
  };
  EarlyConnections::open(wish);  // without an object: nothing
  EXPECT_FALSE(EarlyConnections::take(wish).has_value());
  {
    const EarlyConnections early;
    EarlyConnections::open(wish);
    EarlyConnections::open(wish);
    PgConnection taken(target.conninfo(), "target", "ahead");
    EXPECT_EQ(taken.exec("SHOW TimeZone").text(0, 0), "UTC");
    EXPECT_EQ(sessions(), "2");
    // One that has died meanwhile is not taken.
    target.exec("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ahead' and pid <> " +
                taken.exec("SELECT pg_backend_pid()").text(0, 0));
    while (sessions() != "1") continue;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // its process ends
    PgConnection fresh(target.conninfo(), "target", "ahead");
    EXPECT_EQ(fresh.exec("SHOW TimeZone").text(0, 0), "UTC");
    EarlyConnections::open({target.conninfo() + " dbname=no_such_database", "target", "ahead"});
    EXPECT_THROW(PgConnection(target.conninfo() + " dbname=no_such_database", "target", "ahead"), Error);
  }
  EXPECT_EQ(EarlyConnections::take(wish).has_value(), false);
}

}  // namespace
}  // namespace dbsync::test
