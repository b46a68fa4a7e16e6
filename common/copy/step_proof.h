// Whether what the journal says of the steps behind the rows is still so. An index, key or
// check that an earlier run made and somebody has dropped since is made again; statistics and
// positions of sequences belong to rows, and come again with these.
//
// Threads: as the connection. Errors: of the connection.
#pragma once

#include <vector>

#include "copy/job_result.h"
#include "copy/load_journal.h"
#include "copy/target_preparer.h"
#include "schema/dialect.h"

namespace dbsync {

// Takes steps that are to be done again out of `prepared` and of the journal. After the guards
// are decided: what they have taken off is not gone.
void forget_lost_steps(PgConnection& target, const LoadJournal& journal, const Dialect& dialect,
                       const JobResult& result, std::vector<PreparedTask>& prepared);

}  // namespace dbsync
