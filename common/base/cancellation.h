// What runs on servers, to be cancelled when the process is told to stop.
//
// Every session registers how its statement is cancelled: so a signal reaches all of
// them, whatever the run is at. A server that cannot be reached keeps a request to cancel
// waiting, so each has a thread of its own.
//
// One list per process. Threads: any. Errors: none; cancelling is best effort.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace dbsync::cancellation {

// While it lives, a session is on the list.
class Registration {
 public:
  Registration() = default;
  // `cancel` owns all that it needs, for it may run when the session has ended.
  explicit Registration(std::function<void()> cancel);
  ~Registration();
  Registration(Registration&& other) noexcept;
  Registration& operator=(Registration&& other) noexcept;

 private:
  std::uint64_t number_ = 0;  // 0 = none
};

// Cancels what runs now, without waiting for it.
void cancel_all() noexcept;
void in_background(std::function<void()> action);

// Until all requests to cancel have been answered, at most so long: client libraries must
// not be ended under them.
void wait_for_requests(std::chrono::milliseconds most) noexcept;

}  // namespace dbsync::cancellation
