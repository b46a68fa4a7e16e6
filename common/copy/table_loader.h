// Reads one chunk of a task from its source and puts it into a sink.
//
// Threads: one. Errors: of the source and of the sink.
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>

#include "base/rate_limiter.h"
#include "copy/chunk_sink.h"
#include "copy/reject_log.h"
#include "copy/snapshot_source.h"
#include "copy/work_clock.h"
#include "pg/catalog.h"

namespace dbsync {

// Of one task: added to by its workers, read by the progress display.
struct TaskProgress {
  std::atomic<std::uint64_t> rows{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> chunks{1};  // as far as planned
  std::atomic<std::uint64_t> chunks_done{0};
  std::atomic<std::uint64_t> retries{0};
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<unsigned> at_source{0};  // workers that wait for this server now
  std::atomic<unsigned> at_target{0};
};

// A worker waits for a server, from construction to destruction.
class WaitsFor {
 public:
  explicit WaitsFor(std::atomic<unsigned>& server) : server_(server) {
    server_.fetch_add(1, std::memory_order_relaxed);
  }
  ~WaitsFor() { server_.fetch_sub(1, std::memory_order_relaxed); }
  WaitsFor(const WaitsFor&) = delete;
  WaitsFor& operator=(const WaitsFor&) = delete;

 private:
  std::atomic<unsigned>& server_;
};

// What a load adds its rows to.
struct LoadProgress {
  TaskProgress& task;
  TaskProgress& worker;
  WorkClock& clock;  // the worker's

  void add(std::uint64_t rows, std::uint64_t bytes) const;
  void take_back(std::uint64_t rows, std::uint64_t bytes) const;
};

struct LoadRequest {
  const CopyTask& task;
  const Chunk& chunk;
  const TargetTable& target;
  CopyFormatChoice format = CopyFormatChoice::automatic;
  std::size_t buffer_bytes = 0;
  TaskRejects* rejects = nullptr;  // nothing: a bad row ends the load
  RateLimiter& rate;
  bool limited = false;  // it has a limit
};

// `stop` is looked at between buffers: ErrorKind::interrupted then. What was rolled
// back is no progress.
LoadOutcome load_chunk(const LoadRequest& request, SourceSession& source, ChunkSink& sink, const LoadProgress& progress,
                       const std::stop_token& stop);

}  // namespace dbsync
