// Loads one chunk of a task into its target table, in one transaction.
//
// BEGIN; [TRUNCATE;] COPY … FROM STDIN; COMMIT. Whatever fails rolls everything
// back: a target table never holds a part of a chunk. The server's own row count
// must equal the rows sent, or nothing is committed.
//
// With a reject limit, each buffer is a COPY of its own inside a savepoint, so
// that the rows which the server refuses can be found by halving and set aside.
// Where the server can set rows aside itself (segment_rejects.h), text COPY stays
// one for the whole task.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "base/rate_limiter.h"
#include "copy/snapshot_source.h"
#include "pg/catalog.h"
#include "pg/connection.h"
#include "schema/dialect.h"

namespace dbsync {

// Of one task: added to by its workers, read by the progress display.
struct TaskProgress {
  std::atomic<std::uint64_t> rows{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> chunks{1};  // as far as planned
  std::atomic<std::uint64_t> chunks_done{0};
  std::atomic<std::uint64_t> retries{0};
  std::atomic<std::uint64_t> rejected{0};
};

// What a load adds its rows to.
struct LoadProgress {
  TaskProgress& task;
  TaskProgress& worker;

  void add(std::uint64_t rows, std::uint64_t bytes) const;
  void take_back(std::uint64_t rows, std::uint64_t bytes) const;
};

struct LoadOutcome {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // encoded, as sent
  CopyFormat format = CopyFormat::binary;
  std::vector<ChangedValues> changed;
  std::uint64_t rejected = 0;  // rows set aside
};

struct LoadRequest {
  const CopyTask& task;
  const Chunk& chunk;
  const TargetTable& target;
  bool truncate_first = false;
  bool freeze = false;  // COPY FREEZE: only after a truncation, and when the server can
  bool replica = false;  // with session_replication_role = replica
  CopyFormatChoice format = CopyFormatChoice::automatic;
  std::size_t buffer_bytes = 0;
  RejectBudget& rejects;
  RateLimiter& rate;
  const Dialect& dialect;  // of the target
  // Runs in the transaction, just before its end. False: another process has
  // loaded this chunk; then nothing of ours is kept.
  std::function<bool(PgConnection&, const LoadOutcome&)> before_commit;
};

// `stop` is looked at between buffers: ErrorKind::interrupted then. Without
// before_commit, an error of which it is not known whether it came before or
// after the commit is not retryable.
LoadOutcome load_chunk(const LoadRequest& request, SourceSession& source, PgConnection& target,
                       const LoadProgress& progress, const std::stop_token& stop);

}  // namespace dbsync
