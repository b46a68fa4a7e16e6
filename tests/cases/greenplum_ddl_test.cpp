// The DDL for Greenplum and its relatives, written without a reachable target
// and compared with tests/golden/ddl_<dialect>.sql.
#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/golden/golden.h"
#include "tests/harness/migration.h"

namespace dbsync::test {

namespace {

constexpr char kSchema[] = R"(
  create table by_primary_key (id int auto_increment primary key, name varchar(40) not null comment 'who', at datetime(3));
  create table big_key (id bigint unsigned auto_increment primary key);
  create table by_unique (a int, b varchar(9) not null, c int, unique u (b));
  create table by_common (a int, b int, c int, primary key (a, b), unique (b, c), key (c));
  create table conflict (id int primary key, code char(3), unique code (code));
  create table without_key (j json, a int, b text);
  create table only_json (j json);
  create table countries (code char(2) primary key);
  create table chosen (id int primary key, customer int not null, key (customer));
  create table with_foreign_key (id int primary key, up int, foreign key (up) references by_primary_key (id) on delete cascade);
  create table computed (id int primary key, a int, size int as (abs(a)) stored, constraint positive check (a > 0), kind enum('x', 'y'));
  create table by_range (d date, id int, primary key (id, d)) partition by range columns (d)
    (partition p0 values less than ('2020-01-01'), partition p1 values less than ('2021-01-01'), partition px values less than maxvalue);
  create table by_list (k int, id int, primary key (id, k)) partition by list (k) (partition a values in (1, 2), partition b values in (20200303));
  create table by_hash (id int primary key) partition by hash (id) partitions 3;
  create table by_two (a int, b int, primary key (a, b)) partition by range columns (a, b) (partition p0 values less than (1, 2), partition px values less than (maxvalue, maxvalue));
)";

constexpr char kDistribution[] = "[distribution]\nchosen = customer\ncountries = replicated\nonly_json = randomly\n";

// Levels and compression of the tables without a rule are those of all.
constexpr char kPatterns[] = R"([distribution]
by_* = randomly
by_unique = b
[greenplum]
storage = "heap"
compresstype = "zlib"
compresslevel = "7"
by_*.storage = "ao_column"
public.by_unique.storage = "ao_row"
by_common.compresstype = "zstd"
by_list.compresstype = "none"
by_hash.compresslevel = "1"
)";

class GreenplumDdlTest : public ::testing::Test, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    const std::string version = source_.version();
    if (version.find("MariaDB") == std::string::npos && std::stoi(version) < 8)
      GTEST_SKIP() << "needs mariadb or mysql 8 for generated columns and checks, the server is " << version;
    source_.exec(kSchema);
  }

  // No [desc.pgsql]: nothing is connected to.
  std::string ddl(const std::string& config, std::vector<std::string> args) {
    dir_.write_file("my.cfg", mysql_section(Servers::instance().mysql(), source_.name()) + "\n" + config);
    args.insert(args.begin(), {"mysql2pgsql", "-d", "--dialect", GetParam()});
    RunOptions options;
    options.cwd = dir_.path();
    const RunResult result = run_program(args, options);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    return result.out;
  }

  SourceDb source_;
  TestDir dir_;
};

// Versions and the database's name in comments are of no interest.
std::string without(std::string text, const std::string& what) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at))
    text.replace(at, what.size(), "shop");
  return text;
}

TEST_P(GreenplumDdlTest, IsTheGoldenOne) {
  std::string all = "---- by keys and rules\n" + ddl(kDistribution, {});
  all += "\n---- first column (-f), no partitions (-n)\n" + ddl("", {"-f", "-n"});
  all += "\n---- append-optimized columns\n" +
         ddl("[greenplum]\nstorage = \"ao_column\"\ncompresstype = \"zstd\"\ncompresslevel = \"5\"\n", {"-n"});
  all += "\n---- storage and distribution by patterns\n" + ddl(kPatterns, {"-n"});
  expect_golden((repo_root() / "tests/golden" / fmt::format("ddl_{}.sql", GetParam())).string(),
                without(std::move(all), source_.name()));
}

TEST_P(GreenplumDdlTest, IsTheSameEveryTime) { EXPECT_EQ(ddl(kDistribution, {}), ddl(kDistribution, {})); }

INSTANTIATE_TEST_SUITE_P(Dialect, GreenplumDdlTest,
                         ::testing::Values("greenplum5", "greenplum6", "greenplum7", "cloudberry", "adbpg"),
                         [](const auto& format) { return std::string(format.param); });

}  // namespace

}  // namespace dbsync::test
