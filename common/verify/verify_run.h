// What both programs do alike for --verify and --verify-only.
#pragma once

#include <optional>
#include <stop_token>
#include <vector>

#include "config/config.h"
#include "config/options.h"
#include "copy/copy_job.h"
#include "copy/job_report.h"
#include "verify/verify_job.h"

namespace dbsync {

struct VerifyRun {
  SnapshotSource& source;
  const Options& options;
  const Config& config;
  const JobOptions& job;
  const RunFacts& facts;
  std::stop_token drain;
  std::stop_token cancel;
  VerifyAgain again = {};
  bool after_copy = false;                    // report_and_verify() compares
  std::optional<VerifyResult> compared = {};  // it was done already, by compare_loaded()
};

// --verify-only: summary, files and the exit status.
int verify_only(const VerifyRun& run, const std::vector<CopyTask>& tasks);

// The tables that a copy has loaded, as long as they are as of its snapshot.
VerifyResult compare_loaded(const VerifyRun& run, const JobResult& result);

// The summary and --report of a copy, after it the comparison of the tables that
// it loaded when that was asked for; the exit status of both.
int report_and_verify(const VerifyRun& run, const JobResult& result);

}  // namespace dbsync
