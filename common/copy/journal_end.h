// What the journal and the results say of each other when the workers of a copy have
// ended.
//
// Threads: one, after the workers. Errors: none leave it; they go to the result.
#pragma once

#include <optional>
#include <vector>

#include "copy/control_session.h"
#include "copy/copy_job.h"
#include "copy/job_result.h"
#include "copy/load_journal.h"
#include "copy/post_steps.h"
#include "copy/target_preparer.h"

namespace dbsync {

// The target does not write each commit to its disk at once, so one that crashes may
// lose the last of them although it confirmed them. A crash ends all sessions: while
// the control session lives, there was none. Else the journal, which was written by
// the same commits, tells what is there. `ahead`: for ControlSession::answers().
void find_lost_commits(ControlSession& control, const LoadJournal& journal, const std::vector<PreparedTask>& prepared,
                       const PostSteps& steps, JobResult& result, std::vector<PgQuery> ahead);

// Tables that somebody else has emptied or made again behind chunks that were put into them.
void find_rewritten(ControlSession& control, const LoadJournal& journal, const std::vector<PreparedTask>& prepared,
                    JobResult& result);

// How much of the tasks that did not end well is on the target. `journaled`: a later run
// can do the rest. `stopped`: what is open behind the rows was not come to, and the task
// is interrupted, too.
void settle_results(JobResult& result, bool journaled, bool stopped);

// Rows that break a key or a check: what the hints say about mending them holds for the
// next run, too.
// `goes_on`: an earlier run's; only then does a good end say that nothing is left to mend.
void note_rows_to_mend(ControlSession& control, const LoadJournal& journal, bool goes_on, const JobResult& result);

// A run that ended well has its end in the journal. `open_schema`: LoadJournal::ask_open_schema(),
// where it is known.
void close_journal(ControlSession& control, const LoadJournal& journal, const JobOptions& options,
                   const JobResult& result, std::optional<bool> open_schema);

}  // namespace dbsync
