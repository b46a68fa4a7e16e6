// A chunk of rows into a table of a PostgreSQL server, in one transaction.
//
// BEGIN; [TRUNCATE;] COPY … FROM STDIN; mark; COMMIT, in three round trips where nothing
// else is asked for: BEGIN goes with the COPY, and COMMIT with the mark. Whatever fails
// rolls everything back. The server's own row count must equal the rows sent, or nothing is committed.
//
// With a reject limit, each buffer is a COPY of its own inside a savepoint, so
// that the rows which the server refuses can be found by halving and set aside.
// Where the server can set rows aside itself (segment_rejects.h), text COPY stays
// one for the whole chunk.
//
// Threads: one. Errors: of the connection; without a mark, an error of which it is not
// known whether it came before or after the commit is not retryable.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "copy/chunk_sink.h"
#include "copy/load_journal.h"
#include "copy/reject_log.h"
#include "pg/catalog.h"
#include "pg/connection.h"
#include "pg/copy_in.h"
#include "schema/dialect.h"

namespace dbsync {

class SegmentRejects;

struct PgSinkRequest {
  const TargetTable& target;
  const Dialect& dialect;
  bool truncate_first = false;
  bool freeze = false;   // COPY FREEZE: only after a truncation, and when the server can
  bool replica = false;  // with session_replication_role = replica
  RejectBudget& budget;
  TaskRejects& rejects;  // of this chunk
  // What is marked done with the rows; no journal: nothing is.
  const LoadJournal* journal = nullptr;
  int journal_task = -1;
  int chunk = 0;
};

class PgChunkSink : public ChunkSink {
 public:
  // Begins the transaction when the table is to be emptied, and empties it. All must outlive it.
  PgChunkSink(const PgSinkRequest& request, PgConnection& connection);
  ~PgChunkSink() override;

  bool begin(const std::vector<std::string>& columns, CopyFormat format) override;
  std::uint64_t put(const CopyBuffer& buffer) override;
  bool finish(LoadOutcome& outcome) override;
  void explain(Error& error) const override;

 private:
  enum class Way { straight, halving, by_server };  // what becomes of rows that the server refuses

  std::string copy_sql(const std::vector<std::string>& columns) const;
  void begin_transaction();
  void put_header(CopyIn& copy) const;
  void put_trailer(CopyIn& copy) const;
  void end_copy(LoadOutcome& outcome);
  void copy_rows(const CopyBuffer& buffer, std::size_t from, std::size_t to);
  void commit();

  PgSinkRequest request_;
  PgConnection& connection_;
  PgTransaction transaction_;
  std::string begin_ = "BEGIN; ";  // "" = it has begun
  Way way_ = Way::straight;
  CopyFormat format_ = CopyFormat::binary;
  std::vector<std::string> columns_;
  std::string sql_;
  // Of a table that is filled by one COPY alone, from the first to the last buffer. In
  // this order: the COPY ends before what it reads the server's rejects with.
  std::unique_lock<std::mutex> alone_;
  std::unique_ptr<SegmentRejects> server_rejects_;
  std::optional<CopyIn> copy_;
  bool header_due_ = false;  // put with the first rows: until then nobody waits for the server
};

}  // namespace dbsync
