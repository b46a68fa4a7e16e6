// How a copy takes up its journal: its lock, what an earlier run left, and what is
// said of it.
//
// Threads: one, before the workers start.
#pragma once

#include <optional>
#include <stop_token>

#include "copy/copy_job.h"
#include "copy/load_journal.h"
#include "copy/target_preparer.h"

namespace dbsync {

// `journal` stays empty, with a warning, when the user may not create its schema: then
// there is a load, but no resume. Errors: ErrorKind::target when another run holds the
// lock for ten seconds, or when there is no journal to resume from;
// ErrorKind::interrupted.
JournalState open_journal(PgConnection& control, const JobOptions& options, const std::stop_token& stop,
                          std::optional<LoadJournal>& journal);

}  // namespace dbsync
