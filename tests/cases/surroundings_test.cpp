// A process that is set up carelessly, names of a hostile source, files in odd places.
#include <sys/stat.h>

#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/migration.h"
#include "tests/harness/pg_migration.h"
#include "tests/harness/servers.h"

namespace dbsync::test {
namespace {

namespace fs = std::filesystem;

class Surroundings : public MigrationTest {
 protected:
  // As a shell starts it, with some of its descriptors closed.
  RunResult run_with(const std::string& redirections, const std::string& arguments) {
    return run({"sh", "-c", fmt::format("exec {} {} {}", program_path("mysql2pgsql"), arguments, redirections)});
  }
  static bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
};

TEST_F(Surroundings, ClosedDescriptorsAreNotGivenToConnections) {
  source.exec("create table t (id int primary key); insert into t values (1), (2)");
  const RunResult silent = run_with("<&- >&- 2>&-", "--create -v");
  EXPECT_EQ(silent.exit_code, 0) << silent.describe();
  EXPECT_EQ(target.value("select count(*) from t"), "2");
  const RunResult lost = run_with(">&-", "-d");
  EXPECT_EQ(lost.exit_code, 1) << "the DDL went nowhere: " << lost.describe();
  EXPECT_TRUE(has(lost.err, "standard output")) << lost.err;
}

TEST_F(Surroundings, NamesOfTheSourceDoNotReachTheTerminalAsTheyAre) {
  source.exec(
      "create table `a\x1b]0;pwned\x07` (id int primary key);"
      "create table `b\n2026-01-01 00:00:00.000 INFO  main: all 9 tables done` (id int primary key);"
      "create table `c\xc2\x9b"
      "31m\xe2\x80\xae"
      "d` (id int primary key); create table `漢字` (id int primary key)");
  std::string shown;
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"mysql2pgsql", "--check", "--create"},
                                                                     {"mysql2pgsql", "--create", "--verify"},
                                                                     {"mysql2pgsql", "--status"},
                                                                     {"mysql2pgsql"}}) {
    const RunResult result = run(arguments);
    shown += result.out + result.err;
  }
  for (const std::string& bad :
       {std::string("\x1b"), std::string("\xc2\x9b"), std::string("\xe2\x80\xae"), std::string("\n2026-01-01")})
    EXPECT_FALSE(has(shown, bad)) << shown;
  EXPECT_TRUE(has(shown, "a\\x1b]0;pwned\\x07"));
  EXPECT_TRUE(has(shown, "c\\x9b31m\\u202ed"));
}

TEST_F(Surroundings, FilesWithRowsAreTheirOwners) {
  source.exec("create table t (id int primary key); insert into t values (1)");
  const RunResult copied = run({"mysql2pgsql", "--create", "--report", "report.json"});
  ASSERT_EQ(copied.exit_code, 0) << copied.describe();
  target.exec("update t set id = 2");
  const RunResult compared = run({"mysql2pgsql", "--verify-only", "--verify-report", "rows.jsonl"});
  EXPECT_EQ(compared.exit_code, 5) << compared.describe();
  for (const char* file : {"report.json", "rows.jsonl"}) {
    struct stat facts {};
    ASSERT_EQ(::stat((dir.path() / file).c_str(), &facts), 0) << file;
    EXPECT_EQ(facts.st_mode & 0777U, 0600U) << file;
  }
}

