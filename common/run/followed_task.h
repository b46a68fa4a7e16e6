// A task that follows its source, as its kind of source sees it: what exists for it
// there, and its moments. Its states are in follow/task_life.h, the order of its life
// in task_run.h.
//
// Threads: main, except watch(). Errors: of source and target with the command that
// helps.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "follow/follow_source.h"
#include "follow/task_life.h"
#include "run/run_context.h"
#include "status/status_writer.h"

namespace dbsync {

class FollowedTask {
 public:
  virtual ~FollowedTask() = default;

  // Of the progress row.
  virtual const std::string& name() const = 0;
  virtual std::string source_endpoint() = 0;
  // Before it is asked anything: source and target are not one place.
  virtual void prove_servers() {}
  // Connections that following will need are opened while the state is found out.
  virtual void open_ahead() const {}
  // exists(), state() and end_resync() come next: what they will ask both sides is sent ahead, and holds as
  // long as what is returned.
  virtual std::shared_ptr<void> prefetch_state() { return nullptr; }
  // Something of it is on the source or the target.
  virtual bool exists() = 0;
  // What of my.cfg holds for copies only; "" = nothing.
  virtual std::string copy_only_settings() const = 0;
  // Why the source does not send its changes: "fact: remedy".
  virtual std::vector<std::string> obstacles() = 0;
  // Errors: what the task has on the source is gone or lost.
  virtual TaskState state() = 0;

  // Which tables are to be followed, of the source as it is now. False: none.
  virtual bool select() = 0;
  // Makes what the task needs on the source and writes "creating"; again when an
  // earlier beginning was not finished. ErrorKind::interrupted when `stop` is requested.
  virtual CopyMoment begin(const std::stop_token& stop) = 0;
  // Where a task that began now would be, at the earliest.
  virtual Position earliest_beginning() = 0;
  // A moment of now, for a copy that goes on.
  virtual CopyMoment later_moment(const std::stop_token& stop) = 0;
  // What was copied up to now may be of any moment since the copy's: changes up to the position
  // returned may be in the rows already. Unknown: all rows are of the copy's moment.
  virtual Position mixed_until() { return {}; }
  virtual std::unique_ptr<FollowSource> log() = 0;
  // The same to be followed from now on, with what the task has of connections.
  virtual std::unique_ptr<FollowSource> follow_log() {
    disconnect();
    return log();
  }

  // For --resync: tables whose changes it follows or may follow from now on, by the names
  // under which these come.
  virtual std::vector<QualifiedName> tables() = 0;
  // What is known of these from before counts no more: they are copied again.
  virtual void accept(const std::set<QualifiedName>& tables) = 0;

  // A moment of now as of which tables are copied again, and the log from there on, which is
  // kept for them beside that of the task until end_resync().
  virtual CopyMoment resync_moment(const std::stop_token& stop) = 0;
  virtual std::unique_ptr<FollowSource> resync_log() = 0;
  // Why it does not go on from `position`; nothing when it does.
  virtual std::optional<std::string> why_resync_is_lost(const Position& position) = 0;
  // Whatever of it exists.
  virtual void end_resync() = 0;

  // While rows are copied, from another thread: what the source keeps for the task. An
  // error ends the task: give_up() is called then.
  virtual std::optional<Error> watch(StatusWriter& status) = 0;
  [[noreturn]] virtual void give_up(const Error& error) = 0;
  // "the replication slot x keeps WAL on the source", of a task that is not at its end.
  virtual std::string keeps() const = 0;

  // --cleanup, before end(): what following does not bring. Errors: the task stays.
  virtual void hand_over() = 0;
  // Removes all that belongs to the task, whatever of it exists.
  virtual void end() = 0;
  // Lets go of connections, which may be broken or would be idle for long.
  virtual void disconnect() = 0;
};

using TaskFactory = std::function<std::unique_ptr<FollowedTask>(const RunRequest&)>;

}  // namespace dbsync
