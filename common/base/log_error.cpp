#include "base/log_error.h"

#include <string>

#include "base/log.h"
#include "base/shutdown.h"

namespace dbsync::log {

void error(std::string_view component, const Error& error) {
  if (format() == Format::json)
    return log::error(component, error.what(),
                      {{"kind", kind_name(error.kind())}, {"sqlstate", error.sqlstate()}, {"hint", error.hint()}});
  log::error(component, std::string_view(error.what()));
  if (!error.hint().empty()) log::error(component, "HINT: " + error.hint());
}

int exit_status_of(const std::function<int()>& body) {
  try {
    return body();
  } catch (const Error& error) {
    log::error("main", error);
    // What fails then, fails for that.
    return exit_code(stop_asked() ? ErrorKind::interrupted : error.kind());
  } catch (const std::exception& e) {
    log::error("main", std::string("internal error: ") + e.what());
    return exit_code(ErrorKind::internal);
  }
}

}  // namespace dbsync::log
