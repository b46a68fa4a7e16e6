#include "follow/follow_beside.h"

#include <pthread.h>

#include <utility>

namespace dbsync {

void FollowBeside::start(std::unique_ptr<FollowSource> source, const FollowRequest& request) {
  end();
  source_ = std::move(source);
  stop_ = std::stop_source();
  thread_ = std::thread([this, request] { follow(request); });
}

void FollowBeside::follow(const FollowRequest& request) {
  pthread_setname_np(pthread_self(), "follower");
  const std::stop_callback chain(drain_, [this] { stop_.request_stop(); });
  try {
    run_follow(request, stop_.get_token(), cancel_);
  } catch (...) {
    error_ = std::current_exception();
    failed_();
  }
}

void FollowBeside::end() {
  stop_.request_stop();
  if (thread_.joinable()) thread_.join();
  source_.reset();
}

void FollowBeside::stop() {
  end();
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

}  // namespace dbsync
