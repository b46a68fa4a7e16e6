// A check of the target: whether foreign keys and triggers of its tables can be kept
// from acting during a load, and how. Reads only.
//
// Threads: as the connection. Errors: of the connection; what is wrong becomes a finding.
#pragma once

#include <vector>

#include "check/check_findings.h"
#include "check/target_check.h"

namespace dbsync {

// For --check; the load says the same of itself.
void check_load_rights(const TargetCheck& check, const std::vector<CheckedTable>& tables, CheckFindings& findings);

}  // namespace dbsync
