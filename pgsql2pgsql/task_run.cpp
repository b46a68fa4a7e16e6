#include "pgsql2pgsql/task_run.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "base/backoff.h"
#include "base/log.h"
#include "base/text.h"
#include "copy/job_setup.h"
#include "copy/job_status.h"
#include "follow/follower.h"
#include "pg/catalog.h"
#include "pgsql2pgsql/after_copy.h"
#include "pgsql2pgsql/continuity.h"
#include "pgsql2pgsql/full_copy.h"
#include "pgsql2pgsql/pg_follow_source.h"
#include "pgsql2pgsql/precheck.h"
#include "pgsql2pgsql/retained_wal.h"
#include "pgsql2pgsql/same_database.h"

namespace dbsync {

namespace {

constexpr char kProgram[] = "pgsql2pgsql";

// What a selection comes to on a source, as of now.
struct Selection {
  PgCatalog catalog;
  SelectedTables tables;
};

// The relations that `tables` points to live in the catalog beside it. Of a source
// that can be followed, hence no standby.
std::unique_ptr<Selection> select_on(PgConnection& source, const Options& options, const Config& config,
                                     const std::vector<TableListEntry>& list) {
  auto out = std::make_unique<Selection>();
  out->catalog = read_pg_catalog(source, detect_dialect(source));
  const TableFilter filter = table_filter(options, config);
  out->tables = select_tables(out->catalog, {filter, list});
  return out;
}

class TaskRun {
 public:
  TaskRun(const Options& options, const Config& config, const std::vector<TableListEntry>& list, std::stop_token drain,
          std::stop_token cancel)
      : options_(options), config_(config), list_(list), drain_(std::move(drain)), cancel_(std::move(cancel)),
        map_(options.schema, config.schema_rules, config.path), copy_options_(options) {
    // What is compared at the end need not be compared after the copy.
    if (!options.end_at.empty()) copy_options_.verify = false;
  }

  int run() {
    if (options_.load == Verb::copy || !can_follow()) return copy_alone();
    state_ = options_.restart && options_.load != Verb::follow ? TaskState::none : task_state(source(), *target_, task_);
    if (state_ == TaskState::none || state_ == TaskState::creating) {
      selection_ = select_on(source(), options_, config_, list_);
      if (state_ == TaskState::none && options_.load != Verb::follow && nothing_to_follow()) return copy_alone();
      check();
    }
    status_.emplace(config_, RunFacts{kProgram, source().endpoint(), target_->endpoint(), {}, {}, {}}, true);
    int outcome = 0;
    try {
      outcome = begin_or_go_on();
      if (outcome == 0) outcome = follow();
    } catch (const Error& error) {
      status_->writer().end_following(error.kind() == ErrorKind::interrupted ? "interrupted" : "failed",
                                      exit_code(error.kind()), error.what());
      throw;
    }
    return outcome;
  }

 private:
  int copy_alone() {
    const FullCopyRequest request{options_, config_, list_};
    return run_full_copy(request, drain_, cancel_).exit_status;
  }

  PgConnection& source() {
    if (source_ && source_->usable()) return *source_;
    source_ = std::make_unique<PgConnection>(config_.src_pgsql, "source", kProgram);
    source_->exec("SET search_path = ''");
    return *source_;
  }

  void connect_target() {
    if (target_ && target_->usable()) return;
    target_ = std::make_unique<PgConnection>(config_.desc_pgsql, "target", kProgram);
    target_->exec("SET search_path = ''");
  }

  // An existing task has its place on the source already.
  bool can_follow() {
    connect_target();
    refuse_same_database(source(), *target_);
    task_ = follow_task(config_.task, source(), *target_);
    const bool exists =
        read_progress(*target_, task_.name) || (source().server_version() >= kSlotsSince && read_slot(source(), task_.slot));
    if (!TableRules(config_).empty()) return refuse_other_names(exists);
    if (exists) return true;
    const auto obstacles = obstacles_to_following(source());
    if (obstacles.empty()) return true;
    const std::string why = join(obstacles, "; ");
    if (options_.load == Verb::follow || !options_.end_at.empty())
      throw Error(ErrorKind::source, "the source does not send its changes: " + why)
          .hint("change that on the source, or copy without following (--full-only)");
    log::warning("follow", fmt::format("increments are off, so this is a copy only, since the source does not send its "
                                       "changes: {}",
                                       why));
    return false;
  }

