#include "base/log_error.h"

#include <string>

#include "base/log.h"

namespace dbsync::log {

void error(std::string_view component, const Error& error) {
  log::error(component, std::string_view(error.what()));
  if (!error.hint().empty()) log::error(component, "HINT: " + error.hint());
}

}  // namespace dbsync::log
