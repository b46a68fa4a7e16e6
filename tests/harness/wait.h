// Waiting for what other processes do.
#pragma once

#include <chrono>
#include <functional>

namespace dbsync::test {

// Waits for something that takes a moment; false when it does not come.
bool eventually(const std::function<bool()>& condition, std::chrono::seconds limit = std::chrono::seconds(30));

}  // namespace dbsync::test
