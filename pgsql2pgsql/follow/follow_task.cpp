#include "pgsql2pgsql/follow/follow_task.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "base/log.h"
#include "base/stable_hash.h"
#include "base/text.h"
#include "embedded_sql.h"
#include "pg/sqlstate.h"
#include "pg/together.h"
#include "pg/wait_watch.h"
#include "pgsql2pgsql/follow/continuity.h"
#include "pgsql2pgsql/follow/held_triggers.h"
#include "pgsql2pgsql/follow/standby_source.h"
#include "pgsql2pgsql/source/standby.h"
#include "schema/names.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

std::string slot_characters(std::string_view name) {
  std::string out;
  for (const char c : to_lower(name)) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    out += fits ? c : '_';
  }
  return out;
}

}  // namespace

std::string slot_name(const std::string& task) {
  const std::string plain = slot_characters(task);
  return shorten_name(plain == task ? "dbsync_" + plain : fmt::format("dbsync_{}_{:08x}", plain, stable_hash(task)));
}

PgQuery question_of_database() { return {"SELECT pg_catalog.current_database()"}; }

bool slot_of_this_database(PgConnection& source, const std::string& slot) {
  return source
             .exec(
                 "SELECT 1 FROM pg_catalog.pg_replication_slots WHERE slot_name = $1 AND database = "
                 "pg_catalog.current_database()",
                 {slot})
             .rows() > 0;
}

FollowTask follow_task(const std::string& configured, const PgConnection& source, const PgConnection& target) {
  FollowTask task;
  task.name = task_name(configured, source.endpoint(), target.endpoint());
  task.slot = slot_name(task.name);
  task.publication = task.slot;
  task.named = !configured.empty() && configured != "default";
  return task;
}

// No task's own slot begins so.
FollowTask resync_of(const FollowTask& task) {
  FollowTask out = task;
  out.slot = shorten_name("resync_" + task.slot);
  return out;
}

namespace {

std::string current_database(PgConnection& source) { return ask(source, question_of_database()).text(0, 0); }

// A slot of the task's name may be another task's: one of another database is, and so
// may be one of a name that users give, when the target does not know it.
void refuse_slot_of_others(PgConnection& source, const FollowTask& task, const SlotState& slot, bool known) {
  if (slot.database != current_database(source))
    throw Error(ErrorKind::config,
                fmt::format("the replication slot {} belongs to {}: another task has the name {}", task.slot,
                            slot.database.empty() ? "no database" : "the database " + slot.database, task.name))
        .hint("choose another task in [local.pgsql]; the slot is left as it is");
  if (known || !task.named) return;
  throw Error(ErrorKind::config,
              fmt::format("the replication slot {} is on the source, but this target knows nothing of the task {}: "
                          "another target may follow with it",
                          task.slot, task.name))
      .hint("choose another task in [local.pgsql]; the slot is left as it is");
}

// As many as it takes are looked at: before 15 transactions that changed none of the task's
// tables are there, too.
bool any_waits(PgConnection& source, const FollowTask& task, const Position& applied) {
  for (std::int64_t enough = 10000;; enough *= 10) {
    const PgResult seen =
        source.exec(sql::waiting_changes, {task.slot, std::to_string(std::min<std::int64_t>(enough, INT32_MAX)),
                                           quote_identifier(task.publication), applied.text()});
    if (seen.boolean(0, 1)) return true;
    if (seen.integer(0, 0) < enough) return false;
  }
}

// The end of a task loses what its slot keeps.
void prove_nothing_waits(PgConnection& source, PgConnection& target, const FollowTask& task, const Position& applied,
                         bool force) {
  bool wait = false;
  if (const auto why = why_changes_stay_away(source, target, task))
    return lose_what_is_unknown(applied, Error(ErrorKind::source, *why), force);
  try {
    wait = changes_wait(source, task, applied);
  } catch (const Error& error) {
    if (error.connection_lost()) throw;
    return lose_what_is_unknown(applied, error, force);
  }
  if (!wait) return;
  const auto bytes =
      source
          .exec(fmt::format("SELECT pg_catalog.pg_wal_lsn_diff({}, $1::pg_catalog.pg_lsn)::bigint", kWalWritten),
                {applied.text()})
          .integer(0, 0);
  lose_changes(applied, static_cast<std::uint64_t>(std::max<std::int64_t>(bytes, 0)), "WAL", force);
}

}  // namespace

