// An Error as the log shows it: one line, and its hint on a line of its own.
#pragma once

#include <string_view>

#include "base/error.h"

namespace dbsync::log {

void error(std::string_view component, const Error& error);

}  // namespace dbsync::log
