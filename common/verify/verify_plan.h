// Finds out, for one target table that is compared: what it is like, which columns and
// which key, and the parts in which each side is read.
//
// Threads: any, a table each. Errors: ErrorKind::target when there is no such table; of
// both connections.
#pragma once

#include <vector>

#include "copy/copy_job.h"
#include "copy/snapshot_source.h"
#include "copy/worker_session.h"
#include "verify/verify_table.h"

namespace dbsync {

struct VerifyPlanRequest {
  const std::vector<CopyTask>& tasks;
  const JobOptions& options;
  bool digests = false;  // the servers shall add up their rows, where they can
};

void plan_table(const VerifyPlanRequest& request, WorkerSession& worker, VerifyTable& table);

}  // namespace dbsync
