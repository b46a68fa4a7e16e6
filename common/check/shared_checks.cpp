#include "check/shared_checks.h"

#include <fmt/format.h>

namespace dbsync {

void check_free_connections(const FreeConnections& found, CheckFindings& findings) {
  if (found.free >= found.wanted)
    findings.passed(found.subject,
                    fmt::format("{} free, up to {} needed for -j {}", found.free, found.wanted, found.workers));
  else
    findings.warning(found.subject,
                     fmt::format("{} free, but up to {} are needed for -j {}", found.free, found.wanted, found.workers),
                     found.remedy);
}

void passed_readable(std::size_t readable, std::size_t all, CheckFindings& findings) {
  findings.passed("source tables", fmt::format("{} of {} can be read", readable, all));
}

}  // namespace dbsync
