// A copy does not wait for its status; what is told last is written last.
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "status/status_writer.h"

namespace dbsync {
namespace {

// Writes when it may, and keeps what it was told.
class SlowStore : public StatusStore {
 public:
  SlowStore(std::shared_future<void> may, std::vector<std::string>& told) : may_(std::move(may)), told_(told) {}

  void begin(RunStatus& run) override {
    may_.wait();
    run.id = 1;
    told_.emplace_back("begin");
  }
  void add_tables(const RunStatus& run, const std::vector<TableStatus>& tables) override {
    told_.push_back("tables " + run.state + " " + tables.at(0).state);
  }
  void update(const RunStatus& run, const std::vector<TableStatus>& tables, const std::vector<std::size_t>& changed,
              bool ended) override {
    told_.push_back(run.state + " " + (changed.empty() ? "-" : tables.at(changed[0]).state) + (ended ? " ended" : ""));
  }
  void begin_following(RunStatus&) override { told_.emplace_back("follows"); }
  void update_following(const RunStatus& run) override { told_.push_back(run.state); }
  std::optional<StatusReport> latest(const std::string&) override { return std::nullopt; }

 private:
  std::shared_future<void> may_;
  std::vector<std::string>& told_;
};

std::vector<TableStatus> table_in(const std::string& state) {
  return {{.name = "t", .target = "public.t", .state = state}};
}

class StatusWriterTest : public ::testing::Test {
 protected:
  std::promise<void> may;
  std::vector<std::string> told;
  std::optional<StatusWriter> writer{std::in_place, std::make_unique<SlowStore>(may.get_future().share(), told),
                                     RunStatus{}};
};

TEST_F(StatusWriterTest, ACopyGoesOnWhileItsBeginningIsWritten) {
  writer->begin_copy();
  writer->update(table_in("running"), {});
  EXPECT_TRUE(told.empty());
  may.set_value();
  writer->end_copy(table_in("done"), "done", 0, "", {});
  EXPECT_EQ(told, (std::vector<std::string>{"begin", "tables copying running", "done done ended"}));
}

TEST_F(StatusWriterTest, WhatIsOnItsWayIsWrittenBeforeTheEnd) {
  writer->begin_copy();
  may.set_value();
  writer->update(table_in("waiting"), {});
  writer->update(table_in("running"), {});
  writer.reset();
  EXPECT_EQ(told, (std::vector<std::string>{"begin", "tables copying waiting", "copying running"}));
}

TEST_F(StatusWriterTest, FollowingComesBehindTheCopy) {
  writer->begin_copy();
  writer->update(table_in("running"), {});
  may.set_value();
  writer->end_copy(table_in("done"), "following", 0, "", {});
  writer->follow({});
  EXPECT_EQ(told, (std::vector<std::string>{"begin", "tables copying running", "following done ended", "follows",
                                            "following"}));
}

}  // namespace
}  // namespace dbsync
