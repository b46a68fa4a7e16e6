#include "tests/harness/background.h"

#include <utility>

namespace dbsync::test {

Background::Background(std::function<void(int)> round)
    : round_(std::move(round)), thread_([this] {
        while (!stop_) round_(++rounds_);
      }) {}

int Background::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  return rounds_;
}

}  // namespace dbsync::test
