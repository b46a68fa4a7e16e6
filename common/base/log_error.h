// An Error as the log shows it: one line, and its hint on a line of its own.
#pragma once

#include <functional>
#include <string_view>

#include "base/error.h"

namespace dbsync::log {

void error(std::string_view component, const Error& error);

// Runs a whole program: what leaves `body` is logged and becomes the exit status.
int exit_status_of(const std::function<int()>& body);

}  // namespace dbsync::log
