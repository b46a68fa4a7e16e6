// What goes on beside a test: an application that writes while the program runs.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace dbsync::test {

// Round by round in a thread of its own, until it is stopped or destroyed.
class Background {
 public:
  // `round` gets its number, from 1 on; it must not throw.
  explicit Background(std::function<void(int)> round);
  ~Background() { stop(); }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // Waits for the end of the round; how many there were.
  int stop();

 private:
  std::function<void(int)> round_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> rounds_ = 0;
  std::thread thread_;
};

}  // namespace dbsync::test
