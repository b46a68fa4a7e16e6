// Rows that are found by what they look like, and columns that no UPDATE can write.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"

namespace dbsync::test {

namespace {

constexpr int kTargetFailed = 4;

class FollowIdentity : public FollowTest {};

// Two rows that are equal, but not alike: the second one is changed and, in the
// other table, deleted.
struct Lookalikes {
  const char* type;
  const char* first;
  const char* second;
};

constexpr Lookalikes kEqualNotAlike[] = {
    {"numeric", "1.0", "1.00"},
    {"numeric(6,2)[]", "{1.5}", "{1.50,NULL}"},
    {"numeric[]", "{1.0}", "{1.00}"},
    {"interval", "30 days", "1 mon"},
    {"interval[]", "{\"24:00:00\"}", "{\"1 day\"}"},
    {"float8", "0", "-0"},
    {"float4", "0", "-0"},
    {"float8[]", "{0}", "{-0}"},
    {"bpchar", "a", "a  "},
    {"jsonb", "[1.0]", "[1.00]"},
    {"numrange", "[1.0,2)", "[1.00,2)"},
    {"citext", "a", "A"},
    {"citext[]", "{a}", "{A}"},
    {"domain_of_citext", "b", "B"},
    {"price", "(1.0)", "(1.00)"},
    {"tag", "x", "X"},
    {"json", "{\"a\": 1}", "{\"a\":1}"},
    {"xml", "<a/>", "<a></a>"},
    {"point", "(1,2)", "(2,1)"},
    {"box", "(1,1),(0,0)", "(2,2),(0,0)"},
    {"circle", "<(0,0),1>", "<(1,1),1>"},
    {"jsonpath", "$.\"a\"", "$.\"b\""},
    {"json[]", "{\"{}\"}", "{\"[]\"}"},
    {"point[]", "{\"(1,2)\"}", "{\"(2,1)\"}"},
    {"spot", "(\"(1,2)\",{})", "(\"(1,2)\",[])"},
    {"spot[]", "{\"(\\\"(1,2)\\\",{})\"}", "{\"(\\\"(1,2)\\\",[])\"}"},
};

TEST_F(FollowIdentity, WithoutAKeyTheRowThatLooksLikeTheImageIsTaken) {
  if (source.version() < 120000 || target.version() < 120000)
    GTEST_SKIP() << "nondeterministic collations came with 12";
  if (source.version() < 120000 || target.version() < 120000)
    GTEST_SKIP() << "nondeterministic collations and jsonpath came with 12";
  both(
      "create extension citext; create domain domain_of_citext as citext; create type price as (n numeric);"
      "create type spot as (p point, j json);"
      "create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
      "create domain tag as text collate loose");
  std::string make;
  std::string change;
  int number = 0;
  for (const Lookalikes& values : kEqualNotAlike) {
    for (const char* kind : {"u", "d"}) {
      const std::string table = fmt::format("{}{}", kind, ++number);
      make += fmt::format(
          "create table {0} (n int, v {1}); alter table {0} replica identity full;"
          "insert into {0} values (1, '{2}'), (1, '{3}'), (1, '{2}'), (2, null);",
          table, values.type, values.first, values.second);
      const char* row = "ctid = '(0,2)'";
      change += *kind == 'u' ? fmt::format("update {} set n = 7 where {};", table, row)
                             : fmt::format("delete from {} where {};", table, row);
      change += fmt::format("update {} set n = 8 where v is null;", table);
    }
  }
  both(make);
  begin();
  source.exec(change);
  drain();
  for (number = 0; const Lookalikes& values : kEqualNotAlike) {
    SCOPED_TRACE(values.type);
    for (const char* kind : {"u", "d"})
      expect_same(fmt::format("select n, v::text collate \"C\" from {}{} order by 1, 2", kind, ++number));
  }
}

// The same where changes come in binary.
TEST_F(FollowIdentity, InBinaryTheRowThatLooksLikeTheImageIsTaken) {
  if (source.version() < 140000) GTEST_SKIP() << "changes come in binary from 14 on";
  both(
      "create table t (n int, a numeric, b float8, c float4, d json, e numeric[], f bpchar); alter table t replica "
      "identity full");
  begin();
  source.exec(
      "insert into t values (1, 1.0, 0, 'NaN', '{}', '{1.0}', 'a'), (2, 1.0, '-0', 'NaN', '{ }', '{1.00}', 'a '), "
      "(3, 1.00, 0, '-0', null, '{1.0}', 'a')");
  source.exec("insert into t select 4, a, b, c, d, e, f from t");
  source.exec(
      "update t set f = 'changed' where n = 4 and b::text = '-0'; delete from t where n = 4 and d::text = '{}'");
  drain();
  expect_same_table("t");
}

TEST_F(FollowIdentity, AnIdentityColumnOutsideOfTheKeyFollowsItsUpdates) {
  both(
      "create table whole (sn int generated always as identity, v text); alter table whole replica identity full;"
      "create table keyed (k int primary key, sn int generated always as identity, v text, big text);"
      "create table bare (k int primary key, sn int generated always as identity);"
      "create table indexed (k text not null, sn bigint generated always as identity unique, j json);"
      "create unique index by_k on indexed (k); alter table indexed replica identity using index by_k;"
      "create table full_key (k int primary key, sn int generated always as identity, v text); alter table full_key "
      "replica identity full");
  target.exec("alter table keyed add own text default 'mine'");
  source.exec("alter table keyed alter big set storage external");
  begin();
  source.exec(
      "insert into whole (v) values ('a'), ('b'), ('b'), (null); insert into bare (k) values (1), (2);"
      "insert into keyed (k, v, big) select i, 'v', repeat('x', 3000) from generate_series(1, 5) i;"
      "insert into indexed (k, j) values ('a', '{}'), ('b', '{}'); insert into full_key (k, v) values (1, 'a'), (2, "
      "'b')");
  drain();
  target.exec("update keyed set own = 'kept'");
  source.exec("update whole set sn = default where sn = 2; update whole set sn = default where v is null");
  source.exec("update whole set v = 'bb' where sn = 5; delete from whole where sn = 3");
  source.exec("update keyed set sn = default where k = 2; update keyed set sn = default, v = 'w' where k = 3");
  source.exec("update keyed set sn = default, k = 40 where k = 4; update keyed set v = 'w' where k = 2");
  source.exec("update bare set sn = default where k = 2; update bare set k = k where k = 1");
  source.exec("update indexed set sn = default where k = 'a'; update indexed set k = 'c', sn = default where k = 'b'");
  source.exec("update full_key set sn = default where k = 1; update full_key set sn = default, k = 20 where k = 2");
  drain();
  for (const char* table : {"whole", "bare", "indexed", "full_key"}) expect_same_table(table);
  expect_same("select k, sn, v, big from keyed order by k");
  EXPECT_EQ(target.value("select count(*) from keyed where own = 'kept'"), "5");
}

TEST_F(FollowIdentity, WhereTriggersAreAtWorkAnIdentityColumnThatChangedStopsWithTheStatement) {
  both("create table t (k int primary key, sn int generated always as identity, v text)");
  target.exec(
      "create function f() returns trigger language plpgsql as 'begin return new; end';"
      "create trigger tr after insert on t for each row execute function f(); alter table t enable always trigger tr");
  begin();
  source.exec("insert into t (k) values (1)");
  source.exec("update t set sn = default");
  const RunResult run = follow();
  EXPECT_EQ(run.exit_code, kTargetFailed) << run.describe();
  const std::string statement = R"(ALTER TABLE "public"."t" ALTER COLUMN "sn" SET GENERATED BY DEFAULT)";
  EXPECT_NE(run.err.find(statement), std::string::npos) << run.err;
  target.exec(statement);
  drain();
  expect_same_table("t");
}

}  // namespace

}  // namespace dbsync::test
