// Where the encoded rows of one chunk go: the seam under the loader. Nothing of it is
// a database's; what a sink writes, and the mark that says so, is its own affair.
//
// begin(), put() for each buffer, finish(). All of a chunk or nothing: a sink that is
// destroyed without finish() keeps nothing of it.
//
// Threads: one. Errors: of what is written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "copy/snapshot_source.h"
#include "format/copy_buffer.h"
#include "status/worker_seconds.h"

namespace dbsync {

// What was loaded of a chunk, or of all chunks of a task.
struct LoadOutcome {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // encoded, as sent
  CopyFormat format = CopyFormat::binary;
  std::vector<ChangedValues> changed;
  std::uint64_t rejected = 0;  // rows set aside
  WorkerSeconds spent = {};    // by the workers that loaded it
};

class ChunkSink {
 public:
  virtual ~ChunkSink() = default;
  ChunkSink() = default;
  ChunkSink(const ChunkSink&) = delete;
  ChunkSink& operator=(const ChunkSink&) = delete;

  // What the rows to come are made of. True: buffers must log their rows (CopyBuffer::log).
  virtual bool begin(const std::vector<std::string>& columns, CopyFormat format) = 0;

  // Takes whole rows; how many of them it has set aside.
  virtual std::uint64_t put(const CopyBuffer& buffer) = 0;

  // After the last buffer: makes all of it durable, together with the mark that this
  // chunk is done. `outcome` has what was put; rows set aside only now are taken off.
  // False: another process has done this chunk; then nothing of ours is kept.
  virtual bool finish(LoadOutcome& outcome) = 0;

  // Adds to an error of the load, the source's too, what the sink knows of it.
  virtual void explain(Error& error) const = 0;
};

}  // namespace dbsync
