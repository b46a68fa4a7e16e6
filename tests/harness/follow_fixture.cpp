#include "tests/harness/follow_fixture.h"

#include <csignal>

#include <fmt/format.h>

#include "tests/harness/rows.h"

namespace dbsync::test {

void drop_slots_of(TargetDb& source) {
  try {
    eventually([&] {
      source.exec(
          "select pg_terminate_backend(active_pid) from pg_replication_slots where database = current_database() and "
          "active");
      source.exec(
          "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database() "
          "and not active");
      return source.value("select count(*) from pg_replication_slots where database = current_database()") == "0";
    });
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
}

void kill_restart_before_it_empties(TargetDb& target, const std::vector<std::string>& command, const RunOptions& here) {
  PgSession holder(target.conninfo());
  holder.run("begin; lock table dbsync.copy_run in share mode");
  Program program(command, here);
  EXPECT_TRUE(eventually([&] {
    return target.value("select count(*) from pg_locks where relation = 'dbsync.copy_run'::regclass and not granted") !=
           "0";
  })) << program.err_so_far();
  EXPECT_EQ(target.value("select state from dbsync.apply_progress"), "copying");
  program.signal(SIGKILL);
  program.wait();
}

FollowTest::~FollowTest() { drop_slots_of(source); }

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
