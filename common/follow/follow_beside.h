// Follows a task in a thread of its own, while the caller does what takes long.
//
// Owns the source that it is given. Errors: those of run_follow, which stop() throws.
// Threads: one, the caller's.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>

#include "follow/follower.h"

namespace dbsync {

class FollowBeside {
 public:
  // `drain`, `cancel`: of the run. `failed`: called in the thread when it ends with an error.
  FollowBeside(std::stop_token drain, std::stop_token cancel, std::function<void()> failed)
      : drain_(std::move(drain)), cancel_(std::move(cancel)), failed_(std::move(failed)) {}
  ~FollowBeside() { end(); }
  FollowBeside(const FollowBeside&) = delete;
  FollowBeside& operator=(const FollowBeside&) = delete;

  // `request`: of that source. What it points at must outlive stop().
  void start(std::unique_ptr<FollowSource> source, const FollowRequest& request);
  // Returns when what it was applying is on the target. Throws what it has failed with, once.
  void stop();

 private:
  void end();
  void follow(const FollowRequest& request);

  const std::stop_token drain_;
  const std::stop_token cancel_;
  const std::function<void()> failed_;
  std::unique_ptr<FollowSource> source_;
  std::stop_source stop_;
  std::exception_ptr error_;
  std::thread thread_;
};

}  // namespace dbsync
