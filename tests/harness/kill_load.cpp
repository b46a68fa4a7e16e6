#include "tests/harness/kill_load.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/environment.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

// All rows that were ever sent into the target database, those that were rolled back
// and the journal's few included.
long long rows_written(TargetDb& target) {
  const bool alone = eventually([&] {
    return target.value(
               "select count(*) from pg_stat_activity where datname = current_database() and pid <> "
               "pg_backend_pid()") == "0";
  });
  EXPECT_TRUE(alone) << "backends of a killed run are still there";
  // Before 15 a process of its own collects what backends tell when they end.
  target.exec(
      "do $$ begin if current_setting('server_version_num')::int >= 150000 then perform pg_stat_force_next_flush(); "
      "else perform pg_sleep(1); end if; end $$");
  target.exec("select pg_stat_clear_snapshot()");
  return std::stoll(target.value("select tup_inserted from pg_stat_database where datname = current_database()"));
}

}  // namespace

KillPlan KillPlan::from_environment(KillPlan otherwise) {
  otherwise.kills = number_from_environment("DBSYNC_KILLS", otherwise.kills);
  otherwise.longest_wait = number_from_environment("DBSYNC_KILL_LONGEST", otherwise.longest_wait);
  return otherwise;
}

void kill_and_resume(const KillPlan& plan, std::vector<std::string> args, const RunOptions& here, TargetDb& target,
                     const std::function<void()>& expect_equal) {
  std::mt19937 random(20261124);
  const std::size_t first = args.size();
  const auto again_with = [&](const char* option) {
    args.resize(first);
    args.emplace_back(option);
  };
  int loads = 1;
  long long before = rows_written(target);
  int killed_before = 0;
  const auto expect_little_work = [&](int killed) {
    const long long written = rows_written(target) - before;
    fmt::print("{} kills so far, {} loads: {} rows written for {} rows of this load ({:.2f} times)\n", killed, loads,
               written, plan.rows, static_cast<double>(written) / static_cast<double>(plan.rows));
    EXPECT_LE(written, plan.rows * 3 / 2 + (plan.cut ? 0 : plan.rows * (killed - killed_before)));
    before = rows_written(target);
    killed_before = killed;
  };
  for (int killed = 0; killed < plan.kills;) {
    Program program(args, here);
    // The first one must not come to its end.
    const int longest = killed == 0 ? std::min(200, plan.longest_wait) : plan.longest_wait;
    std::this_thread::sleep_for(std::chrono::milliseconds(std::uniform_int_distribution<int>(10, longest)(random)));
    program.signal(SIGKILL);
    if (program.wait().exit_code != 0) {
      ++killed;
      again_with("--resume");
      continue;
    }
    expect_equal();
    expect_little_work(killed);
    again_with("--restart");
    ++loads;
  }
  const RunResult run = run_program(args, here);
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  expect_equal();
  expect_little_work(plan.kills);
}

}  // namespace dbsync::test
