// The suite that needs servers: .case files and C++ tests.
#include <stdlib.h>

#include <csignal>
#include <cstdio>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/case_runner.h"
#include "tests/harness/files.h"
#include "tests/harness/process.h"
#include "tests/harness/servers.h"

namespace dbsync::test {

namespace {

class StopServers : public ::testing::Environment {
 public:
  void TearDown() override { Servers::instance().stop(); }
};

// Behind each failed test: what the servers logged meanwhile and what the last
// program said.
class FailureReport : public ::testing::EmptyTestEventListener {
 public:
  void OnTestStart(const ::testing::TestInfo&) override {
    Servers::instance().mark_logs();
    reset_last_run();
  }

  void OnTestEnd(const ::testing::TestInfo& info) override {
    if (!info.result()->Failed()) return;
    if (const std::string run = last_run_report(); !run.empty()) fmt::print("=== the last run\n{}", run);
    if (const std::string logs = Servers::instance().new_log_lines(); !logs.empty())
      fmt::print("=== the servers' logs during this test\n{}", logs);
    std::fflush(stdout);
  }
};

}  // namespace

}  // namespace dbsync::test

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  std::signal(SIGPIPE, SIG_IGN);  // a killed server is an error of one test
  // Settings for the user's own servers are not for these.
  for (const char* name : {"MYSQL_PWD", "PGPASSWORD", "PGSERVICE", "PGOPTIONS", "PGHOST", "PGUSER"}) unsetenv(name);
  namespace test = dbsync::test;
  try {
    test::register_cases(test::repo_root() / "tests/cases");
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  ::testing::AddGlobalTestEnvironment(new test::StopServers);
  // Before the default printer, so that its "FAILED" line closes the report.
  auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
  auto* printer = listeners.Release(listeners.default_result_printer());
  listeners.Append(new test::FailureReport);
  listeners.Append(printer);
  return RUN_ALL_TESTS();
}
