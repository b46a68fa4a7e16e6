// Triggers and rules that are ENABLE ALWAYS have acted on the source: they do not act
// again on what is applied, until the task ends.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"

namespace dbsync::test {

namespace {

class FollowTriggers : public FollowTest {};

constexpr char kStates[] =
    "select tgname || tgenabled::text from pg_trigger where not tgisinternal and tgrelid >= 16384 union all "
    "select rulename || ev_enabled::text from pg_rewrite where ev_type <> '1' and ev_class >= 16384 order by 1";

TEST_F(FollowTriggers, AlwaysTriggersAndRulesOfTheSourceDoNotActAgain) {
  if (source.version() < 110000) GTEST_SKIP() << "partitioned tables have no keys before 11";
  source.exec(
      "create table a (id int primary key); create table log (id serial primary key, what text);"
      "create function f() returns trigger language plpgsql as $$ begin insert into log (what) values (tg_op); return "
      "null; end $$;"
      "create trigger tr after insert on a for each row execute procedure f(); alter table a enable always trigger tr;"
      "create table r (id int primary key); create table rlog (id serial primary key, x int);"
      "create rule ru as on insert to r do also insert into rlog (x) values (new.id); alter table r enable always rule "
      "ru;"
      "create table p (id int primary key) partition by range (id); create table p1 partition of p for values from (0) "
      "to (10);"
      "create trigger tp after insert on p1 for each row execute procedure f(); alter table p1 enable replica trigger "
      "tp");
  const RunResult copied = run_program({"pgsql2pgsql", "--create", "--end-at", "now"}, here());
  ASSERT_EQ(copied.exit_code, 0) << copied.describe();
  EXPECT_NE(copied.err.find("the trigger tr of public.a of the target is ENABLE ALWAYS there and on the source"),
            std::string::npos)
      << copied.err;
  for (int i = 1; i < 4; ++i) {
    source.exec(fmt::format("insert into a values ({0}); insert into r values ({0}); insert into p values ({0})", i));
    drain();
  }
  for (const char* table : {"a", "log", "r", "rlog", "p"}) expect_same_table(table);
  EXPECT_EQ(target.value(fmt::format("select string_agg(x, ' ') from ({}) s (x)", kStates)), "ruO tpO trO");
  // One of the target's own is named and left.
  target.exec(
      "create trigger mine after insert on a for each row execute procedure f(); alter table a enable always trigger "
      "mine");
  source.exec("insert into a values (9)");
  const RunResult own = follow();
  EXPECT_NE(own.err.find("the trigger mine of public.a of the target is ENABLE ALWAYS and acts on what is applied"),
            std::string::npos)
      << own.err;
  target.exec("drop trigger mine on a");
  drain();
  // Killed or not, the end of the task puts back what it took.
  const RunResult end = run_program({"pgsql2pgsql", "--cleanup", "--force"}, here());
  ASSERT_EQ(end.exit_code, 0) << end.describe();
  expect_same(kStates);
}

TEST_F(FollowTriggers, TheCheckNamesThoseThatActOnWhatIsApplied) {
  const std::string log =
      "create table a (id int primary key); create table log (id serial primary key, x int);"
      "create function f() returns trigger language plpgsql as $$ begin return null; end $$;"
      "create trigger tr after insert on a for each row execute procedure f();";
  both(log);
  both("alter table a enable always trigger tr");
  target.exec(
      "create trigger mine after insert on a for each row execute procedure f(); alter table a enable replica trigger "
      "mine; create rule ru as on insert to a do also insert into log (x) values (new.id); alter table a enable always "
      "rule ru");
  const RunResult check = run_program({"pgsql2pgsql", "--check"}, here());
  EXPECT_EQ(check.exit_code, 0) << check.describe();
  for (const char* part :
       {"the trigger tr of public.a is ENABLE ALWAYS on both sides: while the task follows, until --cleanup, it does "
        "not "
        "act on what is applied",
        "the trigger mine of public.a is ENABLE REPLICA on the target, and not so on the source",
        R"(ALTER TABLE "public"."a" ENABLE TRIGGER "mine")", R"(ALTER TABLE "public"."a" ENABLE RULE "ru")"})
    EXPECT_NE(check.out.find(part), std::string::npos) << part << "\n" << check.out;
}

// A conflict that is skipped and a column that comes as text, in one transaction.
TEST_F(FollowTriggers, ASkippedConflictBesideAColumnThatNeedsTextGoesOn) {
  if (source.version() < 140000) GTEST_SKIP() << "values come as text before 14";
  source.exec("create table t (id int primary key); create table n (id int primary key)");
  target.exec("create table t (id int primary key); create table n (id bigint primary key); insert into t values (1)");
  configure("conflicts = skip");
  begin();
  source.exec("begin; insert into t values (1); insert into n values (1); commit");
  const RunResult run = follow();
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_NE(run.err.find("going on with values as text"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("skipped"), std::string::npos) << run.err;
  expect_same_table("n");
}

}  // namespace

}  // namespace dbsync::test
