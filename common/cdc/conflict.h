// Changes that do not fit the rows that the target has.
//
// Plain values.
#pragma once

#include <cstdint>

namespace dbsync {

// error: stop before the transaction. skip: leave the target's row as it is.
// overwrite: make the target's row what the source's is.
enum class ConflictPolicy { error, skip, overwrite };

struct ConflictCounts {
  std::uint64_t duplicate_key = 0;  // an INSERT, or an UPDATE of the key, found the key taken
  std::uint64_t missing_row = 0;    // an UPDATE or DELETE found no row

  std::uint64_t total() const { return duplicate_key + missing_row; }
};

}  // namespace dbsync
