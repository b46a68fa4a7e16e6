// The copy into tables that are spread over segments: what COPY says, on a server that is
// taken for Greenplum.
#include <gtest/gtest.h>

#include "tests/harness/check_support.h"
#include "tests/harness/migration.h"
#include "tests/harness/pg_migration.h"
#include "tests/harness/segments.h"

namespace dbsync::test {
namespace {

// Each COPY leaves its text behind.
constexpr char kNoting[] =
    "create table copies (id serial, sql text); create function note() returns trigger language plpgsql as "
    "$$ begin insert into public.copies (sql) select substr(q, strpos(q, 'COPY ')) from pg_catalog.current_query() q; "
    "return null; end $$;"
    "create trigger note after insert on t for each statement execute function note(); "
    "alter table t enable always trigger note";

constexpr char kColumns[] = "a int, b int, c int, d int, k int, v varchar(20)";

void make(TargetDb& target, const std::string& table) {
  take_for_segments(target);
  target.exec(table);
  target.exec(kNoting);
}

std::string last_copy(TargetDb& target) { return target.value("select sql from copies order by id desc limit 1"); }

class MysqlSegmentsTest : public MigrationTest {
 protected:
  void SetUp() override {
    if (target.version() < kSegmentsSince) GTEST_SKIP() << "a stand-in for Greenplum's catalog needs PostgreSQL 13";
    source.exec(std::string("create table t (") + kColumns + ")");
    source.exec("insert into t values (1, 2, 3, 4, 5, 'x')");
    make(target, std::string("create table t (") + kColumns + ")");
  }
};

TEST_F(MysqlSegmentsTest, TheDistributionKeyOfTheTableAsItStandsComesFirst) {
  distribute(target, "t", "5");
  const RunResult run = this->run({"mysql2pgsql"});
  ASSERT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_EQ(last_copy(target), R"(COPY "public"."t" ("k", "a", "b", "c", "d", "v") FROM STDIN)");
  EXPECT_EQ(target.value("select row_to_json(t) from t"), R"({"a":1,"b":2,"c":3,"d":4,"k":5,"v":"x"})");
}

TEST_F(MysqlSegmentsTest, RowsOfWhichMuchIsTakenApartGoInBinary) {
  distribute(target, "t", "1 3 4 5");
  ASSERT_EQ(run({"mysql2pgsql"}).exit_code, 0);
  EXPECT_EQ(last_copy(target), R"(COPY "public"."t" ("a", "c", "d", "k", "b", "v") FROM STDIN WITH BINARY)");
  EXPECT_EQ(target.value("select row_to_json(t) from t"), R"({"a":1,"b":2,"c":3,"d":4,"k":5,"v":"x"})");
}

TEST_F(MysqlSegmentsTest, AQueryKeepsItsOrderAndGoesInTextWhereTheKeyIsEarly) {
  distribute(target, "t", "5");
  table_list("t : select k, a from t\n");
  ASSERT_EQ(run({"mysql2pgsql", "-l", "tab_list.txt"}).exit_code, 0);
  EXPECT_EQ(last_copy(target), R"(COPY "public"."t" ("k", "a") FROM STDIN)");
  table_list("t : select a, k from t\n");
  ASSERT_EQ(run({"mysql2pgsql", "-l", "tab_list.txt"}).exit_code, 0);
  EXPECT_EQ(last_copy(target), R"(COPY "public"."t" ("a", "k") FROM STDIN WITH BINARY)");
}

// The segments' log of bad rows is for those who may read the whole table: the check says it, and
// a load reads the log before it sends rows.
TEST_F(MysqlSegmentsTest, WhoMayNotReadTheLogOfBadRowsSendsNone) {
  const PgRole role(target);
  target.exec(
      "create function pg_catalog.gp_read_error_log(text) returns table (cmdtime timestamptz, linenum int, errmsg "
      "text, "
      "rawdata text, rawbytes bytea) language plpgsql as $$ begin raise insufficient_privilege using message = "
      "'permission denied for relation t'; end $$; grant select on pg_catalog.gp_distribution_policy to public; "
      "grant insert, select (a) on t to " +
      role.name());
  dir.write_file("my.cfg", my_cfg(mysql_section(Servers::instance().mysql(), source.name()), role.conninfo(),
                                  "ignore_copy_error_count_each_table = \"3\"\n"));
  const RunResult check = run({"mysql2pgsql", "--append", "--check"});
  EXPECT_EQ(check.exit_code, 4) << check.describe();
  EXPECT_NE(check.out.find("the role lacks SELECT"), std::string::npos) << check.describe();
  EXPECT_NE(check.out.find("GRANT SELECT ON \"public\".\"t\""), std::string::npos) << check.describe();
  const RunResult load = run({"mysql2pgsql", "--append"});
  EXPECT_EQ(load.exit_code, 4) << load.describe();
  EXPECT_NE(load.err.find("permission denied for relation t"), std::string::npos) << load.describe();
  EXPECT_EQ(target.value("select count(*) from copies"), "0");
}

class PgSegmentsTest : public PgMigrationTest {
 protected:
  void SetUp() override {
    if (target.version() < kSegmentsSince) GTEST_SKIP() << "a stand-in for Greenplum's catalog needs PostgreSQL 13";
    source.exec(std::string("create table t (") + kColumns + "); insert into t values (1, 2, 3, 4, 5, 'x')");
  }
};

TEST_F(PgSegmentsTest, DistributionAndPartitionKeysComeFirst) {
  make(target,
       std::string("create table t (") + kColumns + ") partition by range (d); create table t1 partition of t default");
  distribute(target, "t", "5");
  const RunResult run = this->run({"pgsql2pgsql", "--full-only"});
  ASSERT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_EQ(last_copy(target), R"(COPY "public"."t" ("d", "k", "a", "b", "c", "v") FROM STDIN)");
  EXPECT_EQ(rows_differ("select a, b, c, d, k, v from t"), "");
}

// A double near the largest one makes it fail on Greenplum; here an index does.
TEST_F(PgSegmentsTest, AnAnalyzeThatFailsIsAWarning) {
  take_for_segments(target);
  target.exec(std::string("create table t (") + kColumns +
              "); create function picky(int) returns int language plpgsql immutable as $$ begin if "
              "pg_catalog.current_query() ilike '%analyze%' then raise exception 'no statistics today'; end if; "
              "return $1; end $$; create index on t (picky(k))");
  distribute(target, "t", "5");
  const RunResult run = this->run({"pgsql2pgsql", "--full-only"});
  ASSERT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_NE(run.err.find("ANALYZE \"public\".\"t\": no statistics today"), std::string::npos) << run.err;
  EXPECT_EQ(rows_differ("select a, b, c, d, k, v from t"), "");
}

TEST_F(PgSegmentsTest, ColumnsOfAQueryAreReordered) {
  make(target, std::string("create table t (") + kColumns + ")");
  distribute(target, "t", "5");
  table_list("t : select a, b, c, v, k from t where k = 5 -- one\n");
  const RunResult run = this->run({"pgsql2pgsql", "--full-only", "-l", "tab_list.txt"});
  ASSERT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_EQ(last_copy(target), R"(COPY "public"."t" ("k", "a", "b", "c", "v") FROM STDIN)");
  EXPECT_EQ(rows_differ("select a, b, c, k, v from t"), "");
}

}  // namespace
}  // namespace dbsync::test
