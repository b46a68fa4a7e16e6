// Where the time of workers goes.
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "copy/work_clock.h"
#include "status/worker_seconds.h"

namespace dbsync {
namespace {

using namespace std::chrono_literals;

WorkerSeconds spent(double source, double target, double steps, double own, double limit, double idle) {
  WorkerSeconds out;
  out.of = {source, target, steps, own, limit, idle};
  return out;
}

TEST(WorkerSeconds, SaysWhereTheTimeWentAndWhatToTurn) {
  EXPECT_EQ(spent_text({}), "");
  EXPECT_EQ(spent_hint({}), "");
  const WorkerSeconds at_source = spent(62.4, 21, 0.2, 9.4, 0, 7);
  EXPECT_EQ(spent_text(at_source),
            "62% waiting for the source, 21% waiting for the target, 9% own work on a CPU, 7% without work");
  EXPECT_NE(spent_hint(at_source).find("the source is what takes the time"), std::string::npos);
  EXPECT_NE(spent_hint(spent(0, 1, 0, 0, 0, 0)).find("max_wal_size"), std::string::npos);
  EXPECT_NE(spent_hint(spent(0, 0, 1, 0, 0, 0)).find("maintenance_work_mem"), std::string::npos);
  EXPECT_NE(spent_hint(spent(0, 0, 0, 1, 0, 0)).find("-j"), std::string::npos);
  EXPECT_NE(spent_hint(spent(0, 0, 0, 0, 1, 0)).find("--max-rate"), std::string::npos);
  EXPECT_NE(spent_hint(spent(0, 0, 0, 0, 0, 1)).find("--chunk-size"), std::string::npos);
  EXPECT_EQ(spent_hint(spent(1, 1, 1, 0, 0, 0)), "") << "nothing stands out";
}

TEST(WorkerSeconds, AreReadAsTheyWereWritten) {
  const WorkerSeconds all = spent(1, 2, 3, 4, 5, 6.125);
  EXPECT_EQ(spent_of(spent_json(all)).of, all.of);
  EXPECT_EQ(spent_of(nlohmann::json::parse(R"({"source": "1", "target": 2})")).of, spent(0, 2, 0, 0, 0, 0).of);
  EXPECT_EQ(spent_of(nlohmann::json()).all(), 0);
}

void work_for(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

// Other processes may take the processor away, which counts as waiting: lower bounds only.
TEST(WorkClock, WorkIsToldFromWaiting) {
  WorkClock clock;
  EXPECT_EQ(clock.seconds().all(), 0) << "it was not started";
  clock.enter(Spent::source);
  std::this_thread::sleep_for(30ms);
  EXPECT_GE(clock.seconds()[Spent::source], 0.029) << "what is under way counts";
  work_for(30ms);
  clock.enter(Spent::target);
  std::this_thread::sleep_for(20ms);
  {
    const Spends steps(clock, Spent::steps);
    std::this_thread::sleep_for(10ms);
  }
  const WorkerSeconds seconds = clock.seconds();
  EXPECT_GE(seconds[Spent::source], 0.029);
  EXPECT_GE(seconds[Spent::target], 0.019);
  EXPECT_GE(seconds[Spent::steps], 0.009);
  EXPECT_GT(seconds[Spent::own], 0.001) << "work while rows are read is no waiting";
  EXPECT_EQ(seconds[Spent::limit], 0);
}

}  // namespace
}  // namespace dbsync
