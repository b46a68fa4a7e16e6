// What is known of one run and its tables, for operators: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "status/steps.h"
#include "status/worker_seconds.h"

namespace dbsync {

struct TableStatus {
  std::string name;  // as in the summary
  std::string target;
  std::string state = "waiting";  // waiting, running, done, failed, interrupted
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;            // encoded, as sent
  std::uint64_t estimated_bytes = 0;  // on the source; 0 = unknown
  std::string message = {};           // of a failure
  // For the metrics only.
  std::uint64_t estimated_rows = 0;
  std::uint64_t chunks = 0;
  std::uint64_t chunks_done = 0;
  std::uint64_t retries = 0;
  std::uint64_t rejected = 0;

  friend bool operator==(const TableStatus&, const TableStatus&) = default;
};

// How far the changes of a source that is followed have been applied. Positions are
// text, as the source writes them.
struct FollowStatus {
  std::string applied;             // on the target
  std::string source;              // the source's own
  std::string applied_time;        // commit time of the last transaction applied; "" = none yet
  std::uint64_t transactions = 0;  // since the task began
  std::uint64_t changes = 0;       // since the program connected last, as are conflicts
  std::uint64_t conflicts = 0;
  std::uint64_t lag_bytes = 0;  // of the source's log
  double lag_seconds = 0;
  std::uint64_t retained_bytes = 0;  // that the source keeps for the task
  std::string wal_status;
};

// Times are UTC, as text; "" = not yet. The store sets them.
struct RunStatus {
  std::int64_t id = 0;  // given by the store
  std::string task;
  std::string program;
  std::string source;  // endpoints, without passwords
  std::string destination;
  std::string state;         // copying, following, done, failed, interrupted
  std::string full_s_start;  // full copy
  std::string full_s_end;
  std::string decoder_start;             // incremental phase
  std::optional<std::int64_t> apply_id;  // its progress
  std::string updated;
  std::uint64_t tables = 0;
  std::uint64_t tables_done = 0;
  std::uint64_t tables_failed = 0;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t estimated_bytes = 0;
  StepSummary steps;  // of a copy, so far
  WorkerSeconds spent;
  std::string snapshot;         // of a copy under way: its age and what the source keeps for it
  double snapshot_seconds = 0;  // the same as a number; for the metrics
  FollowStatus follow;
  std::optional<int> exit_status;
  std::string message;
};

// A constraint of the target that is in force for new rows, but not proved for all:
// a run ended before it was checked, or some rows break it; or the source has it so.
struct ConstraintStatus {
  std::string name;          // "public.b: foreign key b_a_fkey"
  std::string validate_sql;  // what checks it
};

struct StatusReport {
  RunStatus run;
  std::vector<TableStatus> tables;
  std::vector<ConstraintStatus> not_valid = {};  // as of now
  std::vector<std::string> left = {};            // tables that tasks copied and do not follow, and why
  std::vector<std::string> resync = {};          // tables that are being copied again, and how far they are
};

// For --status.
std::string status_text(const std::optional<StatusReport>& report, const std::string& task);
std::string status_json(const std::optional<StatusReport>& report);

}  // namespace dbsync
