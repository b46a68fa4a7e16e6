#include "copy/targets_ahead.h"

#include <utility>

#include "base/log.h"
#include "base/worker_pool.h"

namespace dbsync {

namespace {

constexpr std::chrono::seconds kFresh{10};

}  // namespace

TargetsAhead::TargetsAhead(unsigned count, Open open)
    : opener_([this, count, open = std::move(open)] {
        run_workers(count, "ahead", [&](unsigned) {
          try {
            auto connection = open();
            const std::lock_guard lock(mutex_);
            opened_.push_back(std::move(connection));
          } catch (const std::exception& e) {
            log::debug("target", std::string("a connection ahead of its use: ") + e.what());
          }
        });
      }) {}

std::unique_ptr<PgConnection> TargetsAhead::take() {
  {
    const std::lock_guard lock(joining_);
    if (opener_.joinable()) opener_.join();
  }
  const std::lock_guard lock(mutex_);
  // Those who come late need the room.
  if (std::chrono::steady_clock::now() - begun_ > kFresh) opened_.clear();
  if (opened_.empty()) return nullptr;
  auto connection = std::move(opened_.back());
  opened_.pop_back();
  return connection;
}

}  // namespace dbsync
