// Cuts a table into ranges of blocks, of which a server from PostgreSQL 14 on
// reads just those asked for (TID range scan).
//
// Threads: as PgConnection.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace dbsync {

inline constexpr int kTidRangeScans = 140000;  // the first server that has them

// WHERE conditions that together take every row once; fewer than `ranges` when
// there are not so many blocks, none when the table cannot be cut so. The last
// one is open, so that nothing depends on the count of blocks.
std::vector<std::string> block_ranges(PgConnection& connection, std::uint32_t table_oid, std::uint64_t ranges);

// The planner may think a sequential scan with a filter cheaper when its
// statistics are old; it would read the table once per range. `on` for a read by
// such a range; keeps the setting in `now`.
void use_block_ranges(PgConnection& connection, bool on, bool& now);

// Conditions on `column` between the bounds, open at both ends: what lies outside
// of the bounds is in the first or the last range.
std::vector<std::string> ranges_between(const std::string& column, const std::vector<std::string>& bounds);

}  // namespace dbsync
