// What the user gets of a comparison: a summary table on stderr, a file with the
// rows that differ (JSON lines), and its part of --report.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "verify/verify_job.h"

namespace dbsync {

// Rows of both sides, seconds and result per table; then notes and failures.
std::string summary_text(const VerifyResult& result);

nlohmann::json verification_json(const VerifyResult& result);

// One line for each row that is named:
//   {"table", "kind": "missing"|"extra"|"different", "key": {…}, "columns": […],
//    "source": {…}, "target": {…}}
// Without any no file is made, and one of an earlier run is emptied. True when there
// are some.
// Errors: ErrorKind::usage when it cannot be written.
bool write_findings(const std::string& path, const VerifyResult& result);

}  // namespace dbsync
