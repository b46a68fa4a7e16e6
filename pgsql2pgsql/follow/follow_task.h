// What a task that follows a PostgreSQL source has there: its publication and its
// replication slot, and when they come and go.
//
//   begin_task        progress row "creating", publication, slot with its snapshot
//   later_snapshot    of a temporary slot, for a copy that goes on
//   resync_snapshot   of a second slot, for tables that are copied again, which then get the
//                     changes since from it; until end_resync_slot
//   end_task          slot, publication, progress row
//
// A slot whose progress row says "creating" holds nothing of worth and is made anew.
//
// Errors: ErrorKind::source or target with the command that helps. Threads: one.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "cdc/progress_store.h"
#include "config/config.h"
#include "follow/task_life.h"
#include "pgsql2pgsql/follow/replication_slot.h"

namespace dbsync {

struct FollowTask {
  std::string name;         // of the progress row
  std::string slot;         // on the source; letters, digits and _
  std::string publication;  // on the source
  bool named = false;       // by the user: another task may have the name, too
};

// Of the task of that name.
std::string slot_name(const std::string& task);
PgQuery question_of_database();
bool slot_of_this_database(PgConnection& source, const std::string& slot);
// The same task with the slot of its tables that are copied again.
FollowTask resync_of(const FollowTask& task);

FollowTask follow_task(const std::string& configured, const PgConnection& source, const PgConnection& target);

// A slot that was just made, the task's own or a temporary one. The snapshot lives
// as long as this does.
struct TaskSnapshot {
  std::unique_ptr<ReplicationConnection> connection;
  CreatedSlot slot;
};

// Whether changes of the task's tables wait in its slot that the target, which is at `applied`,
// does not have: what a killed run has applied may not be confirmed. Nobody may read the slot
// meanwhile.
bool changes_wait(PgConnection& source, const FollowTask& task, const Position& applied);

// Errors: changes since `applied` do not come any more.
void refuse_lost_slot(const SlotState& slot, const std::string& name, const Position& applied);
// Errors: the slot is gone or lost, or nobody knows whose it is.
TaskState task_state(PgConnection& source, PgConnection& target, const FollowTask& task);

// Publishes `tables` and makes the slot; ErrorKind::interrupted when `stop` is
// requested while one of them waits. What an unfinished beginning has left
// behind goes first.
TaskSnapshot begin_task(const Config& config, PgConnection& source, PgConnection& target, const FollowTask& task,
                        const std::vector<QualifiedName>& tables, const std::stop_token& stop);

// A snapshot of now, and its position.
TaskSnapshot later_snapshot(const Config& config, const FollowTask& task, const std::stop_token& stop);
// Makes the slot anew. Its name is the task's, so it is nobody else's.
TaskSnapshot resync_snapshot(const Config& config, PgConnection& source, const FollowTask& task,
                             const std::stop_token& stop);
void end_resync_slot(PgConnection& source, const FollowTask& task);
// Before the task is ended: that the slot that goes is its own, and that nothing is lost
// with it (`force`: what is).
void prove_end(PgConnection& source, PgConnection& target, const FollowTask& task, bool force);

// Removes all that belongs to the task, whatever of it exists.
void end_task(PgConnection& source, PgConnection& target, const FollowTask& task);

}  // namespace dbsync
