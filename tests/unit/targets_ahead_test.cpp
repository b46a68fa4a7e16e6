#include "copy/targets_ahead.h"

#include <atomic>
#include <latch>

#include <gtest/gtest.h>

#include "base/error.h"

namespace dbsync {
namespace {

// Each open waits for the others: one after another they would never end.
TEST(TargetsAheadTest, AreOpenedSideBySideWhileOthersGoOn) {
  constexpr unsigned kCount = 3;
  std::latch all(kCount + 1);
  std::atomic<unsigned> asked = 0;
  TargetsAhead ahead(kCount, [&]() -> std::unique_ptr<PgConnection> {
    ++asked;
    all.arrive_and_wait();
    throw Error(ErrorKind::target, "no more connections");
  });
  all.arrive_and_wait();
  EXPECT_EQ(ahead.take(), nullptr) << "who needs one opens it and learns why";
  EXPECT_EQ(asked, kCount);
  EXPECT_EQ(ahead.take(), nullptr);
}

TEST(TargetsAheadTest, ThatNobodyTakesEndWithIt) {
  std::atomic<unsigned> asked = 0;
  {
    const TargetsAhead ahead(2, [&]() -> std::unique_ptr<PgConnection> {
      ++asked;
      throw Error(ErrorKind::target, "no");
    });
  }
  EXPECT_EQ(asked, 2U);
}

}  // namespace
}  // namespace dbsync
