#include "base/cancellation.h"

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace dbsync::cancellation {

namespace {

struct Registry {
  std::mutex mutex;
  std::condition_variable ended;
  std::map<std::uint64_t, std::function<void()>> sessions;
  std::uint64_t last = 0;
  unsigned running = 0;
};

// Never destroyed: a request that is not answered may outlive main.
Registry& registry() {
  static Registry* const all = std::make_unique<Registry>().release();
  return *all;
}

void run(const std::function<void()>& action) noexcept {
  try {
    action();
  } catch (...) {  // best effort
  }
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  --all.running;
  all.ended.notify_all();
}

}  // namespace

Registration::Registration(std::function<void()> cancel) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  number_ = ++all.last;
  all.sessions[number_] = std::move(cancel);
}

Registration::~Registration() {
  if (number_ == 0) return;
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  all.sessions.erase(number_);
}

Registration::Registration(Registration&& other) noexcept : number_(std::exchange(other.number_, 0)) {}

Registration& Registration::operator=(Registration&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

void in_background(std::function<void()> action) {
  {
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    ++all.running;
  }
  std::thread([action = std::move(action)] { run(action); }).detach();
}

void cancel_all() noexcept {
  try {
    std::vector<std::function<void()>> now;
    {
      Registry& all = registry();
      const std::lock_guard lock(all.mutex);
      for (const auto& [number, cancel] : all.sessions) now.push_back(cancel);
    }
    for (auto& cancel : now) in_background(std::move(cancel));
  } catch (...) {  // no memory, no threads: the connections are cut soon
  }
}

void wait_for_requests(std::chrono::milliseconds most) noexcept {
  Registry& all = registry();
  std::unique_lock lock(all.mutex);
  all.ended.wait_for(lock, most, [&all] { return all.running == 0; });
}

}  // namespace dbsync::cancellation