  // Changes are applied to tables and columns of the source's names.
  bool refuse_other_names(bool task_exists) const {
    const std::string why = config_.path + ": [table_map], [column_map], [exclude_columns] and [origin_column] hold for copies only";
    if (task_exists)
      throw Error(ErrorKind::config, fmt::format("the task {} follows the source, but {}", task_.name, why))
          .hint("take these sections out of the file, or end the task with --cleanup");
    if (options_.load == Verb::follow || !options_.end_at.empty())
      throw Error(ErrorKind::config, why).hint("copy without following (--full-only), or take these sections out of the file");
    log::warning("follow", "increments are off, so this is a copy only: " + why);
    return false;
  }

  PublishedTables published_of(const Selection& selection) {
    return {selection.catalog, selection.tables, publishes_roots(source())};
  }

  bool nothing_to_follow() {
    const PublishedTables published = published_of(*selection_);
    if (!published.names().empty()) return false;
    log::info("follow", "no table is chosen whose changes could be followed, so this is a copy only");
    return true;
  }

  int begin_or_go_on() {
    switch (state_) {
      case TaskState::following:
        log::info("main", fmt::format("the task {} was copied before and goes on following", task_.name));
        return 0;
      case TaskState::copying:
        if (options_.load == Verb::follow)
          throw Error(ErrorKind::target, fmt::format("the copy of the task {} has not ended yet", task_.name))
              .hint("run without --follow-only: the copy goes on, and then it follows");
        return copy();
      case TaskState::none:
      case TaskState::creating: break;
    }
    if (options_.load != Verb::follow) return copy();
    const TaskSnapshot snapshot = begin();
    start_copying(*target_, task_, snapshot.slot.start);
    start_following(*target_, task_);
    return 0;
  }

  // Publishes what is to be followed and makes the slot; again when tables came to
  // be meanwhile, which would be in the snapshot but not in the publication.
  TaskSnapshot begin() {
    constexpr int kTries = 5;
    auto selection = selection_ ? std::move(selection_) : select_on(source(), options_, config_, list_);
    for (int i = 1;; ++i) {
      const PublishedTables published = published_of(*selection);
      refuse_without_key(published);
      TaskSnapshot snapshot = try_begin(published);
      selection = select_on(source(), options_, config_, list_);
      if (published_of(*selection).names() == published.names()) {
        record_source(source(), *target_, task_);
        for (const std::string& note : published.notes()) log::warning("follow", note);
        tell_of_large_objects();
        return snapshot;
      }
      if (i == kTries)
        throw Error(ErrorKind::source, "tables are being created and dropped on the source all the time")
            .hint("choose the tables with -l or --include");
    }
  }

  void tell_of_large_objects() {
    if (source().exec("SELECT 1 FROM pg_catalog.pg_largeobject_metadata LIMIT 1", {}).rows() > 0)
      log::warning("follow", "the source has large objects: they are copied, but what is made of them or changed from now on is not "
                             "followed; --cleanup names those that are missing");
  }

  TaskSnapshot try_begin(const PublishedTables& published) {
    try {
      return begin_task(config_, source(), *target_, task_, published.names(), drain_);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) leave_interrupted();
      throw;
    }
  }

  // Before anything is written: slot, publication, status, journal.
  void check() {
    const JobOptions job = job_options(options_, config_, kProgram);
    const Dialect source_dialect = detect_dialect(source());
    const Dialect target_dialect = detect_dialect(*target_);
    check_before_load({options_, config_, job, source(), source_dialect, *target_, target_dialect, true, options_.load != Verb::follow},
                      selection_->catalog, selection_->tables, map_);
  }

