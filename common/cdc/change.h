// One change of one table, or a TRUNCATE of several.
//
// A view: the tuples and relations belong to the transaction that it was read
// from (see change_log.h for how long).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "cdc/relation.h"

namespace dbsync {

enum class ChangeKind : std::uint8_t { insert, update, remove, truncate };

// What came of the row as it was before.
enum class OldImage : std::uint8_t { none, key, full };

struct Change {
  ChangeKind kind = ChangeKind::insert;
  OldImage old_image = OldImage::none;
  const Relation* relation = nullptr;  // not for truncate
  std::string_view old_tuple;          // as tuple.h; empty without an old image
  std::string_view new_tuple;          // insert, update
  std::span<const Relation* const> truncated;
  bool restart_identity = false;
};

}  // namespace dbsync
