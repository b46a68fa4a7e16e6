#include "tests/harness/follow_fixture.h"

#include <fmt/format.h>

#include "tests/harness/rows.h"

namespace dbsync::test {

FollowTest::~FollowTest() {
  try {
    source.exec(
        "select pg_terminate_backend(active_pid) from pg_replication_slots "
        "where database = current_database() and active");
    eventually([this] { return slot_column("active") != "true"; });
    source.exec(
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()");
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
}

void FollowTest::configure(std::string_view extra) {
  dir.write_file("my.cfg", fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n"
                                       "[follow]\n{}\n",
                                       source.conninfo(), target.conninfo(), extra));
}

void FollowTest::both(const std::string& sql) {
  source.exec(sql);
  target.exec(sql);
}

RunOptions FollowTest::here() const {
  RunOptions options;
  options.cwd = dir.path();
  return options;
}

RunResult FollowTest::run(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "pgsql2pgsql");
  return run_program(arguments, here());
}

void FollowTest::expect_has(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

RunResult FollowTest::follow(const std::vector<std::string>& more) {
  std::vector<std::string> command{"pgsql2pgsql", "--follow-only", "--end-at", "now"};
  command.insert(command.end(), more.begin(), more.end());
  return run_program(command, here());
}

void FollowTest::begin() { drain(); }

void FollowTest::drain() {
  const RunResult run = follow();
  ASSERT_EQ(run.exit_code, 0) << run.describe();
}

void FollowTest::expect_same(const std::string& query) {
  EXPECT_EQ(difference(source.query(query), target.query(query)), "") << query;
}

void FollowTest::expect_same_table(const std::string& table) {
  expect_same(fmt::format("select t::text from {} t order by 1", table));
}

std::string FollowTest::slot_column(const std::string& column) {
  const Rows rows = source.query(
      fmt::format("select {}::text from pg_replication_slots where database = current_database()", column));
  return rows.empty() ? "" : rows[0].at(0).value_or("");
}

}  // namespace dbsync::test
