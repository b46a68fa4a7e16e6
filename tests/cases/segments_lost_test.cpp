// A segment of a cluster is lost in the middle of things: the server tells so with a state of
// its own, and the work is tried again. Here a constraint tells it.
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"

namespace dbsync::test {
namespace {

class SegmentLostTest : public FollowTest {
 protected:
  void SetUp() override {
    configure("[copy]\nretry_interval = 1\nretry_times = 5");
    both("create table t (id int primary key, v text)");
  }

  // Twice; a sequence does not forget what is rolled back.
  void lose_segment() {
    target.exec(
        "create sequence tries; create function there() returns bool language plpgsql as $$ begin "
        "if nextval('public.tries') <= 2 then raise exception 'Error on receive from seg0 slice1 127.0.0.1:6000 "
        "pid=77: server closed the connection unexpectedly' using errcode = '58M01'; end if; return true; end $$; "
        "alter table t add check (there())");
  }
  void expect_tried_again(const RunResult& run) {
    ASSERT_EQ(run.exit_code, 0) << run.describe();
    expect_same_table("t");
    EXPECT_EQ(target.value("select last_value > 2 from tries"), "t");
  }
};

TEST_F(SegmentLostTest, ALoadGoesOn) {
  source.exec("insert into t select i, 'v' from generate_series(1, 100) i");
  lose_segment();
  expect_tried_again(run({"--full-only"}));
}

TEST_F(SegmentLostTest, ATaskGoesOn) {
  begin();
  lose_segment();
  source.exec("insert into t values (1, 'v')");
  expect_tried_again(follow());
}

}  // namespace
}  // namespace dbsync::test
