// The seam of the full copy: what the loader knows of a source.
//
// A source hands over encoded COPY bytes, not rows: one virtual call per buffer.
// MySQL encodes rows into them, PostgreSQL passes its own COPY output through.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/options.h"
#include "copy/copy_task.h"
#include "copy/reject_log.h"
#include "format/copy_buffer.h"
#include "pg/catalog.h"

namespace dbsync {

// The moment that all sessions of a source see.
struct SnapshotFacts {
  std::string method;      // for the log and the report: "global read lock", …
  bool consistent = true;  // false only when the user asked for it
  // Where following the source's changes has to start: names and values as the
  // source calls them (binlog_file, binlog_position, gtid, lsn). May be empty.
  std::vector<std::pair<std::string, std::string>> position;

  std::string describe() const;  // "global read lock, binlog_file mysql-bin.000001, …"
};

// What a source keeps, and cannot clean up, for as long as the snapshot is held.
struct SnapshotHistory {
  std::uint64_t count = 0;
  std::string what;        // "transactions whose undo is kept (InnoDB's history list)": what is counted
  std::uint64_t much = 0;  // from so many on its users may feel it
};

// Values that a policy changed in one column.
struct ChangedValues {
  std::string column;
  std::uint64_t count = 0;
};

// The encoded rows of one chunk. Destroyed before its end, the source stops
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

// What the rows of a task are made of.
struct RowShape {
  std::vector<std::string> columns;  // of the target, in the order of the encoded fields
  // Binary rows have, for each value, the bytes that the target's own binary COPY
  // gives for it, the scale of numeric(p,s) and the padding of char(n) aside.
  bool exact = false;
};

// One connection to the source, inside of its snapshot. Threads: one, except cancel().
class SourceSession {
 public:
  virtual ~SourceSession() = default;

  // Cuts a task into chunks and hands each one to `emit` as soon as its bounds
  // are known. Together they hold every row of the task exactly once, whatever
  // was inserted since the catalog was read. One whole chunk when the task
  // cannot be cut.
  virtual void plan_chunks(const CopyTask& task, const ChunkSizes& sizes, const std::function<void(Chunk)>& emit) = 0;

  virtual std::unique_ptr<ChunkReader> open(const CopyTask& task, const Chunk& chunk, const TargetTable& target,
                                            CopyFormatChoice format) = 0;

  // Without reading a row: the shape of what open() gives for CopyFormatChoice::binary.
  virtual RowShape shape(const CopyTask& task, const TargetTable& target) = 0;

  // Of a source that computes() for the target: the one row of SELECT `list` over the
  // rows of the chunk, a relation r whose columns go by the target's names.
  virtual PgResult compute(const CopyTask& task, const Chunk& chunk, const TargetTable& target,
                           const std::string& list);

  // False when the session cannot be used again; after an error, or after a
  // reader was destroyed before its end.
  virtual bool usable() noexcept = 0;
  virtual void cancel() noexcept = 0;
};

// The source as a whole.
class SnapshotSource {
 public:
  virtual ~SnapshotSource() = default;

  // Connects up to `sessions` sessions for open_snapshot(), which does what was not done here.
  // Errors: as there.
  virtual void connect_ahead(unsigned sessions) { (void)sessions; }

  // Opens one snapshot for up to `sessions` sessions. Once, before session().
  // Errors: ErrorKind::source when no consistent snapshot can be had.
  virtual SnapshotFacts open_snapshot(unsigned sessions, const std::vector<CopyTask>& tasks) = 0;

  // A session on the snapshot, for the calling worker; again after it lost one.
  // Any thread. Errors: ErrorKind::source when the snapshot cannot be joined any
  // more.
  virtual std::unique_ptr<SourceSession> session() = 0;

  // True for a PostgreSQL server that gives values the same bytes as this target and
  // has the functions behind a row's digest.
  virtual bool computes(const PgConnection&) const { return false; }

  // Over a connection of its own; nothing where the source does not tell. Any thread.
  virtual std::optional<SnapshotHistory> history() { return std::nullopt; }

  // False when a session was lost and its place was taken by one that sees a
  // later moment. Any thread.
  virtual bool snapshot_held() const { return true; }
};

}  // namespace dbsync
