// Waiting before a new try: doubling, with jitter so that workers which lost one
// server together do not come back together, and an upper limit.
//
// Threads: any.
#pragma once

#include <stop_token>

namespace dbsync {

// Seconds to wait before try `number` (1 = the first new try): interval × 2^(number-1),
// at most 60, times a random factor between 0.5 and 1.
double backoff_seconds(unsigned number, double interval);

// Sleeps; false when `stop` was requested meanwhile.
bool wait_for(double seconds, const std::stop_token& stop);

}  // namespace dbsync
