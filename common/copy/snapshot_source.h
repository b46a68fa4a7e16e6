// The seam of the full copy: what the loader knows of a source.
//
// A source hands over encoded COPY bytes, not rows: one virtual call per buffer.
// MySQL encodes rows into them, PostgreSQL passes its own COPY output through.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "config/options.h"
#include "copy/copy_buffer.h"
#include "copy/reject_log.h"
#include "pg/catalog.h"
#include "schema/table.h"

namespace dbsync {

// One piece of work: rows of the source that go into one target table in one
// transaction.
struct CopyTask {
  std::string name;          // for messages: the table list's or the source's name
  std::string query;         // "" = the source table `name`, whole
  QualifiedName target;
  std::uint64_t estimated_bytes = 0;  // orders the work; 0 = unknown
  std::uint64_t estimated_rows = 0;
  std::optional<Table> definition;    // how to create the target when it is missing
  std::optional<Error> problem;       // found while planning: the task fails without being tried
};

// Values that a policy changed in one column.
struct ChangedValues {
  std::string column;
  std::uint64_t count = 0;
};

// The encoded rows of one task. Destroyed before its end, the source stops
// sending; nothing is read to the end for politeness.
class ChunkReader {
 public:
  virtual ~ChunkReader() = default;

  // Target columns in the order of the encoded fields.
  virtual const std::vector<std::string>& columns() const = 0;
  virtual CopyFormat format() const = 0;

  // Appends whole rows until the buffer is full or the data ends; false when it
  // has ended (the buffer may hold rows then, too). Throws for everything else:
  // a lost connection is never an end of data.
  // Bad rows go to `rejects` when it is given; with it, or without it and a bad
  // row, see TaskRejects::add and Error. Fills in buffer.log when that is set.
  virtual bool read(CopyBuffer& buffer, TaskRejects* rejects) = 0;

  // After the end.
  virtual std::vector<ChangedValues> changed_values() const = 0;
};

// One connection to the source. Threads: one, except cancel().
class SourceSession {
 public:
  virtual ~SourceSession() = default;
  virtual std::unique_ptr<ChunkReader> open(const CopyTask& task, const TargetTable& target,
                                            CopyFormatChoice format) = 0;
  virtual void cancel() noexcept = 0;
};

// The source as a whole. Threads: new_session may be called from any thread.
class SnapshotSource {
 public:
  virtual ~SnapshotSource() = default;
  virtual std::unique_ptr<SourceSession> new_session() = 0;
};

}  // namespace dbsync
