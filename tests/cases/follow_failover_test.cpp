// Slots that standbys of the source keep in step, from PostgreSQL 17 on.
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"

namespace dbsync::test {

namespace {

class FollowFailover : public FollowTest {
 protected:
  void SetUp() override {
    if (source.version() < 170000) GTEST_SKIP() << "FAILOVER of logical slots came with 17";
    both("create table t (id int primary key)");
  }
  void expect_follows() {
    source.exec("insert into t values (1)");
    drain();
    expect_same_table("t");
  }
};

TEST_F(FollowFailover, TheSlotIsKeptByStandbysUnlessSwitchedOff) {
  begin();
  EXPECT_EQ(slot_column("failover"), "true");
  EXPECT_EQ(slot_column("temporary"), "false");
  expect_follows();
}

TEST_F(FollowFailover, SwitchedOffItStaysOnItsServer) {
  configure("failover_slot = off");
  begin();
  EXPECT_EQ(slot_column("failover"), "false");
  expect_follows();
}

}  // namespace

}  // namespace dbsync::test
