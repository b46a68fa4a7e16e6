// The full copy of pgsql2pgsql: schema, rows, and what follows them, as of one
// moment; and the schema alone (-d).
//
// Threads: one, the job's workers aside. Errors: what concerns no table is
// thrown; the rest is in the summary and the exit status.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/options.h"
#include "config/table_list.h"
#include "copy/job_status.h"
#include "copy/load_journal.h"
#include "pgsql2pgsql/published_tables.h"
#include "pgsql2pgsql/schema_names.h"

namespace dbsync {

// The snapshot that the creation of a replication slot exported. Its session
// must stay open until the copy has joined it (and exported it again for itself).
struct GivenSnapshot {
  std::string name;
  std::string lsn;  // from where the slot gives changes
};

struct FullCopyRequest {
  const Options& options;
  const Config& config;
  const std::vector<TableListEntry>& list;
  std::optional<GivenSnapshot> snapshot = {};  // nothing: the copy takes its own
  // A copy that goes on at a later moment. Called before the first row is copied,
  // with the names by which changes of the complete tables come; brings these
  // tables to the snapshot's moment. All other tables are emptied and begun anew.
  // False: stopped.
  std::function<bool(const std::set<QualifiedName>& complete)> bring_up = {};
  // Called every few seconds while rows are copied, from another thread.
  std::function<void()> observer = {};
  // A comparison of a task that stands still: looking again cannot help.
  bool followed_to_the_end = false;
  JobStatus* status = nullptr;  // nothing: the copy keeps one of its own
};

struct CopyOutcome {
  int exit_status = 0;
  bool worth_a_retry = false;  // what failed may pass the next time
};

// Whose journal of the copy on the target this is.
JournalKey journal_key(const Options& options, const Config& config);

// What -l, --include and --exclude choose.
TableFilter table_filter(const Options& options, const Config& config);

// Where the target of a query is when its line names no schema.
std::string query_schema(const Options& options, const Config& config);

// With --verify-only, compares and copies nothing.
CopyOutcome run_full_copy(const FullCopyRequest& request, const std::stop_token& drain, const std::stop_token& cancel);

// --check: prints what is in the way of a copy to stdout. The exit status.
int check_full_copy(const FullCopyRequest& request, const std::stop_token& drain, const std::stop_token& cancel);

// Prints the schema of the target to stdout.
int print_schema(const FullCopyRequest& request, const std::stop_token& drain, const std::stop_token& cancel);

}  // namespace dbsync
