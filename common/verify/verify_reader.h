// Reads one part of a table that is compared and adds what it finds to the table, as the
// pass under way wants it.
//
// Rows of the source come through the encoders that load them, where needed through the
// target's own types (row_stage.h); rows of the target by binary COPY.
//
// Threads: any, each with a session of its own; the tables are guarded by the mutex.
// Errors: of both connections; ErrorKind::interrupted.
#pragma once

#include <mutex>
#include <stop_token>
#include <vector>

#include "base/rate_limiter.h"
#include "copy/job_progress.h"
#include "copy/reject_log.h"
#include "copy/worker_session.h"
#include "verify/verify_queue.h"
#include "verify/verify_table.h"

namespace dbsync {

// All must outlive the reader.
struct VerifyReading {
  const std::vector<CopyTask>& tasks;
  RejectBudget& rejects;
  RateLimiter& rate;
  JobProgress& progress;
  std::mutex& mutex;  // guards the tables
  std::stop_token drain;
};

class VerifyReader {
 public:
  explicit VerifyReader(const VerifyReading& reading) : reading_(reading) {}

  void read(VerifyPass pass, WorkerSession& worker, VerifyTable& table, const VerifyItem& item);

 private:
  void read_digest(WorkerSession& worker, VerifyTable& table, const VerifyItem& item);
  void read_sums(WorkerSession& worker, VerifyTable& table, const VerifyItem& item);
  void read_rows(WorkerSession& worker, VerifyTable& table, const VerifyItem& item);
  void read_values(WorkerSession& worker, VerifyTable& table, const VerifyItem& item);

  VerifyReading reading_;
};

}  // namespace dbsync
