// Waiting before a new try: doubling, with jitter so that workers which lost one
// server together do not come back together, and an upper limit.
//
// Threads: any.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"

namespace dbsync {

// Seconds to wait before try `number` (1 = the first new try): interval × 2^(number-1),
// at most 60, times a random factor between 0.5 and 1.
double backoff_seconds(unsigned number, double interval);

// A new try of something that failed, out of `most`.
struct NewTry {
  unsigned number = 1;
  unsigned most = 1;
  double interval = 1;  // of backoff_seconds
};
// Logs a warning about `what` and its failure, then sleeps as backoff_seconds says;
// false when `stop` was requested meanwhile.
bool wait_before(const NewTry& next, const std::string& component, std::string_view what, const Error& failure,
                 const std::stop_token& stop);

// Sleeps; false when `stop` was requested meanwhile.
bool wait_for(double seconds, const std::stop_token& stop);

}  // namespace dbsync
