// What --verify-only of pgsql2pgsql must not miss: rows of partitions that only the
// target has, and values of types that no server sends in binary.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/pg_migration.h"

namespace dbsync::test {
namespace {

constexpr int kDiffers = 5;

class PgVerify : public PgMigrationTest {
 protected:
  RunResult verify(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"pgsql2pgsql", "--verify-only"});
    return run(more);
  }
  void expect_same(const std::vector<std::string>& more = {}) {
    const RunResult result = verify(more);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
  }
  void expect_lines(const RunResult& result, const std::vector<std::string>& lines) {
    EXPECT_EQ(result.exit_code, kDiffers) << result.describe();
    for (const std::string& line : lines)
      EXPECT_NE(result.err.find(line), std::string::npos) << line << "\n" << result.err;
  }
};

constexpr char kTrees[] =
    "create table p (id int, region text, primary key (id, region)) partition by list (region);"
    "create table p_north partition of p for values in ('north');"
    "create table p_south partition of p for values in ('south') partition by range (id);"
    "create table p_south_1 partition of p_south for values from (0) to (100);"
    "create table plain (id int primary key);"
    "insert into p select i, case when i % 2 = 0 then 'north' else 'south' end from generate_series(1, 20) i; insert "
    "into plain values (1)";

TEST_F(PgVerify, RowsOfLeavesThatOnlyTheTargetHas) {
  if (source.version() < 110000) GTEST_SKIP() << "keys of partitioned tables came with 11";
  source.exec(kTrees);
  ASSERT_EQ(run({"pgsql2pgsql", "--full-only", "--create"}).exit_code, 0);
  expect_same();
  // Leaves without rows are no difference; with rows they are, on every level.
  target.exec(
      "create table p_east partition of p for values in ('east'); create table p_south_2 partition of p_south for "
      "values from (100) to (200)");
  expect_same();
  target.exec("insert into p values (150, 'south')");
  expect_lines(verify(), {"public.p: 1 extra", "extra: id = \"150\", region = \"south\""});
  target.exec("delete from p where id = 150; insert into p values (1, 'east')");
  expect_lines(verify({"--max-rate", "100000"}), {"public.p: 1 extra", "extra: id = \"1\", region = \"east\""});
  // Of some leaves only those count.
  expect_same({"--include", "p_north"});
  dir.write_file("tab_list.txt", "p_south_1\nplain\n");
  expect_same({"-l", "tab_list.txt"});
  const RunResult copied = run({"pgsql2pgsql", "--full-only", "--truncate", "--verify"});
  expect_lines(copied, {"public.p: 1 extra"});
  // A leaf that the source has dropped since.
  target.exec("delete from p where region = 'east'");
  source.exec("drop table p_north");
  expect_lines(verify(), {"public.p: 10 extra"});
}

// A base type of the user's and what contains it.
constexpr char kTypes[] =
    "create type spot; create function spot_in(cstring) returns spot language internal immutable strict as 'point_in';"
    "create function spot_out(spot) returns cstring language internal immutable strict as 'point_out';"
    "create type spot (input = spot_in, output = spot_out, internallength = 16, alignment = double);"
    "create type pair as (n int, s spot); create domain somewhere as spot; create domain far as pair;"
    "create table t (id int primary key, a aclitem, aa aclitem[], s spot, sa spot[], p pair, pa pair[], d somewhere, f "
    "far, v text);"
    "create table keyless (a aclitem, v int);"
    "insert into t values (1, 'postgres=r/postgres', '{postgres=rw/postgres,=r/postgres}', '(1,2)', "
    "'{\"(1,2)\",null}', row(1, '(3,4)'), "
    " array[row(2, '(5,6)')::pair, null], '(7,8)', row(9, '(9,9)'), 'x'); insert into t (id) values (2);"
    "insert into keyless values ('=r/postgres', 1), ('=r/postgres', 1), (null, 2)";

