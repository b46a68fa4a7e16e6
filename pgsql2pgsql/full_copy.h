// The full copy of pgsql2pgsql: schema, rows, and what follows them, as of one
// moment; and the schema alone (-d).
//
// Threads: one, the job's workers aside. Errors: what concerns no table is
// thrown; the rest is in the summary and the exit status.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/shutdown.h"
#include "config/config.h"
#include "config/options.h"
#include "config/table_list.h"
#include "copy/load_journal.h"

namespace dbsync {

// The snapshot that the creation of a replication slot exported. Its session
// must stay open until run_full_copy has begun to copy (the copy exports the
// same snapshot again for itself).
struct GivenSnapshot {
  std::string name;
  std::string lsn;  // from where the slot gives changes
};

struct FullCopyRequest {
  const Options& options;
  const Config& config;
  const std::vector<TableListEntry>& list;
  std::optional<GivenSnapshot> snapshot;  // nothing: the copy takes its own
};

// Whose journal of the copy on the target this is.
JournalKey journal_key(const Options& options, const Config& config);

// The exit status.
int run_full_copy(const FullCopyRequest& request, const Shutdown& shutdown);

// Prints the schema of the target to stdout.
int print_schema(const FullCopyRequest& request, const Shutdown& shutdown);

}  // namespace dbsync
