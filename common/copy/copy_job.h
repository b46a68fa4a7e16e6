// A full copy: all tasks, shared out over the workers.
//
// Each worker owns one source session, all on one snapshot, and one target
// connection. Large tasks are cut into chunks, largest first, so that workers
// share tables. A chunk that fails is rolled back and ends its task; other tasks
// go on.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/rate_limiter.h"
#include "copy/job_progress.h"
#include "copy/job_result.h"
#include "copy/load_journal.h"
#include "copy/snapshot_source.h"
#include "copy/worker_session.h"
#include "schema/dialect.h"

namespace dbsync {

// What may be done to a target table that holds rows before a whole table is
// copied into it. Tasks with a query always append.
enum class LoadMode { refuse, append, truncate };

// What to do about what an earlier run left.
enum class StartMode { fresh, resume, restart };

// A job under way, as its observer sees it. Valid during the call.
struct JobView {
  const std::vector<CopyTask>& tasks;
  const std::vector<TaskView>& views;  // one per task; none before the job begins
  StepSummary steps = {};
  WorkerSeconds spent = {};
  std::string snapshot = {};  // its age and what the source keeps for it (snapshot_watch.h); "" = not looked at
  double snapshot_seconds = 0;
};

struct JobOptions {
  unsigned workers = 5;
  CopyFormatChoice format = CopyFormatChoice::automatic;
  // Small enough to stay in a core's cache on its way from the encoder through
  // the socket into the server's parser: 64 KiB is about 5 % faster than 1 MiB.
  std::size_t buffer_bytes = 64 << 10;
  LoadMode mode = LoadMode::refuse;
  bool create = false;
  bool more_follows = false;             // the caller ends the journal (LoadJournal::finish), not the job
  bool move_sequences = false;           // of tables that were there, behind the rows (target_sequences.h)
  std::uint64_t chunk_bytes = 64 << 20;  // tables above it are cut; 0 = none
  MaxRate max_rate;
  StartMode start = StartMode::fresh;
  RetryOptions retry;
  JournalKey journal_key;
  // With resume: the whole tables, by task name, that may stay as an earlier run
  // left them; all others are emptied and begun anew. Nothing: parts are kept.
  std::optional<std::set<std::string>> keep;
  // Other tables of the target that hold rows of the same moment, or will when `meet` was
  // called, so that keys which refer to the tables that are loaded need not act either.
  std::set<QualifiedName> beside;
  // Called when keys and triggers do not act any more, before the first row.
  std::function<void()> prepared = {};
  // Called when all rows are in, before keys are put back: brings the tables to one moment
  // with those `beside`. What it throws is the job's. Then `met`, when the keys are back and
  // not proved yet.
  std::function<void(const JobResult&)> meet = {};
  std::function<void()> met = {};
  std::uint64_t reject_limit = 0;  // rows per target table that may be set aside
  std::string reject_directory = "rejects";
  std::string application_name;
  // Told every few seconds how far the tasks are, from a thread of its own.
  std::function<void(const JobView&)> observer;
};

// Runs the tasks; `conninfo` is the target. `drain` stops at the next buffer,
// `cancel` ends what runs on the servers. Throws only for what concerns no
// single task (the target cannot be reached at all).
JobResult run_copy_job(SnapshotSource& source, const std::string& conninfo, const Dialect& dialect,
                       std::vector<CopyTask> tasks, const JobOptions& options, const std::stop_token& drain,
                       const std::stop_token& cancel);

}  // namespace dbsync
