// One run, from what was asked for to what came of it: facts go in, results come
// out, and each step of a verb adds its own.
//
// Threads: the run's own, main. References must outlive the run.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "cdc/position.h"
#include "config/config.h"
#include "config/options.h"
#include "config/table_list.h"
#include "copy/copy_job.h"
#include "copy/job_report.h"
#include "pg/connection.h"
#include "pg/prefetch.h"
#include "schema/dialect.h"
#include "status/task_lock.h"

namespace dbsync {

struct RunRequest {
  std::string program;  // application_name, and in messages
  const Options& options;
  const Config& config;
  const std::vector<TableListEntry>& list;
  std::stop_token drain;     // end at the next good moment
  std::stop_token cancel;    // end what runs on the servers
  TaskLock* lock = nullptr;  // of a run that writes
};

// A moment of the source that was kept before the copy began.
struct CopyMoment {
  std::string snapshot;          // by which it can be joined; "" = the copy opens one
  Position position;             // of the source's log; unknown = the copy will tell
  std::shared_ptr<void> keeper;  // the moment lives as long
  // A copy that was made before holds changes up to there, or not; unknown = exactly those before `position`.
  Position tolerant_until = {};
};

// Whether changes are to be followed after the copy.
enum class FollowWish {
  none,      // what is in the way does not matter
  possible,  // it is worth a warning
  asked,     // it is a failure
};

struct RunContext {
  explicit RunContext(const RunRequest& request);

  // Connects when there is no usable connection; says what the target is. What a run that
  // writes asks next is on its way then.
  void connect_target();
  // For -d: what it writes for is chosen, or asked of the target, which then is
  // connected; PostgreSQL 15 when there is no target that answers.
  void choose_ddl_dialect();

  RunRequest request;
  const Options& options;
  const Config& config;
  JobOptions job;
  RunFacts facts;
  std::unique_ptr<PgConnection> target;
  std::optional<PgPrefetch> ahead;  // of the target, until the checks are done
  Dialect there;                    // what the target is
  Dialect dialect;                  // what it is taken for: --dialect, else the same
  FollowWish follow = FollowWish::none;
  bool prints_ddl = false;           // set by choose_ddl_dialect()
  bool verify;                       // the rows are compared after the copy
  bool copies = true;                // rows will be copied: neither --follow-only nor a comparison
  std::optional<CopyMoment> moment;  // of a task that follows
};

}  // namespace dbsync
