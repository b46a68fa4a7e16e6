// What a copy does for all its tables together when its workers have ended: it puts back
// what was taken off for the load, proves foreign keys, moves sequences, and drops what it
// made in vain.
//
// Threads: one, after the workers. Errors: none leave it; they go to the result.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "copy/control_session.h"
#include "copy/job_result.h"
#include "copy/load_guards.h"
#include "copy/load_journal.h"
#include "copy/target_preparer.h"

namespace dbsync {

// Foreign keys and triggers that were taken off, whatever happened to the rows.
void put_back_guards(ControlSession& control, LoadGuards& guards, JobResult& result);

// A stop before their end is an error, too.
void prove_keys(const std::string& conninfo, LoadGuards& guards, JobResult& result, const std::stop_token& drain,
                const std::stop_token& cancel);

// Sequences of tables that were there before, behind their rows. Tables of this job's own
// making have it among their steps.
void move_positions(ControlSession& control, JobResult& result, const std::stop_token& drain);
// What it asks first.
std::vector<PgQuery> questions_of_positions(const JobResult& result);

// A table that this run made and that got no rows would be in the way of the next run.
// `empty`: one task of each. `journal`: nullptr when there is none.
void drop_empty_tables(const ControlSession& control, const std::vector<std::size_t>& empty,
                       const std::vector<PreparedTask>& prepared, const LoadJournal* journal, const JobResult& result);

}  // namespace dbsync
