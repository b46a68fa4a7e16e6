// The states of a task that follows its source, and who sets each. They are durable:
// a word in the progress row on the target (cdc/progress_store.h).
//
//   none       no row
//   creating   begin_task: what the task needs on the source is being made
//   copying    start_copying: rows as of the row's position are copied. move_copying:
//              the copy goes on at a later one; all complete tables are at it.
//              start_resync: only the tables noted with it are not at the position; the
//              others are followed. Their own row (resync_row) says where they are, and
//              whether they are copied; join_resync, when both are at one place
//   following  start_following: the target holds what the source held at the position
//
// Every step can be killed at any point and done again by the same command.
//
// Threads: as the connection. Errors: ErrorKind::target with the command that helps.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cdc/progress_store.h"
#include "cdc/target_files.h"
#include "schema/table.h"

namespace dbsync {

enum class TaskState { none, creating, copying, following };

// Of [local.pgsql] task; "default" is told apart by source and destination, so that
// tasks without a name of their own do not meet.
std::string task_name(const std::string& configured, const std::string& source, const std::string& target);

TaskState state_of(const std::optional<Progress>& progress);
// Remedy of what is lost for good.
inline constexpr char kBeginAnew[] = "--restart empties the target's tables and begins anew; --cleanup ends the task";

// `obstacles`: each "fact: remedy".
Error cannot_follow(const std::vector<std::string>& obstacles);

// --cleanup: changes behind `applied` that the target does not have, in `bytes` of the
// `log` ("WAL"), or what keeps from telling whether there are any. Throws, of the source;
// with `force` it is a warning.
void lose_changes(const Position& applied, std::uint64_t bytes, const std::string& log, bool force);
void lose_what_is_unknown(const Position& applied, const Error& why, bool force);

// --cleanup: true, with a warning, when the task's first copy has not ended, so that there is
// nothing yet that following would have to hand over.
bool ends_while_copying(PgConnection& target, const std::string& task);

void start_creating(PgConnection& target, const std::string& task);
void start_copying(PgConnection& target, const std::string& task, const Position& start);
void move_copying(PgConnection& target, const std::string& task, const Position& position);
// Of a task that follows: these tables are copied again. Until join_resync or
// start_following.
void start_resync(PgConnection& target, const std::string& task, const std::set<QualifiedName>& tables);
// They are being copied as of `start`; and they are copied, all of them (`mixed_until`: as
// for start_following).
void copy_resync(PgConnection& target, const std::string& task, const Position& start);
void catch_up_resync(PgConnection& target, const std::string& task, const Position& mixed_until);
// They have all changes up to `at`, as the others have, whose row says `from`. `copied`: as
// for start_following.
void join_resync(PgConnection& target, const std::string& task, const Position& from, const Position& at,
                 const std::vector<FollowedTarget>& copied);
// `copied`: the tables of the target that the copy has filled, which are noted with the state
// (cdc/target_files.h). `put`: what it says of rows that it has put into tables,
// which counts where they are empty by now. `mixed_until`: changes up to there may be in the
// rows already; unknown = as it is noted.
void start_following(PgConnection& target, const std::string& task, const std::vector<FollowedTarget>& copied,
                     const std::map<QualifiedName, RowsSeen>& put, const Position& mixed_until = {});

}  // namespace dbsync