  // The source would refuse the application's own UPDATEs and DELETEs.
  void refuse_without_key(const PublishedTables& published) {
    constexpr std::size_t kMostStatements = 10;
    const auto tables = tables_without_identity(source(), published.oids());
    if (tables.empty()) return;
    std::vector<std::string> names;
    std::string statements;
    for (const TableWithoutIdentity& table : tables) {
      names.push_back(display_name(table.name));
      if (names.size() <= kMostStatements) statements += table.remedy_sql() + "; ";
    }
    if (names.size() > kMostStatements) statements += "and so on; ";
    const std::string text = fmt::format("as long as they are followed, the source refuses UPDATE and DELETE of tables without "
                                         "a primary key or another replica identity: {}",
                                         join(names, ", "));
    if (config_.follow.publish_without_key) return log::warning("follow", text);
    throw Error(ErrorKind::source, text)
        .hint("on the source: " + statements + "or leave them out (--exclude); or, when rows are only "
              "ever inserted, tables_without_key = publish in [follow]");
  }

  int copy() {
    for (unsigned tries = 0;; ++tries) {
      const CopyOutcome outcome = try_copy(tries);
      if (outcome.exit_status == 0) {
        connect_target();
        start_following(*target_, task_);
        return 0;
      }
      const bool again = outcome.worth_a_retry && tries < config_.retry_times && !drain_.stop_requested();
      if (!again || !wait_before(tries + 1)) {
        leave_unfinished();
        return outcome.exit_status;
      }
    }
  }

  bool wait_before(unsigned number) {
    const double seconds = backoff_seconds(number, config_.retry_interval);
    log::warning("main", fmt::format("the copy goes on from a new snapshot: try {} of {} in {:.1f} s", number,
                                     config_.retry_times, seconds));
    return wait_for(seconds, drain_);
  }

  CopyOutcome try_copy(unsigned tries) {
    try {
      connect_target();
      if (tries > 0) state_ = task_state(source(), *target_, task_);
      return state_ == TaskState::copying ? copy_on() : copy_from_start();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) return {exit_code(ErrorKind::interrupted), false};
      const bool may_pass = error.retryable() || error.connection_lost();
      if (!may_pass || tries >= config_.retry_times) {
        leave_unfinished();
        throw;
      }
      log::warning("main", error.what());
      return {exit_code(error.kind()), true};
    }
  }

  CopyOutcome copy_from_start() {
    TaskSnapshot snapshot = begin();
    start_copying(*target_, task_, snapshot.slot.start);
    FullCopyRequest request = copy_request(snapshot);
    return run_copy(request);
  }

  CopyOutcome copy_on() {
    TaskSnapshot snapshot = later_snapshot(config_, task_, drain_);
    FullCopyRequest request = copy_request(snapshot);
    request.bring_up = [&](const std::set<QualifiedName>& complete) {
      if (!complete.empty()) {
        log::info("follow", fmt::format("bringing the complete tables to {}", snapshot.slot.start.text()));
        PgFollowSource log(config_, task_, map_);
        FollowRequest to{config_, log, kProgram, task_.name};
        to.end_at = snapshot.slot.start.text();
        to.only = &complete;
        if (!run_follow(to, drain_, cancel_)) return false;
      }
      PgFollowSource log(config_, task_, map_);
      fit_tables({config_, log, kProgram, task_.name}, complete);
      connect_target();
      move_copying(*target_, task_, snapshot.slot.start);
      return true;
    };
    return run_copy(request);
  }

  FullCopyRequest copy_request(const TaskSnapshot& snapshot) {
    FullCopyRequest request{copy_options_, config_, list_};
    request.snapshot = GivenSnapshot{snapshot.slot.snapshot, snapshot.slot.start.text()};
    request.status = &*status_;
    return request;
  }

  // With an eye on what the source keeps meanwhile.
  CopyOutcome run_copy(FullCopyRequest& request) {
    std::stop_source drain;
    const std::stop_callback chain(drain_, [&] { drain.request_stop(); });
    RetainedWalGuard guard(config_.follow, task_.slot);
    std::optional<Error> over;
    std::unique_ptr<PgConnection> watcher;
    request.observer = [&] {
      if (over) return;
      try {
        over = watch_slot(watcher, guard);
        if (over) drain.request_stop();
      } catch (const Error& error) {
        log::debug("follow", error.what());
      }
    };
    const CopyOutcome outcome = run_full_copy(request, drain.get_token(), cancel_);
    if (over) guard.give_up(source(), *over);
    return outcome;
  }

