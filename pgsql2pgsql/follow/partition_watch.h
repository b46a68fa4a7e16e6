// What happens to the partitions of a source and is not among its changes: a table
// attached with rows, one that is detached or dropped, one emptied by itself (the
// TRUNCATE of a partition is not sent for a table that is published by its root).
// Before 13, where partitions are published themselves: one that was made later and is
// not published. Before 11: any table that was emptied, for TRUNCATE is not sent at all.
//
// Kept in dbsync.apply_partitions are the partitions as the target was found to fit
// them. What has changed is compared by the numbers of rows of the partition on both
// sides, which is right when the target has all changes: at the end of following, or
// when nothing waits.
//
// Errors: ErrorKind::target with the statement that helps. Threads: as the connections.
#pragma once

#include <string>
#include <vector>

#include "cdc/known_tables.h"
#include "pgsql2pgsql/follow/follow_task.h"
#include "pgsql2pgsql/schema/schema_names.h"

namespace dbsync {

// As the task begins; replaces what is known. `tables`: those that are followed.
void record_partitions(PgConnection& source, PgConnection& target, const std::string& task,
                       const std::vector<KnownTable>& tables);

// The same of these tables alone.
void record_partitions_again(PgConnection& source, PgConnection& target, const std::string& task,
                             const std::vector<KnownTable>& tables);

// The target has all changes.
void compare_partitions(PgConnection& source, PgConnection& target, const FollowTask& task, const SchemaMap& map);

}  // namespace dbsync