bool changes_wait(PgConnection& source, const FollowTask& task, const Position& applied) {
  bool wait = false;
  when_slot_is_free([&] { wait = any_waits(source, task, applied); });
  return wait;
}

void refuse_lost_slot(const SlotState& slot, const std::string& name, const Position& applied) {
  if (slot.wal_status != "lost") return;
  if (slot.invalidated.empty() || slot.invalidated == "wal_removed")
    throw Error(ErrorKind::source, fmt::format("the source has removed WAL that the replication slot {} needed "
                                               "(max_slot_wal_keep_size): changes since {} are lost",
                                               name, applied.text()))
        .hint(kBeginAnew);
  throw Error(ErrorKind::source, fmt::format("the source has invalidated the replication slot {} ({}): changes since "
                                             "{} are lost",
                                             name, slot.invalidated, applied.text()))
      .hint(fmt::format("{}; on a standby, keep wal_level = logical on its primary, hot_standby_feedback = on and a "
                        "primary_slot_name",
                        kBeginAnew));
}

TaskState task_state(PgConnection& source, PgConnection& target, const FollowTask& task) {
  const auto progress = read_progress(target, task.name);
  const auto slot = read_slot(source, task.slot);
  if (slot) refuse_slot_of_others(source, task, *slot, progress.has_value());
  if (!progress && slot)
    throw Error(ErrorKind::source,
                fmt::format("the replication slot {} is on the source, but the target knows nothing of the task {}",
                            task.slot, task.name))
        .hint("if the target was made anew: --cleanup drops what is left of the task on the source, then begin again");
  const TaskState state = state_of(progress);
  if (state == TaskState::none || state == TaskState::creating) return state;
  if (!slot)
    throw Error(ErrorKind::source, fmt::format("the replication slot {} is gone from the source, and with it the "
                                               "changes since {}",
                                               task.slot, progress->position.text()))
        .hint(kBeginAnew);
  refuse_lost_slot(*slot, task.slot, progress->position);
  return state;
}

namespace {

// The publication of the task as this run needs it. One of another role, made for
// us since we may not, is taken as it is.
void publish(PgConnection& source, const FollowTask& task, const std::vector<QualifiedName>& tables) {
  if (on_standby(source)) {
    if (const auto lack = lack_of_publication(source, task.publication, tables)) throw cannot_follow({*lack});
    return;
  }
  if (publication_state(source, task.publication) != PublicationState::foreign) {
    drop_publication(source, task.publication);
    create_publication(source, task.publication, tables);
    return;
  }
  const auto published = published_tables(source, task.publication);
  std::vector<std::string> missing;
  for (const QualifiedName& table : tables)
    if (std::find(published.begin(), published.end(), table) == published.end()) missing.push_back(table.display());
  if (!missing.empty())
    throw Error(ErrorKind::source,
                fmt::format("the publication {} of another role lacks {}", task.publication, join(missing, ", ")))
        .hint("let its owner add them, or drop it and own the tables");
}

template <class Action>
auto interruptible(const std::stop_token& stop, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    if (stop.stop_requested() && error.sqlstate() == sqlstate::query_canceled)
      throw Error(ErrorKind::interrupted, "stopped while waiting for the source");
    throw;
  }
}

// It waits for the end of every transaction of the server that has written.
CreatedSlot wait_for_slot(const Config& config, ReplicationConnection& connection, const std::string& name,
                          SlotLife life, const std::stop_token& stop) {
  const WaitWatch watch(
      config.src_pgsql, connection.backend(), "making the replication slot " + name, [&] { connection.cancel(); },
      stop);
  return interruptible(stop, [&] { return create_slot(connection, name, life, config.follow.failover_slot); });
}

}  // namespace

