// When a copy looks at what its snapshot costs the source, and when it warns.
#include <stdexcept>

#include <gtest/gtest.h>

#include "base/log.h"
#include "copy/snapshot_watch.h"

namespace dbsync {
namespace {

using namespace std::chrono_literals;

class Source : public SnapshotSource {
 public:
  SnapshotFacts open_snapshot(unsigned, const std::vector<CopyTask>&) override { return {}; }
  std::unique_ptr<SourceSession> session() override { return nullptr; }
  std::optional<SnapshotHistory> history() override {
    ++asked;
    if (fails) throw std::runtime_error("no permission");
    return SnapshotHistory{kept, "undo logs", 1000};
  }

  int asked = 0;
  std::uint64_t kept = 5;
  bool fails = false;
};

class SnapshotWatchTest : public testing::Test {
 protected:
  // What is written to stderr meanwhile.
  std::string look(std::chrono::seconds age) {
    testing::internal::CaptureStderr();
    watch_.look(opened_ + age);
    return testing::internal::GetCapturedStderr();
  }

  Source source_;
  SnapshotWatch::Clock::time_point opened_ = SnapshotWatch::Clock::now();
  SnapshotWatch watch_{source_, opened_};
};

TEST_F(SnapshotWatchTest, ShortCopiesAreNotLookedAt) {
  look(2s);
  EXPECT_EQ(source_.asked, 0);
  EXPECT_EQ(watch_.text(), "");
  look(4s);
  look(6s);
  EXPECT_EQ(source_.asked, 1);
  EXPECT_EQ(watch_.text(), "4.00s old; the source keeps 5 undo logs");
  look(15min);
  EXPECT_EQ(source_.asked, 2);
}

TEST_F(SnapshotWatchTest, MuchHistoryIsWarnedOfAgainWhenItHasDoubled) {
  EXPECT_EQ(look(4s), "");
  source_.kept = 1500;
  EXPECT_NE(look(15min).find("keeps much history"), std::string::npos);
  source_.kept = 2900;
  EXPECT_EQ(look(30min), "");
  source_.kept = 3000;
  EXPECT_NE(look(45min).find("3,000 undo logs"), std::string::npos);
}

TEST_F(SnapshotWatchTest, AgeIsWarnedOfEveryFewHours) {
  EXPECT_EQ(look(3h), "");
  EXPECT_NE(look(5h).find("the copy takes long"), std::string::npos);
  EXPECT_EQ(look(8h), "");
  source_.fails = true;
  const std::string warning = look(10h);
  EXPECT_NE(warning.find("the snapshot is 10h00m00s old. HINT"), std::string::npos) << warning;
}

}  // namespace
}  // namespace dbsync
