// Proof that the two texts of a chunk are what our planners write, before they are
// run on the source.
//
// They are SQL of the source that the journal keeps on the target, whose owner is not
// to run statements on the source through us. What passes compares columns with
// literals, or names a partition: no function, no subquery, no comment.
//
//   predicate := term { (AND | OR) term }
//   term      := "(" predicate ")" | name (compare literal | IS NULL)
//   literal   := [-] number | string [::[pg_catalog.]tid] | [_charset] X string [COLLATE name]
//   from      := "" | `name` PARTITION (`name`)
//
// Strings hold neither quotes nor backslashes, so that every server ends them at the
// same place. Pure. Source: chunk_planner.cpp, key_range.cpp, pg/block_ranges.cpp.
#pragma once

#include "copy/snapshot_source.h"

namespace dbsync {

bool is_planned_chunk(const Chunk& chunk);

}  // namespace dbsync
