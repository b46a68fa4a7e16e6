// Findings that both programs and both sides of a run have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "check/check_findings.h"

namespace dbsync {

// Sessions that a server has left, against those that a run with so many workers takes.
struct FreeConnections {
  std::string subject;
  std::int64_t free = 0;
  std::int64_t wanted = 0;
  unsigned workers = 0;
  std::string remedy;
};
void check_free_connections(const FreeConnections& found, CheckFindings& findings);

void passed_readable(std::size_t readable, std::size_t all, CheckFindings& findings);

}  // namespace dbsync
