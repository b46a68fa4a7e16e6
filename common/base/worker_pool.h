// Runs one function in n threads and joins them.
#pragma once

#include <functional>
#include <string>

namespace dbsync {

// Calls body(0) … body(n-1), each in a thread named "<name>-<i>", and returns
// when all have. An exception that leaves a body is rethrown here after the
// join (the first one, by time); the others go on, since what to do about a
// failure is the body's business.
void run_workers(unsigned n, const std::string& name, const std::function<void(unsigned)>& body);

}  // namespace dbsync
