// Which rows differ, by hash: what one side has more of than the other.
//
// Rows that both sides hold equally often leave nothing behind; what is left is
// paired by key. A key with rows left on both sides is a different row, on the
// source only a missing one, on the target only an extra one.
//
// Holds an entry per row hash given to it; its user limits them. Threads: one at
// a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "verify/row_image.h"

namespace dbsync {

enum class Side : std::uint8_t { source, target };

struct SeenRow {
  Hash128 row;
  std::uint64_t key = 0;
};

enum class FindingKind : std::uint8_t { missing, extra, different };

// One row, or several equal ones, that differ.
struct HashPair {
  FindingKind kind = FindingKind::missing;
  std::uint64_t rows = 1;
  std::optional<Hash128> source;
  std::optional<Hash128> target;
};

struct RowCounts {
  std::uint64_t missing = 0;
  std::uint64_t extra = 0;
  std::uint64_t different = 0;

  bool any() const { return missing + extra + different > 0; }
};

class RowDiff {
 public:
  void add(Side side, const SeenRow& row) { add(row, side == Side::source ? 1 : -1); }
  void add(const RowDiff& other);

  // True for a row that was given to add() and has no partner.
  bool holds(const Hash128& row) const { return rows_.contains(row); }

  // Keeps what differs in `again` in the same way.
  void keep_only(const RowDiff& again);

  struct Pairs {
    RowCounts counts;
    std::vector<HashPair> pairs;  // the first ones
  };
  Pairs pairs(std::size_t most) const;

 private:
  void add(const SeenRow& row, std::int64_t more_on_source);

  struct Entry {
    std::uint64_t key = 0;
    std::int64_t more_on_source = 0;
  };

  std::unordered_map<Hash128, Entry, Hash128Hash> rows_;
};

}  // namespace dbsync
