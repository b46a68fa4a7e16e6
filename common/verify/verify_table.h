// One target table while it is compared: its parts on both sides and what the
// passes have found so far.
//
// Threads: guarded by the job's mutex, but for what planning has fixed.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "copy/snapshot_source.h"
#include "verify/bucket_sums.h"
#include "verify/row_digest.h"
#include "verify/verify_job.h"
#include "verify/verify_target.h"

namespace dbsync {

enum class VerifyPass : std::uint8_t { digests, sums, rows, values };

struct SourcePart {
  std::size_t task = 0;
  Chunk chunk;
  bool exact = false;  // binary rows are as the target's own
};

struct VerifyTable {
  using Clock = std::chrono::steady_clock;

  std::vector<std::size_t> tasks;  // that feed it
  std::uint64_t estimated_bytes = 0;

  // Fixed by planning.
  bool planned = false;
  TargetTable target;
  ComparedColumns compared;
  std::vector<SourcePart> source_parts;
  std::vector<TargetPart> target_parts;

  std::string digest;  // what both servers compute of a part; "" = they cannot

  // Of the pass under way.
  std::size_t left = 0;  // items of the queue
  Clock::time_point start;

  RowDigest source_digest;
  RowDigest target_digest;
  bool same = false;  // by their digests: nothing is left to compare

  std::size_t buckets = 1;
  BucketSums source_sums;  // while pass 1 is at it
  BucketSums target_sums;
  std::vector<bool> selected;  // buckets that pass 2 looks at
  RowDiff diff;
  std::optional<RowDiff> again;                            // of these, what pass 2 finds at a later moment
  std::vector<HashPair> pairs;                             // the rows to name
  std::unordered_set<Hash128, Hash128Hash> wanted;         // their hashes
  std::unordered_map<Hash128, KeptRow, Hash128Hash> kept;  // and values
  std::size_t kept_bytes = 0;

  TableVerdict verdict;

  bool failed() const { return verdict.error || verdict.interrupted; }

  // After the digests: counts, when they are the same.
  void compare_digests();
  // After pass 1: counts, and the buckets for pass 2.
  void compare_sums();
  // After the digests: the other's rows stand here, and those of this one there.
  bool exchanged_with(const VerifyTable& other) const;
  // After pass 2: counts, and the rows for pass 3.
  void pair_rows();
  // A row of pass 3.
  void keep(const Hash128& row, KeptRow values);
};

}  // namespace dbsync
