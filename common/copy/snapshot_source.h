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

#include "base/error.h"
#include "config/options.h"
#include "copy/reject_log.h"
#include "format/copy_buffer.h"
#include "pg/catalog.h"
#include "schema/ddl_writer.h"
#include "schema/table.h"

namespace dbsync {

// What completes a target table after its rows, where the source brings it as
// SQL instead of a definition.
struct PostLoad {
  std::vector<DdlUnit> indexes;       // in parallel
  std::vector<DdlUnit> finish;        // after them, in order
  std::vector<DdlUnit> foreign_keys;  // when all tables are finished
};

// Rows of the source that go into one target table: a whole table or a query.
// A large one is cut into chunks; else it is one.
struct CopyTask {
  std::string name;   // for messages: the table list's or the source's name
  std::string query;  // "" = the source table `name`, whole
  QualifiedName target;
  std::string condition = {};  // of a whole table: which rows of both sides are meant; "" = all
  // The top of the target's partition tree, where the tasks of this run bring all rows
  // that it should hold and it has leaves that none of them fills.
  std::optional<QualifiedName> target_tree = {};
  std::uint64_t estimated_bytes = 0;  // orders the work; 0 = unknown
  std::uint64_t estimated_rows = 0;
  std::optional<Table> definition;    // how to create the target when it is missing
  std::optional<PostLoad> post_load;  // goes before what `definition` says
  bool fresh_target = false;          // its table was made for this run and is empty
  std::optional<Error> problem;       // found while planning: the task fails without being tried

  // What holds its rows together with those of other tasks, and no other ones.
  const QualifiedName& compared_with() const { return target_tree ? *target_tree : target; }
};

// The rows that satisfy both, of which "" is no condition.
std::string both_conditions(const std::string& predicate, const std::string& condition);

// The part of a task that one worker copies in one transaction. Both texts are
// SQL of the source.
struct Chunk {
  std::string from;                   // what to read instead of the task's table: a partition; "" = the table itself
  std::string predicate;              // which of its rows; "" = all
  std::uint64_t estimated_bytes = 0;  // 0 = the task's

  bool whole() const { return from.empty() && predicate.empty(); }
};

// How tasks are to be cut.
struct ChunkSizes {
  std::uint64_t bytes = 0;  // wanted size of a chunk
  unsigned workers = 1;     // that will share the chunks
};

// The moment that all sessions of a source see.
struct SnapshotFacts {
  std::string method;      // for the log and the report: "global read lock", …
  bool consistent = true;  // false only when the user asked for it
  // Where following the source's changes has to start: names and values as the
  // source calls them (binlog_file, binlog_position, gtid, lsn). May be empty.
  std::vector<std::pair<std::string, std::string>> position;

  std::string describe() const;  // "global read lock, binlog_file mysql-bin.000001, …"
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

  // False when a session was lost and its place was taken by one that sees a
  // later moment. Any thread.
  virtual bool snapshot_held() const { return true; }
};

}  // namespace dbsync
