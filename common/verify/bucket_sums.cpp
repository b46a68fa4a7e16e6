#include "verify/bucket_sums.h"

#include <bit>

#include "base/error.h"

namespace dbsync {

BucketSums::BucketSums(std::size_t buckets) : sums_(buckets), mask_(buckets - 1) {
  if (!std::has_single_bit(buckets)) throw Error(ErrorKind::internal, "the number of buckets is no power of two");
}

void BucketSums::add(const BucketSums& other) {
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    sums_[i].low += other.sums_[i].low;
    sums_[i].high += other.sums_[i].high;
  }
  rows_ += other.rows_;
}

std::vector<std::size_t> BucketSums::different_buckets(const BucketSums& other) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < sums_.size(); ++i)
    if (sums_[i] != other.sums_[i]) out.push_back(i);
  return out;
}

}  // namespace dbsync
