#include "pgsql2pgsql/follow/feedback.h"

#include <gtest/gtest.h>

namespace dbsync {
namespace {

TEST(Feedback, AKeepaliveCoversNothingThatIsNotDurable) {
  Feedback feedback(10);
  feedback.transaction_delivered(20);
  feedback.keepalive(30);
  EXPECT_EQ(feedback.seen(), 30U);
  EXPECT_EQ(feedback.passed(), 10U);
  feedback.confirm(20);
  EXPECT_EQ(feedback.passed(), 30U) << "nothing is pending: the source may forget what it knows to be idle";
  EXPECT_EQ(feedback.flushed(), 20U) << "not before the target knows";
  feedback.confirm(feedback.passed());
  EXPECT_EQ(feedback.flushed(), 30U);
}

TEST(Feedback, AKeepaliveWithinATransactionSaysNothing) {
  Feedback feedback(10);
  feedback.transaction_begins();
  feedback.keepalive(30);
  EXPECT_EQ(feedback.seen(), 10U);
  EXPECT_EQ(feedback.passed(), 10U);
  feedback.transaction_passed(25);
  EXPECT_EQ(feedback.passed(), 25U);
}

TEST(Feedback, NothingBehindTheLimitIsConfirmed) {
  Feedback feedback(10, 22);
  feedback.transaction_delivered(20);
  feedback.confirm(20);
  feedback.transaction_passed(30);
  feedback.keepalive(40);
  EXPECT_EQ(feedback.seen(), 40U);
  EXPECT_EQ(feedback.passed(), 22U);
  feedback.confirm(40);
  EXPECT_EQ(feedback.flushed(), 22U);
}

TEST(Feedback, ALimitBeforeTheStartTakesNothingBack) {
  Feedback feedback(10, 5);
  EXPECT_EQ(feedback.flushed(), 10U);
}

}  // namespace
}  // namespace dbsync
