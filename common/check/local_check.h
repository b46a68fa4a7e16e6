// Checks of this machine: the files that a run will write.
//
// Threads: any. Errors: none; what is wrong becomes a finding (ErrorKind::usage).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "check/check_findings.h"
#include "config/config.h"
#include "config/options.h"

namespace dbsync {

// Bytes that this process may write there; nothing when it cannot be told.
std::optional<std::uint64_t> free_space(const std::string& directory);

// --report and --verify-report, the directory of set-aside rows when there may be some, and with
// `follow` the one of large transactions.
void check_local_files(const Options& options, const Config& config, bool follow, CheckFindings& findings);

}  // namespace dbsync