TEST_F(PgVerify, TypesWithoutABinaryFormAreComparedAsText) {
  if (source.version() < 110000) GTEST_SKIP() << "domains over composite types came with 11";
  source.exec(std::string(kTypes));
  ASSERT_EQ(run({"pgsql2pgsql", "--full-only", "--create"}).exit_code, 0);
  expect_same();
  for (const auto& [column, value] :
       std::initializer_list<std::pair<const char*, const char*>>{{"a", "'=w/postgres'"},
                                                                  {"aa", "'{=w/postgres}'"},
                                                                  {"s", "'(1,3)'"},
                                                                  {"sa", "'{\"(1,2)\",\"(0,0)\"}'"},
                                                                  {"p", "row(1, '(3,5)')"},
                                                                  {"pa", "array[row(2, '(5,7)')::pair, null]"},
                                                                  {"d", "null"},
                                                                  {"f", "row(9, '(9,8)')"}}) {
    target.exec(fmt::format(
        "begin; create table kept as select {0} from t where id = 1; update t set {0} = {1} where id = 1; commit",
        column, value));
    expect_lines(verify(), {"public.t: 1 different", fmt::format("different: id = \"1\": {} is \"", column)});
    target.exec(fmt::format("update t set {0} = (select {0} from kept) where id = 1; drop table kept", column));
  }
  target.exec("delete from keyless where ctid = (select min(ctid) from keyless)");
  expect_lines(verify(), {"public.keyless: 1 missing", "missing: a = \"=r/postgres\", v = \"1\""});
}

// The same of extensions, where the server has them.
TEST_F(PgVerify, ExtensionsTypesWithoutABinaryForm) {
  for (const char* extension : {"seg", "isn"})
    if (target.value(fmt::format("select count(*) from pg_available_extensions where name = '{}'", extension)) != "1")
      GTEST_SKIP() << "the extension " << extension << " is not installed";
  source.exec(
      "create extension seg; create extension isn;"
      "create table t (id int primary key, s seg, i isbn13, ia isbn13[]); create table k (s seg primary key, v int);"
      "insert into t values (1, '1.5 .. 2.50', '978-0-393-04002-9', '{978-0-393-04002-9}'); insert into t (id) values "
      "(2); insert into k values ('1 .. 2', 1), ('3', 2)");
  ASSERT_EQ(run({"pgsql2pgsql", "--full-only", "--create"}).exit_code, 0);
  expect_same();
  target.exec("update t set s = '1.5 .. 2.5' where id = 1; update k set v = 3 where s = '3'");
  expect_lines(verify(), {"s is \"1.5 .. 2.50\" on the source, \"1.5 .. 2.5\" on the target", "public.k: 1 different",
                          "different: s = \"3\": v is \"2\""});
}

// Named as what they are, beside the rows.
TEST_F(PgVerify, TablesThatWereExchangedAreNamed) {
  if (source.version() < 110000) GTEST_SKIP() << "rows are added up by servers from 11 on";
  source.exec(
      "create schema s; create table a (id int primary key, v text); create table s.b (id int primary key, v text); "
      "create table c (id int primary key, v text); create table d (id int primary key, v text);"
      "insert into a select i, 'a' from generate_series(1, 50) i; insert into s.b select i, 'b' from "
      "generate_series(1, "
      "10) i; insert into c values (1, 'c')");
  ASSERT_EQ(run({"pgsql2pgsql", "--full-only", "--create"}).exit_code, 0);
  expect_same();
  target.exec(
      "alter table a rename to b_; alter table s.b rename to a; alter table s.a set schema public; alter table b_ "
      "rename "
      "to b; alter table b set schema s; update c set v = 'x'");
  const RunResult result = verify();
  expect_lines(result, {"public.a: 40 missing, 10 different", "public.c: 1 different"});
  EXPECT_NE(result.err.find("public.a: the target has the rows of s.b here, and those of this table there"),
            std::string::npos)
      << result.err;
  EXPECT_NE(result.err.find("s.b: the target has the rows of public.a here"), std::string::npos) << result.err;
  EXPECT_EQ(result.err.find("public.c: the target"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace dbsync::test
