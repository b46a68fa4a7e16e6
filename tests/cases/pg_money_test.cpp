// money, where source and target have locales with another number of digits behind the
// point: the number of smallest units is what travels. Locales that the machine lacks
// are made in a directory of the server's own.
#include <filesystem>
#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/files.h"
#include "tests/harness/own_server.h"
#include "tests/harness/process.h"
#include "tests/harness/rows.h"
#include "tests/harness/target_db.h"

namespace dbsync::test {
namespace {

class PgMoney : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"ja_JP", "de_DE"}) {
      const std::string path = (locales_.path() / (std::string(name) + ".UTF-8")).string();
      const RunResult run = run_program({"localedef", "--no-archive", "-i", name, "-f", "UTF-8", path});
      if (!std::filesystem::exists(path)) GTEST_SKIP() << "localedef makes no locale " << name << " here: " << run.err;
    }
    // The server's user reads them.
    run_program({"chmod", "-R", "a+rX", locales_.path().string()});
    server_ = std::make_unique<OwnServer>("postgres", "money", std::vector<std::string>{"-c", "wal_level=logical"},
                                          std::vector<std::string>{"env", "LOCPATH=" + locales_.path().string()});
    for (const auto& [name, locale] : {std::pair{"s", "ja_JP"}, {"t", "de_DE"}}) {
      on("postgres", fmt::format("create database {} template template0", name));
      on("postgres", fmt::format("alter database {} set lc_monetary = '{}.UTF-8'", name, locale));
    }
    dir_.write_file("my.cfg",
                    fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n",
                                server_->conninfo("s"), server_->conninfo("t")));
  }
  Rows on(const std::string& database, const std::string& sql) {
    return PgSession(server_->conninfo(database)).run(sql);
  }
  RunResult run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "pgsql2pgsql");
    RunOptions options;
    options.cwd = dir_.path();
    return run_program(arguments, options);
  }
  void complete(const std::vector<std::string>& arguments) {
    const RunResult result = run(arguments);
    ASSERT_EQ(result.exit_code, 0) << result.describe();
  }
  // Each through a locale of its own, as numbers of smallest units.
  void expect_units(const std::string& units) {
    for (const auto& [name, digits] : {std::pair{"s", 0}, {"t", 2}})
      EXPECT_EQ(
          on(name,
             fmt::format("select string_agg(id || '=' || trunc(v::numeric * 10 ^ {}), ' ' order by id) from m", digits))
              .at(0)
              .at(0),
          units)
          << name;
  }

  TestDir locales_;
  TestDir dir_;
  std::unique_ptr<OwnServer> server_;
};

TEST_F(PgMoney, KeepsItsNumberBetweenTwoLocales) {
  on("s",
     "create table m (id int primary key, v money default '5'::money, a money[], check (v > '-9000'::money)); insert "
     "into m values (1, '12345', '{1,NULL,7}'), (2, default, null), (3, '-8999', '{}')");
  ASSERT_NO_FATAL_FAILURE(complete({"--create", "--end-at", "now"}));
  expect_units("1=12345 2=5 3=-8999");
  on("s",
     "update m set v = '77', a = '{3}' where id = 2; insert into m values (4, '1', '{NULL}'); delete from m where id = "
     "3");
  ASSERT_NO_FATAL_FAILURE(complete({"--end-at", "now", "--verify"}));
  expect_units("1=12345 2=77 4=1");
  on("t", "insert into m (id) values (9)");  // the default is that number, too
  on("s", "insert into m (id) values (9)");
  ASSERT_NO_FATAL_FAILURE(complete({"--verify-only"}));
  expect_units("1=12345 2=77 4=1 9=5");
  EXPECT_EQ(
      on("t", "select string_agg((u::numeric * 100)::int::text, ',') from m, unnest(a) u where id < 3").at(0).at(0),
      "1,7,3");
  on("t", "update m set v = v * 100 where id = 1");
  EXPECT_EQ(run({"--verify-only"}).exit_code, 5);
}

}  // namespace
}  // namespace dbsync::test
