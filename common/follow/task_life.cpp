#include "follow/task_life.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/stable_hash.h"
#include "base/text.h"
#include "cdc/known_tables.h"
#include "cdc/target_proof.h"

namespace dbsync {

namespace {

constexpr char kCreating[] = "creating";
constexpr char kCopying[] = "copying";
constexpr char kFollowing[] = "following";

}  // namespace

std::string task_name(const std::string& configured, const std::string& source, const std::string& target) {
  if (!configured.empty() && configured != "default") return configured;
  return fmt::format("default_{:08x}", stable_hash(source + " " + target));
}

TaskState state_of(const std::optional<Progress>& progress) {
  if (!progress) return TaskState::none;
  if (progress->state == kCreating) return TaskState::creating;
  return progress->state == kCopying ? TaskState::copying : TaskState::following;
}

Error cannot_follow(const std::vector<std::string>& obstacles) {
  Error out(ErrorKind::source, "the source does not send its changes: " + join(obstacles, "; "));
  return out.hint("change that on the source, or copy without following (--full-only)");
}

namespace {

void lose(const std::string& fact, bool force) {
  if (!force)
    throw Error(ErrorKind::source, fact + ": the task was not ended")
        .hint(
            "--end-at now applies what waits; then --cleanup. --cleanup --force ends the task without it, and the "
            "sides differ");
  log::warning("follow", fact + "; with --force it is lost with the task, and the sides differ");
}

}  // namespace

void lose_changes(const Position& applied, std::uint64_t bytes, const std::string& log, bool force) {
  lose(fmt::format("changes since {} wait on the source, in {} of {}, that the target does not have", applied.text(),
                   format_bytes(bytes), log),
       force);
}

void lose_what_is_unknown(const Position& applied, const Error& why, bool force) {
  lose(fmt::format("whether changes since {} wait on the source cannot be told ({})", applied.text(), why.message()),
       force);
}

bool ends_while_copying(PgConnection& target, const std::string& task) {
  const TaskState state = state_of(read_progress(target, task));
  if (state == TaskState::following || (state == TaskState::copying && !read_resync(target, task).empty()))
    return false;
  log::warning("follow", fmt::format("the task {} ended {}: it has followed nothing, and sequences of the target are "
                                     "left as they are",
                                     task,
                                     state == TaskState::copying ? "before its copy was complete"
                                                                 : "before it had copied anything"));
  return true;
}

void start_creating(PgConnection& target, const std::string& task) {
  ensure_progress_table(target);
  write_progress(target, task, {}, kCreating);
}

void start_copying(PgConnection& target, const std::string& task, const Position& start) {
  write_progress(target, task, start, kCopying);
}

void move_copying(PgConnection& target, const std::string& task, const Position& position) {
  move_progress(target, task, position, kCopying);
}

namespace {

// Within the caller's transaction.
void enter(PgConnection& target, const std::string& task, const char* state, const std::set<QualifiedName>& resync,
           const Position& mixed_until = {}) {
  target.exec("SET LOCAL synchronous_commit = on");
  if (mixed_until.known()) note_mixed(target, task, mixed_until);
  target.exec("UPDATE dbsync.apply_progress SET state = $2 WHERE task = $1", {task, state});
  write_resync(target, task, resync);
  forget_resync_row(target, task);
}

}  // namespace

void start_resync(PgConnection& target, const std::string& task, const std::set<QualifiedName>& tables) {
  ensure_known_tables(target);
  PgTransaction transaction(target);
  enter(target, task, kCopying, tables);
  for (const QualifiedName& table : tables) forget_known_files(target, task, table);
  transaction.commit();
}

void copy_resync(PgConnection& target, const std::string& task, const Position& start) {
  write_progress(target, resync_row(task), start, kCopying);
}

void catch_up_resync(PgConnection& target, const std::string& task, const Position& mixed_until) {
  PgTransaction transaction(target);
  target.exec("SET LOCAL synchronous_commit = on");
  if (mixed_until.known()) note_mixed(target, resync_row(task), mixed_until);
  target.exec("UPDATE dbsync.apply_progress SET state = $2 WHERE task = $1", {resync_row(task), kFollowing});
  transaction.commit();
}

void join_resync(PgConnection& target, const std::string& task, const Position& from, const Position& at,
                 const std::vector<FollowedTarget>& copied) {
  const std::vector<RowsSeen> rows = rows_in(target, copied);
  const auto others = read_progress(target, task);
  const auto these = read_progress(target, resync_row(task));
  PgTransaction transaction(target);
  target.exec("SET LOCAL synchronous_commit = on");
  if (others && these && these->tolerant_until > std::max(at, others->tolerant_until))
    note_mixed(target, task, these->tolerant_until);
  const PgResult moved = target.exec(
      "UPDATE dbsync.apply_progress SET position = $3, state = $4, gtids = CASE WHEN $2::text = $3 THEN gtids ELSE '' "
      "END WHERE task = $1 AND position = $2",
      {task, from.text(), at.text(), kFollowing});
  if (moved.affected_rows() != 1) throw moved_by_another(task);
  forget_resync_row(target, task);
  write_resync(target, task, {});
  record_targets(target, task, copied, rows);
  transaction.commit();
}

void start_following(PgConnection& target, const std::string& task, const std::vector<FollowedTarget>& copied,
                     const std::map<QualifiedName, RowsSeen>& put, const Position& mixed_until) {
  if (!read_progress(target, task))
    throw Error(ErrorKind::target, fmt::format("the target knows nothing any more of the task {}", task))
        .hint(kBeginAnew);
  std::vector<RowsSeen> rows = rows_in(target, copied);
  for (std::size_t i = 0; i < copied.size(); ++i)
    if (const auto by_copy = put.find(copied[i].name); by_copy != put.end() && rows[i] == RowsSeen::never)
      rows[i] = by_copy->second;
  PgTransaction transaction(target);
  enter(target, task, kFollowing, {}, mixed_until);
  record_targets(target, task, copied, rows);
  write_looked(target, task);
  transaction.commit();
}

}  // namespace dbsync
