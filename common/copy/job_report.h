// What the user gets at the end: a summary table on stderr and, with --report,
// the same as JSON.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "copy/copy_job.h"

namespace dbsync {

// Facts of the run that stand above its tables in the report.
struct RunFacts {
  std::string program;
  std::string source = {};  // endpoint without password
  std::string source_version = {};
  std::string target = {};
  std::string target_version = {};
  std::string started = {};  // ISO 8601, UTC
};

// Rows, size, seconds, rows/s and result per table; then totals and each failure
// with its hint.
std::string summary_text(const JobResult& result);

// Writes the report; ErrorKind::usage when the file cannot be written.
// `verification`: what a comparison after it found.
void write_report(const std::string& path, const RunFacts& facts, const JobResult& result,
                  const nlohmann::json* verification = nullptr);

}  // namespace dbsync
