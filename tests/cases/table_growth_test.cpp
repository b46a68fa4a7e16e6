// What following does on targets that plan by what ANALYZE has found: tables that have
// grown much are analyzed, and the planner keeps the server's own settings.
#include "cdc/table_growth.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "embedded_sql.h"
#include "tests/harness/target_db.h"

namespace dbsync::test {
namespace {

class TableGrowthTest : public ::testing::Test {
 protected:
  TableGrowthTest() : connection(target.conninfo(), "target", "test") {
    target.exec("create table t (id int) with (autovacuum_enabled = off)");
    target.exec("analyze t");
  }

  void grow(std::int64_t rows) {
    target.exec(fmt::format("insert into t select generate_series(1, {})", rows));
    growth.add({"public", "t"}, rows);
    growth.committed();
    growth.analyze(connection);
  }

  std::string known() { return target.value("select reltuples from pg_class where relname = 't'"); }

  TargetDb target;
  PgConnection connection;
  TableGrowth growth;
};

TEST_F(TableGrowthTest, IsSeenWhenTheTableHasDoubled) {
  grow(900);
  EXPECT_EQ(known(), "0") << "few rows are not worth it";
  grow(1100);
  EXPECT_EQ(known(), "2000");
  grow(1500);
  EXPECT_EQ(known(), "2000") << "less than twice as many";
  grow(600);
  EXPECT_EQ(known(), "4100");
}

TEST_F(TableGrowthTest, CountsWhatIsCommittedOnly) {
  target.exec("insert into t select generate_series(1, 5000)");
  growth.add({"public", "t"}, 5000);
  growth.rolled_back();
  growth.committed();
  growth.analyze(connection);
  EXPECT_EQ(known(), "0");
}

TEST_F(TableGrowthTest, CountsPartitionsWithTheirTable) {
  if (target.version() < 140000) GTEST_SKIP() << "before PostgreSQL 14 a partitioned table has no count of its own";
  target.exec(
      "create table p (id int) partition by range (id); create table p1 partition of p for values from (0) to (9999) "
      "with (autovacuum_enabled = off); insert into p select generate_series(1, 3000); analyze p1");
  growth.add({"public", "p"}, 2000);
  growth.committed();
  growth.analyze(connection);
  EXPECT_EQ(target.value("select reltuples from pg_class where relname = 'p'"), "-1") << "less than its partitions had";
  growth.add({"public", "p"}, 1000);
  growth.committed();
  growth.analyze(connection);
  EXPECT_EQ(target.value("select reltuples from pg_class where relname = 'p'"), "3000");
}

// The table went away, or may not be analyzed: following goes on.
TEST_F(TableGrowthTest, ThatCannotBeAnalyzedIsNoError) {
  growth.add({"public", "gone"}, 5000);
  growth.committed();
  EXPECT_NO_THROW(growth.analyze(connection));
  EXPECT_FALSE(connection.in_transaction());
}

TEST_F(TableGrowthTest, ADistributedTargetKeepsItsPlannersSettings) {
  for (const auto& [distributed, kept] : {std::pair{"t", "on"}, {"f", "off"}}) {
    PgConnection session(target.conninfo(), "target", "test");
    session.exec(sql::apply_session, {distributed});
    for (const char* setting : {"enable_hashjoin", "enable_mergejoin", "enable_seqscan"})
      EXPECT_EQ(session.exec("SELECT pg_catalog.current_setting($1)", {setting}).text(0, 0), kept) << setting;
    EXPECT_EQ(session.exec("SHOW jit").text(0, 0), "off");
  }
}

}  // namespace
}  // namespace dbsync::test
