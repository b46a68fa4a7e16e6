#include "pgsql2pgsql/follow/pg_task.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "cdc/known_tables.h"
#include "cdc/other_task.h"
#include "copy/table_rules.h"
#include "pg/catalog.h"
#include "pg/early_connections.h"
#include "pg/prefetch.h"
#include "pg/wait_watch.h"
#include "pgsql2pgsql/follow/choice_watch.h"
#include "pgsql2pgsql/follow/continuity.h"
#include "pgsql2pgsql/follow/generated_columns.h"
#include "pgsql2pgsql/follow/pg_follow_source.h"
#include "pgsql2pgsql/follow/replica_identity.h"
#include "pgsql2pgsql/follow/standby_source.h"
#include "pgsql2pgsql/pg_program.h"
#include "pgsql2pgsql/schema/after_copy.h"
#include "pgsql2pgsql/source/same_database.h"
#include "pgsql2pgsql/source/standby.h"
#include "run/task_choice.h"

namespace dbsync {

namespace {

void warn_of_left(const PublishedTables& published) {
  for (const LeftTable& table : published.left()) log::warning("follow", table.describe());
}

constexpr int kSlotsSince = 100000;

}  // namespace

PgTask::PgTask(const RunRequest& request)
    : request_(request),
      options_(request.options),
      config_(request.config),
      map_(options_.schema, config_.schema_rules, config_.path),
      task_(follow_task(config_.task, source(), target())),
      resync_(resync_of(task_)),
      guard_(config_.follow, task_.slot),
      resync_guard_(config_.follow, resync_.slot) {
  identities_ = prefetch_identities(source(), target());
}

void PgTask::prove_servers() {
  refuse_same_database(source(), target());
  identities_.reset();
}

PgConnection& PgTask::source() {
  if (!source_ || !source_->usable())
    source_ = std::make_unique<PgConnection>(config_.src_pgsql, "source", request_.program);
  return *source_;
}

PgConnection& PgTask::target() {
  if (!target_ || !target_->usable())
    target_ = std::make_unique<PgConnection>(config_.desc_pgsql, "target", request_.program);
  return *target_;
}

void PgTask::disconnect() {
  source_.reset();
  target_.reset();
}

// Of both sides in one round trip.
std::shared_ptr<void> PgTask::prefetch_state() {
  std::vector<PgQuery> of_target;
  if (known_tables_exist(target())) of_target = {question_of_progress(task_.name), question_of_choice(task_.name)};
  return prefetch_both(
      source(),
      {question_of_slot(source(), task_.slot), question_of_slot(source(), resync_.slot), question_of_database()},
      target(), std::move(of_target));
}

std::unique_ptr<FollowSource> PgTask::follow_log() {
  auto out = make_log();
  out->take(std::move(source_));
  disconnect();
  return out;
}

// For the stream, and to ask beside it.
void PgTask::open_ahead() const {
  for (const bool replication : {true, false, false})
    EarlyConnections::open({config_.src_pgsql, "source", request_.program, replication});
}

bool PgTask::exists() {
  return read_progress(target(), task_.name) ||
         (source().server_version() >= kSlotsSince && read_slot(source(), task_.slot));
}

// Changes are applied to tables and columns of the source's names.
std::string PgTask::copy_only_settings() const {
  if (TableRules(config_).empty()) return {};
  return config_.path + ": [table_map], [column_map], [exclude_columns] and [origin_column] hold for copies only";
}

std::vector<std::string> PgTask::obstacles() {
  auto out = obstacles_to_following(source());
  if (!out.empty() || !on_standby(source())) return out;
  selection_ = select_now(request_.list);
  if (const auto lack = lack_of_publication(source(), task_.publication, published_of(*selection_)))
    out.push_back(*lack);
  return out;
}

TaskState PgTask::state() {
  const TaskState state = task_state(source(), target(), task_);
  if (state == TaskState::copying || state == TaskState::following) refuse_other_choice(target(), task_.name, choice());
  return state;
}

std::string PgTask::choice() const {
  return choice_of(request_, options_.include.empty() ? split_patterns(config_.include) : options_.include,
                   options_.exclude.empty() ? split_patterns(config_.exclude) : options_.exclude);
}

// The relations that `tables` points to live in the catalog beside it.
std::unique_ptr<PgTask::Selection> PgTask::select_now(const std::vector<TableListEntry>& list) {
  const WaitWatch watch(config_.src_pgsql, "source", "reading the source's catalog");
  auto out = std::make_unique<Selection>();
  out->catalog = read_pg_catalog(source(), detect_dialect(source()));
  const TableFilter filter = table_filter(options_, config_);
  out->tables = select_tables(out->catalog, {filter, list, on_standby(source())});
  return out;
}

PublishedTables PgTask::published_of(const Selection& selection) {
  return followed_tables(source(), selection.catalog, selection.tables, config_.follow.without_key);
}

bool PgTask::select() {
  if (!selection_) selection_ = select_now(request_.list);
  const PublishedTables published = published_of(*selection_);
  if (!published.names().empty()) return true;
  warn_of_left(published);
  return false;
}

// Publishes what is to be followed and makes the slot; again when tables came to be
// meanwhile, which would be in the snapshot but not in the publication.
CopyMoment PgTask::begin(const std::stop_token& stop) {
  constexpr int kTries = 5;
  auto selection = selection_ ? std::move(selection_) : select_now(request_.list);
  refuse_second_task(target(), task_.name, published_of(*selection).names(),
                     [this](const OtherTask& other) { return slot_of_this_database(source(), slot_name(other.name)); });
  for (int i = 1;; ++i) {
    const PublishedTables published = published_of(*selection);
    refuse_identities(published);
    refuse_unfit_columns(unfit_generated_columns(source(), target(), published.oids(),
                                                 will_send_generated(source(), task_.publication), map_));
    TaskSnapshot snapshot = begin_task(config_, source(), target(), task_, published.names(), stop);
    selection = select_now(request_.list);
    if (published_of(*selection).names() == published.names()) {
      record_source(source(), target(), task_);
      write_choice(target(), task_.name, choice());
      write_left_tables(target(), task_.name, published.left());
      warn_of_left(published);
      tell_of_large_objects();
      if (on_standby(source())) warn_of_standby(source());
      return {snapshot.slot.snapshot, snapshot.slot.start, std::move(snapshot.connection)};
    }
    if (i == kTries)
      throw Error(ErrorKind::source, "tables are being created and dropped on the source all the time")
          .hint("choose the tables with -l or --include");
  }
}

void PgTask::tell_of_large_objects() {
  if (has_large_objects(source()))
    log::warning(
        "follow",
        "the source has large objects: they are copied, but what is made of them or changed from now on is not "
        "followed; --cleanup names those that are missing");
}

// The source would refuse the application's own UPDATEs and DELETEs.
void PgTask::refuse_identities(const PublishedTables& published) {
  using enum FollowConfig::WithoutKey;
  if (config_.follow.without_key == leave) return;  // published_of has left them out
  if (config_.follow.without_key == publish)
    refuse_other_identities(source(), published.oids());
  else
    refuse_any_other_identities(source(), published.oids());
  const auto tables = tables_without_identity(source(), published.oids());
  if (config_.follow.without_key == publish) refuse_partial_keys(source(), tables);
  if (tables.empty()) return;
  std::vector<std::string> names;
  for (const TableWithoutIdentity& table : tables) names.push_back(table.describe());
  const std::string text = fmt::format(
      "as long as they are followed, the source refuses UPDATE and DELETE of tables without "
      "a primary key or another replica identity: {}",
      join(names, ", "));
  if (config_.follow.without_key == publish) return log::warning("follow", text);
  throw Error(ErrorKind::source, text)
      .hint(remedies(source(), tables) +
            "; or leave them out (--exclude), or tables_without_key in [follow]: leave copies them only, publish is "
            "for tables into which rows are only ever inserted");
}

CopyMoment PgTask::later_moment(const std::stop_token& stop) {
  TaskSnapshot snapshot = later_snapshot(config_, task_, stop);
  return {snapshot.slot.snapshot, snapshot.slot.start, std::move(snapshot.connection)};
}

std::unique_ptr<FollowSource> PgTask::log() { return make_log(); }

std::unique_ptr<PgFollowSource> PgTask::make_log() {
  auto out = std::make_unique<PgFollowSource>(config_, task_, map_);
  out->watch_choice(ChoiceWatch(options_, config_, request_.list));
  return out;
}

// Those that the publication got since, too.
std::vector<QualifiedName> PgTask::tables() {
  auto out = published_tables(source(), task_.publication);
  if (!known_tables_exist(target())) return out;
  for (const KnownTable& table : read_known_tables(target(), task_.name))
    if (std::find(out.begin(), out.end(), table.name) == out.end()) out.push_back(table.name);
  return out;
}

void PgTask::accept(const std::set<QualifiedName>& tables) { accept_tables(source(), target(), task_, tables); }

CopyMoment PgTask::resync_moment(const std::stop_token& stop) {
  TaskSnapshot snapshot = resync_snapshot(config_, source(), task_, stop);
  return {snapshot.slot.snapshot, snapshot.slot.start, std::move(snapshot.connection)};
}

std::unique_ptr<FollowSource> PgTask::resync_log() { return std::make_unique<PgFollowSource>(config_, resync_, map_); }

std::optional<std::string> PgTask::why_resync_is_lost(const Position& position) {
  const auto slot = read_slot(source(), resync_.slot);
  if (!slot) return fmt::format("the replication slot {} is gone from the source", resync_.slot);
  if (slot->wal_status == "lost") return fmt::format("the source has given up the replication slot {}", resync_.slot);
  if (slot->confirmed > position)
    return fmt::format("the replication slot {} is confirmed up to {}, and the target has the changes up to {}",
                       resync_.slot, slot->confirmed.text(), position.text());
  return std::nullopt;
}

void PgTask::end_resync() { end_resync_slot(source(), task_); }

std::optional<Error> PgTask::watch(StatusWriter& status) {
  if (!watcher_ || !watcher_->usable())
    watcher_ = std::make_unique<PgConnection>(config_.src_pgsql, "source", request_.program);
  // While tables are copied again, their slot keeps more than the task's, which moves on.
  const auto resync = read_slot(*watcher_, resync_.slot);
  if (resync) {
    auto error = resync_guard_.check(resync->retained_bytes, resync->wal_status);
    resync_keeps_too_much_ = error.has_value();
    if (error) return error;
  }
  const auto slot = read_slot(*watcher_, task_.slot);
  if (!slot) return std::nullopt;
  const SlotState& most = resync && resync->retained_bytes > slot->retained_bytes ? *resync : *slot;
  status.retained(most.retained_bytes, most.wal_status);
  return guard_.check(slot->retained_bytes, slot->wal_status);
}

// The task itself goes on without the slot of what is copied again.
void PgTask::give_up(const Error& error) {
  if (!resync_keeps_too_much_) guard_.give_up(source(), error);
  end_resync();
  throw Error(ErrorKind::source, error.message() + ": the slot was dropped, and the tables must be copied once more")
      .hint("raise max_retained_wal, or copy when less is written; the next run of the task begins the copy anew");
}

std::string PgTask::keeps() const { return fmt::format("the replication slot {} keeps WAL on the source", task_.slot); }

void PgTask::hand_over() {
  prove_end(source(), target(), task_, options_.force);
  if (ends_while_copying(target(), task_.name)) return;
  const auto selection = select_now({});
  std::vector<Error> problems;
  for (const std::string& note :
       set_sequences(source(), target(), selection->catalog, selection->tables, map_, false, problems))
    log::warning("follow", note);
  if (!problems.empty()) throw problems.front();
  log::info("follow", "the target's sequences go on where the source's are");
  for (const std::string& note : large_objects_apart(source(), target())) log::warning("follow", note);
  for (const std::string& difference :
       ChoiceWatch(options_, config_, request_.list).differences(source(), read_known_tables(target(), task_.name)))
    log::warning("follow", difference);
}

void PgTask::end() { end_task(source(), target(), task_); }

}  // namespace dbsync
