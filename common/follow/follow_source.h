// What following needs from a kind of source: PostgreSQL with its replication slot,
// MySQL with its binlog. The follower (follower.h) owns reconnecting, figures and
// the end; a source knows its log.
//
// Connections are opened when needed and again when they are lost. Threads: one,
// the follower's; the stream has its own rules (cdc/change_stream.h). Errors: of the
// source or the target, with the command that helps; lost connections and servers
// that restart are retried by the follower.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "cdc/change_stream.h"
#include "cdc/position.h"
#include "cdc/schema_policy.h"
#include "cdc/target_files.h"
#include "pg/connection.h"
#include "status/run_status.h"

namespace dbsync {

// From where and up to where a stream is opened.
struct StreamRange {
  Position start;                                          // everything that ends here or before is applied
  Position end;                                            // the caller ends here; unknown = nowhere
  std::function<bool(const QualifiedName& table)> wanted;  // empty: all tables of the task
  // Of a table that was renamed every name must be wanted; else one is enough.
  bool by_every_name = false;
};

class FollowSource {
 public:
  virtual ~FollowSource() = default;

  virtual std::string endpoint() = 0;
  // Lets go of the connection, which may be broken.
  virtual void disconnect() = 0;

  // prepare(), end_position() and prove() come next: what they will ask both sides may be sent
  // ahead, and holds as long as what is returned.
  virtual std::shared_ptr<void> prefetch(PgConnection& /*target*/) { return nullptr; }
  // Once, before the end is chosen by end_position(), which comes next unless `end_at` is "".
  virtual void prepare(const std::string& end_at) = 0;
  // --end-at: "now" or a position. Sees to it that the log goes past it.
  virtual Position end_position(const std::string& end_at) = 0;

  // For the log: values come in binary form; as text otherwise.
  virtual bool binary() const = 0;
  // How the target's tables are made to fit; valid until the next call.
  virtual SchemaPolicy schema_policy() = 0;

  // That nothing was missed since the target was at `applied`: before each stream. Returns
  // where that is on a source that has gone over to another server, else `applied`.
  virtual Position prove(PgConnection& target, const Position& applied) = 0;
  virtual std::unique_ptr<ChangeStream> open(const StreamRange& range) = 0;
  // Once the stream stands: that it is the one which was proved, from `start` on.
  virtual void prove_stream(const Position& /*start*/) {}

  // GTIDs of all that ends there, for the progress row; "" = none, or not known. By the thread that applies.
  virtual std::string gtids_at(const Position& /*position*/) { return {}; }

  // How far the log is: source, lag_bytes, retained_bytes, wal_status of `out`. Not only
  // by the follower's thread, but by one at a time; it waits for no other function.
  virtual void measure(const Position& applied, FollowStatus& out) = 0;
  // Which tables of the target hold the rows of the followed tables that are wanted; and what
  // the source's hold now (SourceRows of cdc/target_proof.h).
  virtual std::vector<FollowedTarget> targets(PgConnection& target) = 0;
  virtual std::optional<bool> holds_rows(const FollowedTarget& table, const std::optional<QualifiedName>& leaf) = 0;
  // Whether changes behind `applied` wait, of any followed table. When no stream is open.
  virtual bool changes_wait(PgConnection& target, const Position& applied) = 0;
  // The user says that the target's tables are as they should be, whatever was done to them.
  virtual bool accepts_targets() const { return false; }

  // Every ten seconds or so, with what was measured.
  virtual void look(PgConnection& target, const FollowStatus& now) = 0;
  // When everything up to the end is applied. `at_now`: it was chosen by "now".
  virtual void look_at_end(PgConnection& target, bool at_now) = 0;

  // After each look: tables whose columns changed before `applied` and that the target
  // does not fit, since no change of a row has told.
  virtual std::vector<Relation> changed_behind(PgConnection& /*target*/, const Position& /*applied*/) { return {}; }
  // Tables whose columns have changed and whose changes have not come, so that the
  // target does not fit yet: at the end (those changed before it), or of a task whose
  // copy goes on, without those that are `complete`.
  virtual std::vector<Relation> changed_at_end(PgConnection& target) = 0;
  virtual std::vector<Relation> changed_since_copy(PgConnection& target, const std::set<QualifiedName>& complete) = 0;

  // Why the task must end for what the source keeps for it; a warning is the source's own.
  virtual std::optional<Error> keeps_too_much(const FollowStatus& now) = 0;
  // Frees what is kept, throws.
  [[noreturn]] virtual void give_up(const Error& error) = 0;

  // An error of another reader of the same log: how long to wait for its end.
  virtual std::optional<std::chrono::seconds> patience_with(const Error& error) const = 0;
  // After this error of the target the stream is to be opened in another form.
  virtual bool open_in_other_form(const Error& error) = 0;
};

}  // namespace dbsync
