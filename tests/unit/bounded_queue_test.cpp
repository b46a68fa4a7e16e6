#include "base/bounded_queue.h"

#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace dbsync {
namespace {

using namespace std::chrono_literals;
using Queue = BoundedQueue<std::string>;

Queue::Clock::time_point in(std::chrono::milliseconds wait) { return Queue::Clock::now() + wait; }

bool push(Queue& queue, std::string item, std::size_t bytes, std::chrono::milliseconds wait = 0ms) {
  return queue.push_until(item, bytes, in(wait), {});
}

TEST(BoundedQueue, KeepsTheOrder) {
  Queue queue(10, 100);
  EXPECT_TRUE(push(queue, "a", 1));
  EXPECT_TRUE(push(queue, "b", 1));
  EXPECT_EQ(queue.try_pop(), "a");
  EXPECT_EQ(queue.pop_until(in(0ms), {}), "b");
  EXPECT_EQ(queue.try_pop(), std::nullopt);
}

TEST(BoundedQueue, IsBoundedInItemsAndBytes) {
  Queue items(2, 100);
  EXPECT_TRUE(push(items, "a", 1) && push(items, "b", 1));
  EXPECT_FALSE(push(items, "c", 1, 5ms));
  Queue bytes(10, 100);
  EXPECT_TRUE(push(bytes, "a", 60));
  EXPECT_FALSE(push(bytes, "b", 41));
  EXPECT_TRUE(push(bytes, "b", 40));
  bytes.try_pop();
  EXPECT_TRUE(push(bytes, "c", 60));
}

TEST(BoundedQueue, AnItemLargerThanTheLimitPassesAlone) {
  Queue queue(10, 100);
  EXPECT_TRUE(push(queue, "large", 1000));
  EXPECT_FALSE(push(queue, "b", 1));
  EXPECT_EQ(queue.try_pop(), "large");
  EXPECT_TRUE(push(queue, "b", 1));
}

TEST(BoundedQueue, ARefusedItemIsUntouched) {
  Queue queue(1, 100);
  EXPECT_TRUE(push(queue, "a", 1));
  std::string item = "still here, in a string too long for the small one";
  EXPECT_FALSE(queue.push_until(item, 1, in(0ms), {}));
  EXPECT_EQ(item, "still here, in a string too long for the small one");
}

TEST(BoundedQueue, ClosedItTakesNoMoreAndGivesTheRest) {
  Queue queue(10, 100);
  EXPECT_TRUE(push(queue, "a", 1));
  queue.close();
  EXPECT_FALSE(push(queue, "b", 1));
  EXPECT_EQ(queue.pop_until(in(1h), {}), "a");
  EXPECT_EQ(queue.pop_until(in(1h), {}), std::nullopt);
}

TEST(BoundedQueue, WaitsEndAtStopCloseAndChange) {
  std::stop_source stop;
  Queue queue(1, 100);
  std::jthread stopper([&] {
    std::this_thread::sleep_for(10ms);
    stop.request_stop();
  });
  EXPECT_EQ(queue.pop_until(in(1h), stop.get_token()), std::nullopt);
  EXPECT_TRUE(push(queue, "a", 1));
  std::jthread taker([&] {
    std::this_thread::sleep_for(10ms);
    queue.try_pop();
  });
  EXPECT_TRUE(push(queue, "b", 1, 1h));
  std::jthread closer([&] {
    std::this_thread::sleep_for(10ms);
    queue.close();
  });
  EXPECT_FALSE(push(queue, "c", 1, 1h));
}

// The end of what is awaited, of the room, of the queue.
TEST(BoundedQueue, GathersUntilEnoughIsThere) {
  Queue queue(3, 100);
  std::jthread two([&] {
    EXPECT_TRUE(push(queue, "a", 1));
    std::this_thread::sleep_for(10ms);
    EXPECT_TRUE(push(queue, "b", 1));
  });
  queue.gather_until(2, in(1h), {});
  EXPECT_EQ(queue.size(), 2u);
  std::jthread more([&] {
    EXPECT_TRUE(push(queue, "c", 1));
    EXPECT_TRUE(push(queue, "d", 1, 1h));
  });
  queue.gather_until(9, in(1h), {});
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_EQ(queue.try_pop(), "a");
  more.join();
  std::jthread closer([&] {
    std::this_thread::sleep_for(10ms);
    queue.close();
  });
  queue.gather_until(9, in(1h), {});
  EXPECT_TRUE(queue.closed());
  queue.gather_until(9, in(1ms), {});
}

}  // namespace
}  // namespace dbsync
