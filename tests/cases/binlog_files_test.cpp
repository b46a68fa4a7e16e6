// mysql2pgsql goes on from copies of binlog files when the server that wrote them is lost.
#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/binlog_fixture.h"
#include "tests/harness/own_server.h"

namespace dbsync::test {

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int kConfigurationFailed = 2, kSourceFailed = 3;

class BinlogFilesTest : public BinlogTest {
 protected:
  BinlogFilesTest() {
    MysqlSession(server_.mysql(), "").run("DROP DATABASE IF EXISTS shop; CREATE DATABASE shop CHARACTER SET utf8mb4");
    dir.write_file("my.cfg", my_cfg(mysql_section(server_.mysql(), "shop"), target.conninfo()));
    exec(
        "CREATE TABLE item (id int PRIMARY KEY, name varchar(20) CHARACTER SET latin1, size enum('S','L'), more json); "
        "CREATE TABLE log (a int, b varchar(20)); INSERT INTO item VALUES (1, 'one', 'S', '[1]'); "
        "INSERT INTO log VALUES (1, 'copied')");
    begin();
  }

  void exec(const std::string& sql) { MysqlSession(server_.mysql(), "shop").run(sql); }

  // Three files of changes; nobody has followed them.
  void write_three_files() {
    exec(
        "INSERT INTO item VALUES (2, 'caf\u00e9', 'L', '{}'); UPDATE item SET name = '\u00e0' WHERE id = 1; FLUSH "
        "BINARY LOGS");
    exec("BEGIN; INSERT INTO log VALUES (2, 'x'), (2, 'x'); DELETE FROM item WHERE id = 1; COMMIT; FLUSH BINARY LOGS");
    exec("INSERT INTO item VALUES (3, 'three', NULL, NULL); INSERT INTO log VALUES (3, 'last')");
  }

  // The server's files, as its operator has saved them.
  void save(const std::string& name) {
    fs::create_directory(dir.path() / name);
    for (const auto& entry : fs::directory_iterator(server_.socket().parent_path() / "mariadb"))
      if (entry.path().filename().string().starts_with("bin."))
        fs::copy(entry.path(), file(name, entry.path().filename().string()));
  }
  fs::path file(const std::string& directory, const std::string& name) const { return dir.path() / directory / name; }
  std::string last_file() {
    return MysqlSession(server_.mysql(), "").run("SHOW MASTER STATUS").at(0).at(0).value_or("");
  }

  RunResult follow_files(const std::string& directory) { return run({"mysql2pgsql", "--binlog-dir", directory}); }
  void expect_failure(const std::string& directory, const std::string& words) {
    const RunResult result = follow_files(directory);
    EXPECT_EQ(result.exit_code, kSourceFailed) << result.describe();
    EXPECT_THAT(result.err, HasSubstr(words));
  }
  std::string items() {
    return target.value("SELECT string_agg(concat(id, name, size, more), ' ' ORDER BY id) FROM item");
  }
  std::string logged() { return target.value("SELECT string_agg(concat(a, b), ' ' ORDER BY a) FROM log"); }

  OwnServer server_{"mariadb", "binlog_files"};
};

}  // namespace

TEST_F(BinlogFilesTest, ALostServersChangesArriveAndTheTaskGoesOnWithTheServer) {
  write_three_files();
  save("saved");
  server_.crash();
  for (int i = 0; i < 2; ++i) {
    const RunResult result = follow_files("saved");
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_THAT(result.err,
                HasSubstr(i == 0 ? "everything in the binlog files in saved is applied: they end at bin." : ""));
    EXPECT_EQ(items(), "2caf\u00e9L{} 3three");
    EXPECT_EQ(logged(), "1copied 2x 2x 3last");
  }
  server_.start();
  exec("INSERT INTO item VALUES (4, 'four', 'S', NULL); DELETE FROM log WHERE a = 2");
  const RunResult result = follow({"--verify"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(logged(), "1copied 3last");
}

// What is wrong with files is said before anything is skipped; what came before it is applied.
TEST_F(BinlogFilesTest, FilesThatAreNotWholeAreRefused) {
  const std::string first = last_file();
  write_three_files();
  const std::string last = last_file();
  const std::string between = fmt::format("bin.{:06}", std::stoi(first.substr(4)) + 1);
  for (const char* name : {"hidden", "locked", "gap", "torn", "cut", "whole"}) save(name);
  server_.crash();
  expect_failure("nowhere", "nowhere holds no binlog file bin.");

  std::string bytes = read_file(file("hidden", first));
  write_file(file("hidden", first), "\xFD" + bytes.substr(1));
  expect_failure("hidden", first + " is encrypted");
  constexpr std::size_t kFormat = 4, kSizeAt = 9, kTypeAt = 4;
  const std::size_t size = static_cast<unsigned char>(bytes.at(kFormat + kSizeAt)) +
                           (static_cast<unsigned char>(bytes.at(kFormat + kSizeAt + 1)) << 8);
  bytes.at(kFormat + size + kTypeAt) = '\xA4';  // MariaDB's START_ENCRYPTION
  write_file(file("locked", first), bytes);
  expect_failure("locked", first + " is encrypted");

  fs::remove(file("gap", between));
  expect_failure("gap", between + " is missing between " + first + " and " + last);
  EXPECT_EQ(items(), "1\u00e0S[1] 2caf\u00e9L{}");
  fs::resize_file(file("torn", between), fs::file_size(file("torn", between)) - 3);
  expect_failure("torn", between + " ends within an event that begins at");
  fs::resize_file(file("cut", last), fs::file_size(file("cut", last)) - 3);
  expect_failure("cut", last + " ends within an event that begins at");
  EXPECT_EQ(items(), "2caf\u00e9L{} 3three");
  EXPECT_EQ(logged(), "1copied 2x 2x");
  EXPECT_EQ(follow_files("whole").exit_code, 0);
  EXPECT_EQ(logged(), "1copied 2x 2x 3last");
}

// A copy needs the source, and a place where to begin must be given.
TEST_F(BinlogFilesTest, FilesAreForTasksThatFollow) {
  save("saved");
  dir.write_file("my.cfg",
                 my_cfg(mysql_section(server_.mysql(), "shop"), target.conninfo(), "[local.pgsql]\ntask = \"b\"\n"));
  const RunResult result = follow_files("saved");
  EXPECT_EQ(result.exit_code, kConfigurationFailed) << result.describe();
  EXPECT_THAT(result.err, HasSubstr("--binlog-dir: nothing says where in the files to begin"));
}

}  // namespace dbsync::test
