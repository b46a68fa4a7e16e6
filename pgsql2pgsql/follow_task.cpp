#include "pgsql2pgsql/follow_task.h"

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "embedded_sql.h"
#include "schema/names.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

using namespace std::chrono_literals;

constexpr char kCreating[] = "creating";
constexpr char kFollowing[] = "following";
constexpr char kObjectInUse[] = "55006";
constexpr int kDropAttempts = 50;
constexpr auto kDropPause = 100ms;

// FNV-1a: the same on every machine and in every version.
std::uint32_t hash_of(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

std::string slot_characters(std::string_view name) {
  std::string out;
  for (const char c : to_lower(name)) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    out += fits ? c : '_';
  }
  return out;
}

// A walsender that has just lost its client needs a moment to let go of the slot.
void drop_slot_when_free(PgConnection& source, const std::string& name) {
  for (int attempt = 1;; ++attempt) {
    try {
      return drop_slot(source, name);
    } catch (Error& error) {
      if (error.sqlstate() != kObjectInUse) throw;
      if (attempt == kDropAttempts)
        throw error.hint("end the pgsql2pgsql that follows with this slot first");
    }
    std::this_thread::sleep_for(kDropPause);
  }
}

void set_sequences(PgConnection& source, PgConnection& target) {
  const PgResult sequences = source.exec(sql::follow_sequences, {});
  int set = 0;
  for (int row = 0; row < sequences.rows(); ++row) {
    const QualifiedName name{sequences.text(row, 0), sequences.text(row, 1)};
    const PgResult value = source.exec("SELECT last_value, is_called FROM " + quote_name(name), {});
    const PgResult there = target.exec("SELECT pg_catalog.to_regclass($1)", {quote_name(name)});
    if (there.is_null(0, 0)) {
      log::warning("follow", fmt::format("the sequence {} is missing on the target", name.display()));
      continue;
    }
    target.exec("SELECT pg_catalog.setval($1::regclass, $2::bigint, $3::boolean)",
                {quote_name(name), value.text(0, 0), value.text(0, 1)});
    ++set;
  }
  log::info("follow", fmt::format("{} sequences were set on the target", set));
}

}  // namespace

FollowTask follow_task(const std::string& configured, const PgConnection& source, const PgConnection& target) {
  FollowTask task;
  task.name = configured;
  if (configured.empty() || configured == "default")
    task.name = fmt::format("default_{:08x}", hash_of(source.endpoint() + " " + target.endpoint()));
  const std::string plain = slot_characters(task.name);
  task.slot = shorten_name(plain == task.name ? "dbsync_" + plain
                                              : fmt::format("dbsync_{}_{:08x}", plain, hash_of(task.name)));
  task.publication = task.slot;
  return task;
}

TaskState task_state(PgConnection& source, PgConnection& target, const FollowTask& task) {
  const auto progress = read_progress(target, task.name);
  const auto slot = read_slot(source, task.slot);
  const std::string remove_it = fmt::format("SELECT pg_drop_replication_slot('{}')", task.slot);
  if (!progress && slot)
    throw Error(ErrorKind::source, fmt::format("the replication slot {} is on the source, but the target knows nothing "
                                               "of the task {}",
                                               task.slot, task.name))
        .hint("if no other program uses it, remove it on the source: " + remove_it);
  if (!progress) return TaskState::none;
  if (progress->state != kFollowing) return TaskState::creating;
  if (!slot)
    throw Error(ErrorKind::source, fmt::format("the replication slot {} is gone from the source, and with it the "
                                               "changes since {}",
                                               task.slot, progress->position.text()))
        .hint("end the task with --cleanup, empty the target's tables and begin anew");
  if (slot->wal_status == "lost")
    throw Error(ErrorKind::source, fmt::format("the source has removed WAL that the replication slot {} needed "
                                               "(max_slot_wal_keep_size): changes since {} are lost",
                                               task.slot, progress->position.text()))
        .hint("end the task with --cleanup, empty the target's tables and begin anew");
  return TaskState::following;
}

TaskSnapshot begin_task(const Config& config, PgConnection& source, PgConnection& target, const FollowTask& task,
                        const std::vector<QualifiedName>& tables) {
  if (const auto obstacles = obstacles_to_following(source); !obstacles.empty())
    throw Error(ErrorKind::source, "the source does not send its changes: " + join(obstacles, "; "))
        .hint("change that on the source, or copy without following (--full-only)");
  ensure_progress_table(target);
  write_progress(target, task.name, {}, kCreating);
  if (read_slot(source, task.slot)) drop_slot_when_free(source, task.slot);
  drop_publication(source, task.publication);
  create_publication(source, task.publication, tables);
  for (const QualifiedName& table : tables_without_identity(source, task.publication))
    log::warning("follow", fmt::format("{} has no replica identity: as long as it is published, the source refuses to "
                                       "UPDATE and DELETE its rows; give it a primary key or REPLICA IDENTITY FULL",
                                       table.display()));
  TaskSnapshot snapshot;
  snapshot.connection = std::make_unique<ReplicationConnection>(config.src_pgsql, "pgsql2pgsql");
  snapshot.slot = create_slot(*snapshot.connection, task.slot);
  log::info("follow", fmt::format("task {}: the source keeps its WAL from {} on for the replication slot {}, until "
                                  "pgsql2pgsql --cleanup ends the task",
                                  task.name, snapshot.slot.start.text(), task.slot));
  return snapshot;
}

void start_following(PgConnection& target, const FollowTask& task, const Position& start) {
  write_progress(target, task.name, start, kFollowing);
}

void end_task(PgConnection& source, PgConnection& target, const FollowTask& task, bool with_sequences) {
  const auto slot = read_slot(source, task.slot);
  if (with_sequences) set_sequences(source, target);
  if (slot) {
    if (slot->retained_bytes > 0)
      log::info("follow", fmt::format("the slot {} was confirmed up to {}", task.slot, slot->confirmed.text()));
    drop_slot_when_free(source, task.slot);
  }
  drop_publication(source, task.publication);
  if (read_progress(target, task.name)) delete_progress(target, task.name);
  log::info("follow", fmt::format("the task {} has ended: slot, publication and position are removed", task.name));
}

}  // namespace dbsync
