// The life of a task that follows a source: what exists for it on both servers,
// and in which order it comes and goes.
//
//   begin_task        progress row "creating", publication, slot with its snapshot
//   start_copying     progress row "copying" at the slot's position
//   (full copy on that snapshot, by the caller)
//   start_following   progress row "following"
//   run_follow        (follow.h)
//   end_task          slot, publication, progress row
//
// Every step can be killed at any point and done again by the same command. A
// slot whose progress row says "creating" holds nothing of worth and is made anew.
// An unfinished copy goes on at a later moment: later_snapshot() gives one, the
// caller brings the complete tables to it by following, calls move_copying(), and
// copies the others from it. So at any time every complete table is at the
// position of the progress row, whatever the copy went through.
//
// Errors: ErrorKind::source or target with the command that helps. Threads: one.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "cdc/progress_store.h"
#include "config/config.h"
#include "pgsql2pgsql/replication_slot.h"

namespace dbsync {

// Of [local.pgsql] task; "default" is told apart by source and destination, so
// that tasks without a name of their own do not meet.
struct FollowTask {
  std::string name;         // of the progress row
  std::string slot;         // on the source; letters, digits and _
  std::string publication;  // on the source
};

FollowTask follow_task(const std::string& configured, const PgConnection& source, const PgConnection& target);

// A slot that was just made, the task's own or a temporary one. The snapshot lives
// as long as this does.
struct TaskSnapshot {
  std::unique_ptr<ReplicationConnection> connection;
  CreatedSlot slot;
};

enum class TaskState {
  none,       // nothing is there
  creating,   // begun and nothing copied: begins anew
  copying,    // the copy goes on
  following,  // run_follow goes on
};

TaskState task_state(PgConnection& source, PgConnection& target, const FollowTask& task);

// Publishes `tables` and makes the slot; ErrorKind::interrupted when `stop` is
// requested while one of them waits. What an unfinished beginning has left
// behind goes first.
TaskSnapshot begin_task(const Config& config, PgConnection& source, PgConnection& target, const FollowTask& task,
                        const std::vector<QualifiedName>& tables, const std::stop_token& stop);

// Rows as of `start` are going to be copied.
void start_copying(PgConnection& target, const FollowTask& task, const Position& start);
// A snapshot of now, and its position.
TaskSnapshot later_snapshot(const Config& config, const FollowTask& task, const std::stop_token& stop);
// The complete tables hold what the source held at `position`.
void move_copying(PgConnection& target, const FollowTask& task, const Position& position);

// The target holds what the source held at the position of the progress row.
void start_following(PgConnection& target, const FollowTask& task);

// Removes all that belongs to the task, whatever of it exists.
void end_task(PgConnection& source, PgConnection& target, const FollowTask& task);

}  // namespace dbsync
