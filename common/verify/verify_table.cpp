#include "verify/verify_table.h"

#include <algorithm>

namespace dbsync {

namespace {

constexpr std::uint64_t kMostRowsFollowed = 500'000;  // rows of both sides in buckets that differ
constexpr std::size_t kMostNamed = 1000;
constexpr std::size_t kMostKeptBytes = 32 << 20;

}  // namespace

void VerifyTable::compare_digests() {
  same = !digest.empty() && source_digest == target_digest;
  if (same) verdict.source_rows = verdict.target_rows = source_digest.rows;
}

bool VerifyTable::exchanged_with(const VerifyTable& other) const {
  return !failed() && !other.failed() && !digest.empty() && !other.digest.empty() && source_digest.rows > 0 &&
         source_digest != target_digest && source_digest == other.target_digest && target_digest == other.source_digest;
}

void VerifyTable::compare_sums() {
  verdict.source_rows = source_sums.rows() + verdict.unreadable;
  verdict.target_rows = target_sums.rows();
  const auto different = source_sums.different_buckets(target_sums);
  if (!different.empty()) selected.assign(buckets, false);
  const std::uint64_t rows_each = (source_sums.rows() + target_sums.rows()) / buckets + 1;
  // One bucket at least: there is no row of which nothing is said.
  const std::uint64_t most = std::max<std::uint64_t>(kMostRowsFollowed / rows_each, 1);
  verdict.at_least = different.size() > most;
  for (std::size_t i = 0; i < std::min<std::uint64_t>(different.size(), most); ++i) selected[different[i]] = true;
  source_sums = target_sums = BucketSums();
}

void VerifyTable::pair_rows() {
  auto [counts, first] = diff.pairs(kMostNamed);
  verdict.counts = counts;
  pairs = std::move(first);
  for (const HashPair& pair : pairs) {
    if (pair.source) wanted.insert(*pair.source);
    if (pair.target) wanted.insert(*pair.target);
  }
  diff = RowDiff();
}

void VerifyTable::keep(const Hash128& row, KeptRow values) {
  if (kept_bytes > kMostKeptBytes) return;
  for (const KeptValue& value : values) kept_bytes += sizeof(KeptValue) + value.beginning.size();
  kept.emplace(row, std::move(values));
}

}  // namespace dbsync
