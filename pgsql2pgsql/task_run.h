// A run of pgsql2pgsql from its beginning to its end: the copy alone, or a copy
// and the changes since, whatever of it earlier runs have done already.
//
// Threads: called from main. Errors: those of its parts.
#pragma once

#include <stop_token>
#include <vector>

#include "config/config.h"
#include "config/options.h"
#include "config/table_list.h"

namespace dbsync {

// The exit status. Without --follow-only and --full-only: copies and follows when
// the source can send its changes, else says why it cannot, and copies.
int run_task(const Options& options, const Config& config, const std::vector<TableListEntry>& list,
             const std::stop_token& drain, const std::stop_token& cancel);

// --cleanup: sequences, slot, publication, progress row, journal.
int cleanup(const Options& options, const Config& config);

}  // namespace dbsync
