// Calls a function every few seconds from a thread of its own, from construction
// to destruction. What the function throws is lost, so it should throw nothing.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace dbsync {

class ProgressTicker {
 public:
  ProgressTicker(std::chrono::milliseconds interval, std::function<void()> body);
  ~ProgressTicker();  // waits for a call under way
  ProgressTicker(const ProgressTicker&) = delete;
  ProgressTicker& operator=(const ProgressTicker&) = delete;

 private:
  std::function<void()> body_;
  std::jthread thread_;
};

}  // namespace dbsync
