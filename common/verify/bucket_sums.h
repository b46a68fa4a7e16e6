// Order-free sums of row hashes: what two sides must agree in to hold the same
// rows, however each of them was read.
//
// A row adds its 128-bit hash to the bucket that the hash of its key chooses, so
// that both versions of a changed row are in one bucket. Sums wrap around. Rows
// that occur twice count twice; one row that is missing and another that is too
// much do not cancel out, since their hashes differ.
//
// Memory depends on the number of buckets alone. Threads: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "verify/row_image.h"

namespace dbsync {

class BucketSums {
 public:
  // `buckets`: a power of two.
  explicit BucketSums(std::size_t buckets = 1);

  std::size_t bucket_of(std::uint64_t key_hash) const { return static_cast<std::size_t>(key_hash & mask_); }

  void add(const Hash128& row, std::uint64_t key_hash) {
    Sum& sum = sums_[bucket_of(key_hash)];
    sum.low += row.low;
    sum.high += row.high;
    ++rows_;
  }

  // Both must have the same number of buckets.
  void add(const BucketSums& other);
  std::vector<std::size_t> different_buckets(const BucketSums& other) const;

  std::size_t size() const { return sums_.size(); }
  std::uint64_t rows() const { return rows_; }

 private:
  struct Sum {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    friend bool operator==(const Sum&, const Sum&) = default;
  };

  friend class BucketAdder;

  std::vector<Sum> sums_;
  std::uint64_t mask_;
  std::uint64_t rows_ = 0;
};

// Adds rows in groups: the buckets of a group are on their way from memory while
// its rows are read, which a row alone would wait for.
class BucketAdder {
 public:
  explicit BucketAdder(BucketSums& sums) : sums_(sums) {}
  ~BucketAdder() { flush(); }
  BucketAdder(const BucketAdder&) = delete;
  BucketAdder& operator=(const BucketAdder&) = delete;

  void add(const Hash128& row, std::uint64_t key_hash) {
    __builtin_prefetch(&sums_.sums_[sums_.bucket_of(key_hash)], 1);
    pending_[count_++] = {row, key_hash};
    if (count_ == pending_.size()) flush();
  }
  void flush() {
    for (std::size_t i = 0; i < count_; ++i) sums_.add(pending_[i].row, pending_[i].key);
    count_ = 0;
  }

 private:
  struct Pending {
    Hash128 row;
    std::uint64_t key;
  };

  BucketSums& sums_;
  std::array<Pending, 16> pending_;
  std::size_t count_ = 0;
};

}  // namespace dbsync
