// Cuts one task into chunks and hands them to the queue.
//
// A first chunk is held back until a second one shows that the task is cut. Chunks of a
// table that can be emptied again go out at once; else all must be in the journal before
// one is loaded, or what is missing could not be told after a crash.
//
// Threads: one. Errors: of both connections; ErrorKind::interrupted.
#pragma once

#include <optional>
#include <stop_token>
#include <vector>

#include "copy/copy_job.h"
#include "copy/job_ledger.h"
#include "copy/load_journal.h"
#include "copy/target_preparer.h"
#include "copy/work_queue.h"
#include "copy/worker_session.h"

namespace dbsync {

// Where chunks go that a plan finds.
struct ChunkPlanRequest {
  std::size_t task = 0;
  const PreparedTask& prepared;
  const JobOptions& options;
  const LoadJournal* journal = nullptr;  // nullptr: there is none
  JobLedger& ledger;
  WorkQueue& queue;
  std::stop_token drain;
};

class ChunkPlan {
 public:
  explicit ChunkPlan(const ChunkPlanRequest& request) : request_(request) {}

  // Again after an error, as long as nothing of it is under way.
  void run(WorkerSession& worker);

 private:
  void restart(PgConnection& target);
  void take(PgConnection& target, Chunk chunk);
  void end(PgConnection& target);
  void add_loads(PgConnection& target, bool only_chunk);
  void push_load(Chunk chunk, bool only_chunk);

  ChunkPlanRequest request_;
  std::vector<Chunk> held_;
  int count_ = 0;  // handed out
};

}  // namespace dbsync