  std::optional<Error> watch_slot(std::unique_ptr<PgConnection>& watcher, RetainedWalGuard& guard) {
    if (!watcher || !watcher->usable()) watcher = std::make_unique<PgConnection>(config_.src_pgsql, "source", kProgram);
    const auto slot = read_slot(*watcher, task_.slot);
    if (!slot) return std::nullopt;
    status_->writer().retained(slot->retained_bytes, slot->wal_status);
    return guard.check(slot->retained_bytes, slot->wal_status);
  }

  // What was being made when the run was asked to stop goes.
  void leave_interrupted() {
    connect_target();
    const auto progress = read_progress(*target_, task_.name);
    if (progress && task_state(source(), *target_, task_) == TaskState::creating) end_task(source(), *target_, task_);
  }

  // A task of which nothing is copied leaves nothing behind; any other says what it
  // keeps on the source.
  void leave_unfinished() {
    try {
      connect_target();
      const EarlierRun earlier = LoadJournal(*target_, journal_key(options_, config_)).open();
      const bool any = std::any_of(earlier.tables.begin(), earlier.tables.end(),
                                   [](const auto& table) { return table.second.chunks_done() > 0; });
      if (!any && !drain_.stop_requested()) return end_task(source(), *target_, task_);
    } catch (const Error& error) {
      log::debug("follow", error.what());
    }
    log::warning("follow", fmt::format("the replication slot {} keeps WAL on the source: the same command goes on with the "
                                       "copy, pgsql2pgsql --cleanup ends the task",
                                       task_.slot));
  }

  int follow() {
    if (options_.verify && options_.end_at.empty() && state_ == TaskState::following)
      log::warning("verify", "nothing is copied, so --verify has nothing to compare: --verify-only compares while the task "
                             "follows, and --end-at now --verify at its end");
    source_.reset();
    target_.reset();
    PgFollowSource log(config_, task_, map_);
    FollowRequest request{config_, log, kProgram, task_.name};
    request.end_at = options_.end_at;
    request.figures = [this](const FollowFigures& figures) { status_->writer().follow(figures); };
    const bool reached = run_follow(request, drain_, cancel_);
    const int outcome = reached ? 0 : exit_code(ErrorKind::interrupted);
    status_->writer().end_following(reached ? "done" : "interrupted", outcome, {});
    return reached && options_.verify ? compare() : outcome;
  }

  int compare() {
    Options only = options_;
    only.verb = Verb::verify;
    FullCopyRequest request{only, config_, list_};
    request.followed_to_the_end = true;
    return run_full_copy(request, drain_, cancel_).exit_status;
  }

  static constexpr int kSlotsSince = 100000;

  const Options& options_;
  const Config& config_;
  const std::vector<TableListEntry>& list_;
  std::stop_token drain_;
  std::stop_token cancel_;
  SchemaMap map_;
  Options copy_options_;
  FollowTask task_;
  TaskState state_ = TaskState::none;
  std::unique_ptr<Selection> selection_;  // as it was checked; begin() takes it
  std::unique_ptr<PgConnection> source_;
  std::unique_ptr<PgConnection> target_;
  std::optional<JobStatus> status_;
};

}  // namespace

int run_task(const Options& options, const Config& config, const std::vector<TableListEntry>& list,
             const std::stop_token& drain, const std::stop_token& cancel) {
  return TaskRun(options, config, list, drain, cancel).run();
}

int cleanup(const Options& options, const Config& config) {
  PgConnection source(config.src_pgsql, "source", kProgram);
  PgConnection target(config.desc_pgsql, "target", kProgram);
  const FollowTask task = follow_task(config.task, source, target);
  if (read_slot(source, task.slot) || read_progress(target, task.name)) {
    const SchemaMap map(options.schema, config.schema_rules, config.path);
    const auto selection = select_on(source, options, config, {});
    std::vector<Error> problems;
    for (const std::string& note : set_sequences(source, target, selection->catalog, selection->tables, map, false, problems))
      log::warning("follow", note);
    if (!problems.empty()) throw problems.front();  // the task stays: the same command again, when it is mended
    log::info("follow", "the target's sequences go on where the source's are");
    for (const std::string& note : large_objects_apart(source, target)) log::warning("follow", note);
    end_task(source, target, task);
  } else {
    log::info("follow", fmt::format("there is no task {} that follows the source", task.name));
  }
  return remove_journal(config, journal_key(options, config));
}

}  // namespace dbsync
