// Compares what the tasks of a copy read on the source with what their target
// tables hold.
//
// Where both sides are PostgreSQL servers that can, they add up their rows by
// themselves first (row_digest.h); tables whose sums are equal are the same.
//
// Pass 1 reads both sides of the others once, in parallel and each cut in its own
// way, and adds up hashes of the rows in buckets (bucket_sums.h); nothing of it
// depends on the order of rows, on collations or on partitions. Tables whose sums are
// equal are the same. The others are read again: pass 2 keeps the hashes of the rows
// in buckets that differ and finds those without a partner (row_diff.h), pass 3
// fetches the values of the first of them.
//
// Not by bisecting ranges of the key: the two sides would have to agree on the
// order of its values, for each of a thousand ranges a query would run on both
// sides, and tables without a key could not be cut at all.
//
// Rows come from the SourceSession that loads them, through the same encoders,
// and from the target by binary COPY. Where equal values may have other bytes,
// the target's own types make the binary form of the source's rows (row_stage.h).
// All tasks of one target table are compared together: it must hold the union of
// their rows.
//
// Memory: some MiB per worker and for each table under way, and up to 500,000
// hashes and 1,000 rows of each table that differs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "copy/copy_job.h"
#include "copy/snapshot_source.h"
#include "verify/finding.h"
#include "verify/row_diff.h"

namespace dbsync {

struct TableVerdict {
  std::string name;
  QualifiedName target;
  std::uint64_t source_rows = 0;
  std::uint64_t target_rows = 0;
  RowCounts counts;
  bool at_least = false;          // too many rows differ to count them all
  std::uint64_t unreadable = 0;   // rows of the source that the target cannot hold
  std::vector<Finding> findings;  // the first ones
  std::vector<std::string> notes;
  std::optional<Error> error;  // it could not be compared
  bool interrupted = false;
  double seconds = 0;

  bool differs() const { return counts.any() || at_least || unreadable > 0; }
};

struct VerifyResult {
  std::vector<TableVerdict> tables;
  double seconds = 0;

  std::size_t different() const;
  // 0 when all tables are the same; 5 when rows differ, unless a table could not
  // be compared: then that error's code.
  int exit_status() const;
};

// For a target that follows the source: rows that differ are looked at again.
struct VerifyAgain {
  unsigned times = 0;
  // A later moment of the source, when the target has passed the moment before;
  // nullptr when it does not.
  std::function<std::unique_ptr<SnapshotSource>(const std::stop_token&)> later;
};

struct VerifyRequest {
  SnapshotSource& source;              // its snapshot is open
  const std::string& conninfo;         // of the target
  const std::vector<CopyTask>& tasks;  // whose rows must be there
  const JobOptions& options;           // workers, chunks, retries, rate, rejects
  VerifyAgain again;
};

// "same", "1 missing, 2 different", "NOT COMPARED".
std::string verdict_text(const TableVerdict& verdict);

// Throws only for what concerns no single table.
VerifyResult run_verify_job(const VerifyRequest& request, const std::stop_token& drain, const std::stop_token& cancel);

}  // namespace dbsync
