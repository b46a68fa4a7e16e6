// What only a cluster of Greenplum shows; make test-greenplum runs it on the one that
// DBSYNC_GREENPLUM names. Without one there are no such tests: a PostgreSQL server would
// prove nothing, and tests that are always skipped are noise.
#include <chrono>
#include <cstdlib>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"
#include "tests/harness/migration.h"

namespace dbsync::test {
namespace {

constexpr int kDataFailed = 5;

bool has_cluster() { return std::getenv("DBSYNC_GREENPLUM") != nullptr; }

std::vector<std::string> storages() {
  if (!has_cluster()) return {};
  return {"storage = heap\n", "storage = ao_row\ncompresstype = none\n", "storage = ao_row\ncompresstype = zlib\n",
          "storage = ao_column\ncompresstype = zlib\n",
          "storage = ao_column\ncompresstype = zstd\ncompresslevel = 3\n"};
}

std::vector<int> once() { return has_cluster() ? std::vector<int>{1} : std::vector<int>{}; }

constexpr char kShop[] = R"(
  create table customers (id int auto_increment primary key, name varchar(60) not null, kind enum('a', 'b') not null default 'a',
    born date, seen timestamp(6) null, share decimal(12, 4), note text, photo blob, flags set('x', 'y'), doc json,
    check (share >= 0), key (name));
  create table orders (id bigint unsigned primary key, customer int not null, at datetime not null, total decimal(15, 2),
    key (customer), foreign key (customer) references customers (id));
  create table log (at datetime not null, what varchar(200));
  insert into customers (name, kind, born, seen, share, note, photo, flags, doc)
    select concat('name ', seq), if(seq % 2, 'a', 'b'), date_add('1990-01-01', interval seq day), '2024-02-03 04:05:06.789',
      seq / 7, concat('tab\tnl\n\\', seq), unhex(md5(seq)), 'x,y', '{"a": [1, 2]}' from seq_1_to_2000;
  insert into orders select 18446744073709551615 - seq, 1 + seq % 2000, '2024-01-01 10:00:00', seq from seq_1_to_5000;
  insert into log select '2024-01-01', repeat('x', seq % 200) from seq_1_to_3000;
)";

class GreenplumClusterStorage : public MigrationTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(GreenplumClusterStorage, TakesEveryRow) {
  source.exec(kShop);
  configure("[greenplum]\n" + GetParam());
  const RunResult copied = run({"mysql2pgsql", "--create", "-j", "4", "--verify"});
  ASSERT_EQ(copied.exit_code, 0) << copied.describe();
  EXPECT_EQ(target.value("select count(*) from pg_constraint where contype = 'c' and conrelid = 'customers'::regclass"),
            "1");
  EXPECT_NE(target.value("select reltuples from pg_class where oid = 'orders'::regclass"), "0");
}

INSTANTIATE_TEST_SUITE_P(Each, GreenplumClusterStorage, ::testing::ValuesIn(storages()),
                         [](const auto& storage) { return std::to_string(storage.index); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(GreenplumClusterStorage);

class GreenplumCluster : public MigrationTest, public ::testing::WithParamInterface<int> {};

TEST_P(GreenplumCluster, SetsAsideAsManyRowsAsAreBad) {
  source.exec(
      "create table t (id int primary key, v varchar(20)); "
      "insert into t select seq, if(seq % 1000 = 0, 'too long', '1') from seq_1_to_20000");
  target.exec("create table t (id int, v varchar(3)) distributed by (id)");
  configure("ignore_copy_error_count_each_table = \"30\"\n");
  table_list("t : select id, v from t\n");
  const RunResult copied = run({"mysql2pgsql", "-l", "tab_list.txt"});
  ASSERT_EQ(copied.exit_code, 0) << copied.describe();
  EXPECT_EQ(target.value("select count(*) from t"), "19980");
  configure("ignore_copy_error_count_each_table = \"10\"\n");
  EXPECT_NE(run({"mysql2pgsql", "-l", "tab_list.txt"}).exit_code, 0);
  EXPECT_EQ(target.value("select count(*) from t"), "19980");
}

INSTANTIATE_TEST_SUITE_P(Once, GreenplumCluster, ::testing::ValuesIn(once()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(GreenplumCluster);

class GreenplumClusterFollow : public FollowTest, public ::testing::WithParamInterface<int> {
 protected:
  void make(const char* key) {
    source.exec("create table t (id int primary key, v text)");
    target.exec(std::string("create table t (id int not null, v text) with (appendonly=false) distributed by (id); ") +
                key);
    begin();
  }

  // Seconds for so many rows, a quarter of them updated.
  double follow_rows(int from, int rows) {
    source.exec(fmt::format("insert into t select i, 'v' from generate_series({}, {}) i", from, from + rows - 1));
    source.exec(fmt::format("update t set v = 'w' where id >= {} and id % 4 = 0", from));
    const auto start = std::chrono::steady_clock::now();
    drain();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
};

TEST_P(GreenplumClusterFollow, CostsAsMuchARowHoweverLargeTheTableIs) {
  make("alter table t add primary key (id)");
  const double few = follow_rows(1, 20000);
  const double many = follow_rows(20001, 80000);
  expect_same_table("t");
  EXPECT_LT(many, 8 * few + 5) << few << " s for 20,000 rows, " << many << " s for 80,000";
}

TEST_P(GreenplumClusterFollow, FindsATakenKeyWithoutAUniqueIndex) {
  make("create index on t (id)");
  target.exec("insert into t values (7, 'there')");
  source.exec("insert into t select i, 'v' from generate_series(1, 100) i");
  EXPECT_EQ(follow().exit_code, kDataFailed);
  configure("conflicts = overwrite");
  drain();
  expect_same_table("t");
}

INSTANTIATE_TEST_SUITE_P(Once, GreenplumClusterFollow, ::testing::ValuesIn(once()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(GreenplumClusterFollow);

}  // namespace
}  // namespace dbsync::test