TEST_F(Surroundings, ReportsAndMetricsLeaveLinksFifosAndDevicesAlone) {
  source.exec("create table t (id int primary key); insert into t values (1)");
  dir.write_file("victim", "precious");
  fs::create_symlink("victim", dir.path() / "link");
  ASSERT_EQ(::mkfifo((dir.path() / "fifo").c_str(), 0600), 0);
  const RunResult link = run({"mysql2pgsql", "--create", "--report", "link"});
  EXPECT_EQ(link.exit_code, 1) << link.describe();
  EXPECT_TRUE(has(link.err, "cannot write the report link")) << link.err;
  EXPECT_EQ(dir.read_file("victim"), "precious");
  EXPECT_EQ(target.value("select count(*) from t"), "1") << "the rows are in all the same";
  const RunResult fifo = run({"mysql2pgsql", "--truncate", "--metrics-file", "fifo"});
  EXPECT_EQ(fifo.exit_code, 1) << "before anything is copied: " << fifo.describe();
  for (const char* option : {"--report", "--verify-report"}) {
    const RunResult waited = run({"mysql2pgsql", "--truncate", "--verify", option, "fifo"});
    EXPECT_EQ(waited.exit_code, 1) << "a FIFO that nobody reads: " << waited.describe();
    const RunResult linked = run({"mysql2pgsql", "--truncate", "--verify", option, "link"});
    EXPECT_EQ(linked.exit_code, 1) << linked.describe();
  }
  EXPECT_EQ(dir.read_file("victim"), "precious");
  const RunResult device = run({"mysql2pgsql", "--truncate", "--metrics-file", "/dev/null", "--report", "/dev/null"});
  EXPECT_EQ(device.exit_code, 0) << device.describe();
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(Surroundings, RejectsLeaveLinksAlone) {
  configure("ignore_copy_error_count_each_table = \"3\"\n");
  source.exec("create table r (id int primary key, v varchar(9)); insert into r values (1, concat('x', char(0)))");
  dir.write_file("victim", "precious");
  fs::create_directory(dir.path() / "rejects");
  fs::create_symlink("../victim", dir.path() / "rejects/public.r.jsonl");
  const RunResult result = run({"mysql2pgsql", "--create"});
  EXPECT_NE(result.exit_code, 0) << "the row is neither there nor set aside: " << result.describe();
  EXPECT_EQ(dir.read_file("victim"), "precious");
}

TEST_F(Surroundings, AConfigurationThatOthersCanReadBringsAWarning) {
  source.exec("create table t (id int)");
  const fs::path config = dir.path() / "my.cfg";
  dir.write_file("my.cfg",
                 dir.read_file("my.cfg") + "\n[local.pgsql]\nconnect_string = \"host=/nowhere password=secret\"\n");
  fs::permissions(config, fs::perms(0644));
  const RunResult open = run({"mysql2pgsql", "-d"});
  EXPECT_TRUE(has(open.err, "chmod 600")) << open.err;
  EXPECT_FALSE(has(open.err, "secret"));
  fs::permissions(config, fs::perms(0600));
  EXPECT_FALSE(has(run({"mysql2pgsql", "-d"}).err, "chmod 600"));
}

// The libraries would take the default socket, and with it maybe another server.
TEST_F(Surroundings, LocalhostWithAPortOfItsOwnMeansTcp) {
  dir.write_file("my.cfg", "[src.mysql]\nhost = \"localhost\"\nport = \"1\"\nuser = \"root\"\ndb = \"x\"\n");
  const RunResult result = run({"mysql2pgsql", "-d"});
  EXPECT_EQ(result.exit_code, 3) << result.describe();
  EXPECT_FALSE(has(result.err, ".sock")) << result.err;
}

using PgSurroundings = PgMigrationTest;

TEST_F(PgSurroundings, ClosedDescriptorsAreNotGivenToConnections) {
  source.exec("create table t (id int primary key); insert into t values (1), (2)");
  const RunResult silent =
      run({"sh", "-c", "exec " + program_path("pgsql2pgsql") + " --full-only --create -v <&- >&- 2>&-"});
  EXPECT_EQ(silent.exit_code, 0) << silent.describe();
  EXPECT_EQ(target.value("select count(*) from t"), "2");
}

TEST_F(PgSurroundings, NamesOfTheSourceDoNotReachTheTerminalAsTheyAre) {
  source.exec(
      "create table \"a\x1b]0;pwned\x07\" (id int primary key, \"c\nd\" int);"
      "create table \"b\n2026-01-01 00:00:00.000 INFO  main: all 9 tables done\" (id int primary key)");
  std::string shown;
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"pgsql2pgsql", "--check", "--create"},
                                             {"pgsql2pgsql", "--full-only", "--create", "--verify"},
                                             {"pgsql2pgsql", "--status"},
                                             {"pgsql2pgsql", "--full-only", "--resume"},
                                             {"pgsql2pgsql", "--full-only"}}) {
    const RunResult result = run(arguments);
    shown += result.out + result.err;
  }
  for (const char* bad : {"\x1b", "\n2026-01-01 00:00:00.000 INFO  main: all 9", "c\nd"})
    EXPECT_EQ(shown.find(bad), std::string::npos) << shown;
  EXPECT_NE(shown.find("a\\x1b]0;pwned\\x07"), std::string::npos) << shown;
}

}  // namespace
}  // namespace dbsync::test
