#include "base/network.h"

#include <gtest/gtest.h>

namespace dbsync::network {

namespace {

using namespace std::chrono_literals;

TEST(LinkVerdict, SilenceAloneIsNoSignOfDeath) { EXPECT_EQ(judge({.silence = 1h}, 60s), LinkVerdict::well); }

TEST(LinkVerdict, BytesThatNobodyConfirmsAreOne) {
  EXPECT_EQ(judge({.resends = true, .silence = 59s}, 60s), LinkVerdict::well);
  EXPECT_EQ(judge({.resends = true, .silence = 60s}, 60s), LinkVerdict::dead);
}

// Linux asks after a closed window every two minutes in the end.
TEST(LinkVerdict, AClosedWindowIsAskedAboutBeforeItIsGivenUp) {
  EXPECT_EQ(judge({.window_closed = true, .probes = 0, .silence = 59s}, 60s), LinkVerdict::well);
  EXPECT_EQ(judge({.window_closed = true, .probes = 0, .silence = 110s}, 60s), LinkVerdict::doubtful);
  EXPECT_EQ(judge({.window_closed = true, .probes = 1, .silence = 130s}, 60s), LinkVerdict::doubtful);
  EXPECT_EQ(judge({.window_closed = true, .probes = 3, .silence = 130s}, 60s), LinkVerdict::dead);
}

TEST(Keepalive, FindsADeadPeerWithinTheTimeout) {
  for (const auto limit : {4s, 7s, 60s, 3600s}) {
    const NetworkWatch watch(limit);
    const Keepalive values = keepalive();
    EXPECT_EQ(values.idle + values.interval * values.count, limit.count());
    EXPECT_GE(values.interval, 1);
  }
  const NetworkWatch watch(60s);
}

}  // namespace

}  // namespace dbsync::network
