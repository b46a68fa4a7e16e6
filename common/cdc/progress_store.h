// The row of dbsync.apply_progress on the target that says how far a task is.
//
// It is changed in the transaction that applies the changes, and only from the
// position that this process has seen: a transaction of a killed predecessor that
// is still at work on the target makes the change fail instead of being applied
// a second time.
//
// Threads: as TargetSession.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cdc/position.h"
#include "cdc/target_session.h"
#include "pg/together.h"

namespace dbsync {

struct Progress {
  Position position;
  std::string state;  // "following", or a word of whoever prepares the task
  std::uint64_t transactions = 0;
  std::uint64_t changes = 0;
  std::uint64_t conflicts = 0;
  std::string gtids;        // of all that is applied; "" = not known
  Position tolerant_until;  // changes up to there may be in the rows already; unknown = none are
};

// A task's tables that are being copied again have a row of their own beside the task's,
// whose state is "copying" since its position, and "following" when they are copied.
std::string resync_row(const std::string& task);

// Creates schema and table where they are missing.
void ensure_progress_table(PgConnection& connection);

// As it asks, for PgPrefetch.
PgQuery question_of_progress(const std::string& task);
std::optional<Progress> read_progress(PgConnection& connection, const std::string& task);

// A new task, or a task that starts anew.
void write_progress(PgConnection& connection, const std::string& task, const Position& position,
                    const std::string& state);
// A task that begins without a copy of its own.
void write_following(PgConnection& connection, const std::string& task, const Position& position,
                     const Position& tolerant_until);
// The same task goes on from `position`: its counts stay.
void move_progress(PgConnection& connection, const std::string& task, const Position& position,
                   const std::string& state);
// The place where the task is, `from`, is `to` on another server. Where its tables that are
// being copied again are, is not known there.
void go_over(PgConnection& connection, const std::string& task, const Position& from, const Position& to,
             const Position& tolerant_until);
// Changes up to there may be in the rows already.
void note_mixed(PgConnection& connection, const std::string& task, const Position& tolerant_until);
// What was not known of the place where the task is.
void note_gtids(PgConnection& connection, const std::string& task, const Position& at, const std::string& gtids);
// For UPDATEs that find no row at their position.
Error moved_by_another(const std::string& task);
// With the row of its tables that are being copied again.
void delete_progress(PgConnection& connection, const std::string& task);
void forget_resync_row(PgConnection& connection, const std::string& task);

// One step of a task, to be sent within the transaction of its changes.
struct ProgressStep {
  Position from;
  Position to;
  std::int64_t source_time = 0;  // µs since 1970
  std::uint64_t transactions = 0;
  std::uint64_t changes = 0;
  std::string gtids;  // at `to`; "" = not known
};

class ProgressWriter {
 public:
  explicit ProgressWriter(std::string task);
  // Fails in the pipeline unless the row is where `from` says.
  void send(TargetSession& session, const ProgressStep& step);
  // Fails likewise, and keeps the row for the transaction; for changes whose end is
  // not known yet. send() follows.
  void lock(TargetSession& session, const Position& from);
  // Outside of pipeline mode.
  void add_conflicts(PgConnection& connection, std::uint64_t conflicts) const;
  void forget_prepared() { statement_.prepared = lock_.prepared = false; }

 private:
  std::string task_;
  PgStatement statement_;
  PgStatement lock_;
};

}  // namespace dbsync
