#include "base/progress_ticker.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <stop_token>

#include "base/log.h"

namespace dbsync {

namespace {

void tick(std::chrono::milliseconds interval, const std::function<void()>& body, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (!wake.wait_for(lock, stop, interval, [] { return false; })) {
    if (stop.stop_requested()) break;
    try {
      body();
    } catch (const std::exception& e) {
      log::debug("progress", e.what());
    }
  }
}

}  // namespace

ProgressTicker::ProgressTicker(std::chrono::milliseconds interval, std::function<void()> body)
    : body_(std::move(body)), thread_([this, interval](const std::stop_token& stop) { tick(interval, body_, stop); }) {}

ProgressTicker::~ProgressTicker() = default;

}  // namespace dbsync