TaskSnapshot begin_task(const Config& config, PgConnection& source, PgConnection& target, const FollowTask& task,
                        const std::vector<QualifiedName>& tables, const std::stop_token& stop) {
  const auto slot = read_slot(source, task.slot);
  if (slot) refuse_slot_of_others(source, task, *slot, read_progress(target, task.name).has_value());
  start_creating(target, task.name);
  end_resync_slot(source, task);
  if (slot) drop_slot_when_free(source, task.slot);
  if (const auto obstacles = obstacles_to_following(source); !obstacles.empty()) throw cannot_follow(obstacles);
  {
    const std::string pid = source.exec("SELECT pg_catalog.pg_backend_pid()", {}).text(0, 0);
    const WaitWatch watch(
        config.src_pgsql, pid, "making the publication " + task.publication, [&] { source.cancel(); }, stop);
    interruptible(stop, [&] { publish(source, task, tables); });
  }
  prove_publication(source, task.publication);
  TaskSnapshot snapshot;
  snapshot.connection = std::make_unique<ReplicationConnection>(config.src_pgsql, "pgsql2pgsql");
  snapshot.slot = wait_for_slot(config, *snapshot.connection, task.slot, SlotLife::permanent, stop);
  log::info("follow", fmt::format("task {}: the source keeps its WAL from {} on for the replication slot {}, until "
                                  "pgsql2pgsql --cleanup ends the task",
                                  task.name, snapshot.slot.start.text(), task.slot));
  return snapshot;
}

namespace {

TaskSnapshot snapshot_of(const Config& config, const std::string& slot, SlotLife life, const std::stop_token& stop) {
  TaskSnapshot snapshot;
  snapshot.connection = std::make_unique<ReplicationConnection>(config.src_pgsql, "pgsql2pgsql");
  try {
    snapshot.slot = wait_for_slot(config, *snapshot.connection, slot, life, stop);
  } catch (Error& error) {
    if (error.sqlstate() == sqlstate::configuration_limit_exceeded)
      error.hint("a copy of a task that was begun before needs one slot more for a while: raise max_replication_slots");
    throw;
  }
  return snapshot;
}

}  // namespace

TaskSnapshot later_snapshot(const Config& config, const FollowTask& task, const std::stop_token& stop) {
  // A killed run's one may still be there, for a moment.
  const std::string name = shorten_name(fmt::format("{}_copy_{:x}", task.slot, ::getpid()));
  return snapshot_of(config, name, SlotLife::temporary, stop);
}

TaskSnapshot resync_snapshot(const Config& config, PgConnection& source, const FollowTask& task,
                             const std::stop_token& stop) {
  end_resync_slot(source, task);
  TaskSnapshot out = snapshot_of(config, resync_of(task).slot, SlotLife::permanent, stop);
  log::info("follow", fmt::format("the source keeps its WAL from {} on for the replication slot {}, until the tables "
                                  "are where the others are",
                                  out.slot.start.text(), resync_of(task).slot));
  return out;
}

void end_resync_slot(PgConnection& source, const FollowTask& task) {
  const std::string name = resync_of(task).slot;
  const auto slot = read_slot(source, name);
  if (slot && slot->database == current_database(source)) drop_slot_when_free(source, name);
}

void prove_end(PgConnection& source, PgConnection& target, const FollowTask& task, bool force) {
  const auto slot = read_slot(source, task.slot);
  if (!slot) return;
  const auto progress = read_progress(target, task.name);
  refuse_slot_of_others(source, task, *slot, progress.has_value());
  // A lost slot has said so when the task stopped, and keeps nothing.
  if (state_of(progress) != TaskState::following || slot->wal_status == "lost") return;
  prove_nothing_waits(source, target, task, progress->position, force);
}

void end_task(PgConnection& source, PgConnection& target, const FollowTask& task) {
  if (const auto slot = read_slot(source, task.slot)) {
    refuse_slot_of_others(source, task, *slot, read_progress(target, task.name).has_value());
    if (slot->retained_bytes > 0)
      log::info("follow", fmt::format("the slot {} was confirmed up to {}", task.slot, slot->confirmed.text()));
    drop_slot_when_free(source, task.slot);
  }
  end_resync_slot(source, task);
  const PublicationState publication = publication_state(source, task.publication);
  if (publication == PublicationState::own) drop_publication(source, task.publication);
  const bool stays = publication == PublicationState::foreign && on_standby(source);
  release_triggers(target, task.name);
  if (read_progress(target, task.name)) delete_progress(target, task.name);
  forget_source(target, task.name);
  log::info("follow", fmt::format("the task {} has ended: slot, {}position are removed", task.name,
                                  stays ? "" : "publication and "));
  if (stays)
    log::info("follow",
              fmt::format("the publication stays; to remove it, on the standby's primary: DROP PUBLICATION {}",
                          quote_identifier(task.publication)));
}

}  // namespace dbsync
