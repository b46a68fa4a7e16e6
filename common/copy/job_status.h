// A copy job's progress and result as operators see them in the status tables.
//
// Threads: as StatusWriter.
#pragma once

#include <memory>
#include <string>

#include "config/config.h"
#include "copy/copy_job.h"
#include "copy/job_report.h"
#include "status/status_writer.h"

namespace dbsync {

class JobStatus {
 public:
  // `follows`: the copy's good end is not the end of the run, and there may be no
  // copy at all; so it is recorded by begin() only.
  JobStatus(const Config& config, const RunFacts& facts, bool follows = false);

  void begin() { writer_.begin_copy(); }
  // For JobOptions::observer; also once when the tasks are known.
  void observe(const JobView& job);
  void end(const JobResult& result);
  // The run ended before it had a result.
  void fail(const Error& error);

  // For runs that follow.
  StatusWriter& writer() { return writer_; }

 private:
  StatusWriter writer_;
  bool follows_;
};

// What --status prints.
std::string recorded_status(const Config& config, bool json);

}  // namespace dbsync
