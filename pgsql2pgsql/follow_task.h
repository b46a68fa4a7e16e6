// The life of a task that follows a source: what exists for it on both servers,
// and in which order it comes and goes.
//
//   begin_task   publication, progress row "creating", slot with its snapshot
//   (full copy on that snapshot, by the caller)
//   start_following   progress row "following" at the slot's position
//   run_follow   (follow.h)
//   end_task     sequences, slot, publication, progress row
//
// Every step can be killed at any point and done again by the same command: a
// slot whose progress row does not say "following" holds nothing of worth and is
// made anew.
//
// Errors: ErrorKind::source or target with the command that helps. Threads: one.
#pragma once

#include <memory>
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

// A slot that was just made. The snapshot lives as long as this does.
struct TaskSnapshot {
  std::unique_ptr<ReplicationConnection> connection;
  CreatedSlot slot;
};

enum class TaskState {
  none,       // nothing is there
  creating,   // begun and not finished: begins anew
  following,  // run_follow goes on
};

TaskState task_state(PgConnection& source, PgConnection& target, const FollowTask& task);

// Publishes `tables` (all of users when none is given) and makes the slot. What an
// unfinished beginning has left behind goes first.
TaskSnapshot begin_task(const Config& config, PgConnection& source, PgConnection& target, const FollowTask& task,
                        const std::vector<QualifiedName>& tables);

// The target holds what the source held at `start`.
void start_following(PgConnection& target, const FollowTask& task, const Position& start);

// Removes all that belongs to the task, whatever of it exists. With
// `set_sequences` the target's sequences go on where the source's are.
void end_task(PgConnection& source, PgConnection& target, const FollowTask& task, bool set_sequences);

}  // namespace dbsync
