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
    ++sum.rows;
  }

  // Both must have the same number of buckets.
  void add(const BucketSums& other);
  std::vector<std::size_t> different_buckets(const BucketSums& other) const;

  std::size_t size() const { return sums_.size(); }
  std::uint64_t rows(std::size_t bucket) const { return sums_[bucket].rows; }
  std::uint64_t rows() const;

 private:
  struct Sum {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::uint64_t rows = 0;

    friend bool operator==(const Sum&, const Sum&) = default;
  };

  std::vector<Sum> sums_;
  std::uint64_t mask_;
};

}  // namespace dbsync
