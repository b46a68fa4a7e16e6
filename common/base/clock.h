// Times of day as text. Any thread.
#pragma once

#include <cstdint>
#include <string>

namespace dbsync {

// ISO 8601, in UTC.
std::string utc_now();
std::string utc_text(std::int64_t unix_seconds);

}  // namespace dbsync
