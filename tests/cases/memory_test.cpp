// Memory stays in proportion to the largest row, whatever the table's size.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/migration.h"

namespace dbsync::test {

namespace {

constexpr long kMostKib = 64 * 1024;
constexpr int kMillion = 1000000;

class MemoryTest : public MigrationTest {
 protected:
  void make_million_rows() {
    source.exec(R"(
      create table digit (n int primary key);
      insert into digit values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
      create table big (id int primary key, name varchar(60), price decimal(10,2), at datetime, note text);
      insert into big
        select 1 + a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n + 100000 * f.n,
               concat('a name of some length ', a.n, b.n, c.n), d.n + e.n / 100,
               '2024-01-01' + interval f.n day, if(a.n = 0, null, repeat('text ', a.n))
          from digit a, digit b, digit c, digit d, digit e, digit f;
      drop table digit)");
  }

  void expect_all_rows_in_little_memory(const std::string& what, const RunResult& result) {
    ASSERT_EQ(result.exit_code, 0) << result.describe();
    const std::string sums = "select count(*), sum(id), sum(price), sum(length(note)) from big";
    EXPECT_EQ(difference(source.query(sums), target.query(sums)), "");
    fmt::print("{}: peak RSS {} KiB, {:.2f} s\n", what, result.peak_rss_kib, result.seconds);
    if (sanitized()) return;  // a sanitizer's own memory is many times the program's
    EXPECT_LT(result.peak_rss_kib, kMostKib) << result.describe();
  }
};

TEST_F(MemoryTest, MillionRowsNeedLittle) {
  make_million_rows();
  expect_all_rows_in_little_memory("one table", run({"mysql2pgsql", "--create", "-j", "8"}));
  target.exec("drop table big");

  // Eight lines that feed it, so that eight workers are at work.
  std::string list;
  for (int i = 0; i < 8; ++i)
    list +=
        fmt::format("big : select * from big where id > {} and id <= {}\n", kMillion / 8 * i, kMillion / 8 * (i + 1));
  table_list(list);
  expect_all_rows_in_little_memory("eight queries", run({"mysql2pgsql", "--create", "-l", "tab_list.txt", "-j", "8"}));
}

class LargeValueTest : public MemoryTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(LargeValueTest, ArrivesWhole) {
  source.exec(R"(
    create table files (id int primary key, content longblob);
    insert into files values (1, 'before'), (2, repeat(unhex('00ff5c0a'), 16 * 1024 * 1024)), (3, 'after'))");
  const RunResult result = run({"mysql2pgsql", "--create", "--copy-format", GetParam()});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  fmt::print("a value of 64 MiB: peak RSS {} KiB\n", result.peak_rss_kib);
  EXPECT_EQ(difference(source.query("select id, length(content), md5(content) from files order by id"),
                       target.query("select id, length(content), md5(content) from files order by id")),
            "");
}

INSTANTIATE_TEST_SUITE_P(Memory, LargeValueTest, ::testing::Values("binary", "text"),
                         [](const auto& param_info) { return std::string(param_info.param); });

}  // namespace

}  // namespace dbsync::test
