#include "run/task_run.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/backoff.h"
#include "base/log.h"
#include "base/log_error.h"
#include "base/shutdown.h"
#include "base/text.h"
#include "cdc/known_tables.h"
#include "copy/guard_journal.h"
#include "copy/job_setup.h"
#include "follow/follower.h"
#include "pg/early_connections.h"
#include "pg/enforcement.h"
#include "run/check_run.h"
#include "run/copy_run.h"
#include "run/resync_run.h"
#include "status/pg_status_store.h"

namespace dbsync {

namespace {

// Two configurations may give their tasks one name.
void begin_with(const RunRequest& request, FollowedTask& task) {
  if (request.lock != nullptr) request.lock->add("task\n" + task.name());
  task.prove_servers();
}

class TaskRun {
 public:
  TaskRun(const RunRequest& request, const TaskMakers& makers)
      : request_(request),
        options_(request.options),
        config_(request.config),
        makers_(makers),
        task_(makers.task(request)) {}

  int run();

 private:
  bool asked() const {
    return !makers_.follows_by_default || options_.load == Verb::follow || !options_.end_at.empty() || resyncs();
  }
  bool resyncs() const { return options_.verb == Verb::resync; }
  void connect_target();
  void open_ahead_of_following();
  int copy_alone();
  bool can_follow();
  bool refuse(const Error& why) const;
  bool starts_over();
  void check();
  void refuse_early_end();
  void read_resync();
  int begin_or_go_on();
  int follow_only();
  CopyMoment begin();
  int copy();
  CopyOutcome try_copy(unsigned tries);
  CopyOutcome copy_from_start();
  CopyOutcome copy_on();
  CopyOutcome copy_again();
  void choose_resync();
  void note_resync();
  void put_back_left_guards();
  CopyOutcome run_copy_of_task(RunContext& run, CopyOfTask& copy, std::stop_source& drain);
  void fit(const std::set<QualifiedName>& complete);
  bool bring_up(const Position& moment, const std::set<QualifiedName>& complete);
  CopyOutcome copy_at(CopyMoment moment, bool goes_on);
  void begin_following();
  void start_following();
  bool wait_before(unsigned number);
  void leave_interrupted();
  void leave_unfinished();
  int follow();
  int compare();

  const RunRequest request_;
  const Options& options_;
  const Config& config_;
  const TaskMakers& makers_;
  std::unique_ptr<FollowedTask> task_;
  TaskState state_ = TaskState::none;
  Resync again_;
  bool starts_over_ = false;
  bool joined_ = false;  // what was copied again is where the task is
  bool opened_ahead_ = false;
  std::shared_ptr<void> prefetched_;  // the task's state
  std::unique_ptr<PgConnection> target_;
  std::optional<JobStatus> status_;
};

void TaskRun::connect_target() {
  if (target_ && target_->usable()) return;
  target_ = std::make_unique<PgConnection>(config_.desc_pgsql, "target", request_.program);
}

void TaskRun::open_ahead_of_following() {
  if (std::exchange(opened_ahead_, true)) return;
  open_ahead(status_place(config_.local_pgsql, config_.desc_pgsql));
  task_->open_ahead();
}

int TaskRun::run() {
  if (options_.load == Verb::follow) open_ahead_of_following();
  begin_with(request_, *task_);
  prefetched_ = task_->prefetch_state();
  if (!can_follow()) return copy_alone();
  state_ = options_.restart && options_.load != Verb::follow ? TaskState::none : task_->state();
  if (state_ != TaskState::following) prefetched_.reset();
  read_resync();
  refuse_early_end();
  if (state_ == TaskState::none || state_ == TaskState::creating) {
    const bool any = task_->select();
    if (!any && state_ == TaskState::none && options_.load != Verb::follow) {
      log::warning("follow", "no table is chosen whose changes could be followed, so this is a copy only");
      return copy_alone();
    }
    starts_over_ = starts_over();
    check();
  }
  connect_target();
  status_.emplace(
      config_, RunFacts{.program = request_.program, .source = task_->source_endpoint(), .target = target_->endpoint()},
      true);
  try {
    const int outcome = begin_or_go_on();
    if (outcome == 0 && !resyncs()) return follow();
    if (outcome == 0) status_->writer().end_following("done", outcome, {});
    return outcome;
  } catch (const Error& error) {
    status_->writer().end_following(error.kind() == ErrorKind::interrupted ? "interrupted" : "failed",
                                    exit_code(error.kind()), error.what());
    throw;
  }
}

int TaskRun::copy_alone() {
  task_->disconnect();
  RunContext run(request_);
  const auto program = makers_.program(run);
  return run_copy(run, *program).exit_status;
}

// An existing task has its place on the source already.
bool TaskRun::can_follow() {
  const bool exists = task_->exists();
  if (const std::string settings = task_->copy_only_settings(); !settings.empty()) {
    if (exists)
      throw Error(ErrorKind::config, fmt::format("the task {} follows the source, but {}", task_->name(), settings))
          .hint("take these sections out of the file, or end the task with --cleanup");
    return refuse(Error(ErrorKind::config, settings)
                      .hint("copy without following (--full-only), or take these sections out of the file"));
  }
  if (exists) return true;
  const auto obstacles = task_->obstacles();
  return obstacles.empty() || refuse(cannot_follow(obstacles));
}

bool TaskRun::refuse(const Error& why) const {
  if (asked()) throw Error(why);
  log::warning("follow", "increments are off, so this is a copy only: " + why.message());
  return false;
}

// Whether rows that an earlier copy has put there are of another moment than the task's
// beginning, and are loaded again: behind a run that has begun anew and did not come to
// emptying them, and with --resume of a copy that was made without the task.
bool TaskRun::starts_over() {
  if (options_.resume) return true;
  if (RunContext(request_).job.mode == LoadMode::append) return false;
  connect_target();
  return LoadJournal::is_begun_anew(*target_, journal_key_of(request_, makers_));
}

// Before anything is written: slot, publication, status, journal.
void TaskRun::check() {
  RunContext run(request_);
  run.follow = FollowWish::asked;
  run.copies = options_.load != Verb::follow;
  const auto program = makers_.program(run);
  run.connect_target();
  run.job.journal_key = program->journal_key();
  if (starts_over_) run.job.start = StartMode::restart;
  go_on_creating(run);
  program->connect();
  program->read_source();
  check_before_load(run, *program);
}

// What a new task has from its beginning on is more than there was up to an end before it.
void TaskRun::refuse_early_end() {
  if (state_ == TaskState::following || options_.end_at.empty() || options_.end_at == "now") return;
  const Position end = task_->log()->end_position(options_.end_at);
  const Position beginning = task_->earliest_beginning();
  if (end >= beginning) return;
  throw Error(
      ErrorKind::config,
      fmt::format("--end-at {} lies before the beginning of the task {}: it would begin at {} or later, and the "
                  "target would have all that came up to there; nothing was changed",
                  options_.end_at, task_->name(), beginning.text()))
      .hint("give --end-at now, or a position that the source has not reached yet");
}

// What --resync asks for, and what an earlier one has not finished.
void TaskRun::read_resync() {
  connect_target();
  if (state_ == TaskState::copying) again_.noted = again_.tables = dbsync::read_resync(*target_, task_->name());
  const auto followed = resyncs() || again_.any() ? task_->tables() : std::vector<QualifiedName>{};
  again_.followed = {followed.begin(), followed.end()};
  if (!resyncs()) return;
  if (state_ == TaskState::none || state_ == TaskState::creating)
    throw Error(ErrorKind::config,
                fmt::format("there is no task {} of which a table could be copied again", task_->name()))
        .hint("the run that begins the task copies all of them: run without --resync");
  if (state_ == TaskState::copying && !again_.any())
    throw Error(ErrorKind::config, fmt::format("the first copy of the task {} has not ended yet", task_->name()))
        .hint("run without --resync: the copy goes on");
  again_.tables.merge(named_tables(options_.resync, followed, task_->name()));
}

int TaskRun::begin_or_go_on() {
  switch (state_) {
    case TaskState::following:
      if (again_.any()) {
        prefetched_.reset();
        return copy();
      }
      task_->end_resync();  // of a run that was killed behind its end
      prefetched_.reset();
      put_back_left_guards();
      log::info("main", fmt::format("the task {} was copied before and goes on following", task_->name()));
      return 0;
    case TaskState::copying:
      if (options_.load == Verb::follow && !again_.any())
        throw Error(ErrorKind::target, fmt::format("the copy of the task {} has not ended yet", task_->name()))
            .hint("run without --follow-only: the copy goes on, and then it follows");
      return copy();
    case TaskState::none:
    case TaskState::creating: break;
  }
  return options_.load == Verb::follow ? follow_only() : copy();
}

int TaskRun::follow_only() {
  const CopyMoment moment = begin();
  write_following(*target_, task_->name(), moment.position, moment.tolerant_until);
  return 0;
}

CopyMoment TaskRun::begin() {
  try {
    return task_->begin(request_.drain);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) leave_interrupted();
    throw;
  }
}

int TaskRun::copy() {
  EarlyConnections::close_left();  // it takes long, and connects by itself
  for (unsigned tries = 0;; ++tries) {
    const CopyOutcome outcome = try_copy(tries);
    if (joined_) return outcome.exit_status;
    if (outcome.exit_status == 0) {
      begin_following();
      return 0;
    }
    const bool again = outcome.worth_a_retry && tries < config_.retry_times && !request_.drain.stop_requested();
    if (!again || !wait_before(tries + 1)) {
      leave_unfinished();
      return outcome.exit_status;
    }
  }
}

// The copy is made: a connection that is lost now is no reason to leave it there.
void TaskRun::begin_following() {
  for (unsigned tries = 0;; ++tries) {
    try {
      return start_following();
    } catch (const Error& error) {
      const bool may_pass = (error.retryable() || error.connection_lost()) && !stop_asked();
      if (!may_pass || tries >= config_.retry_times) throw;
      task_->disconnect();
      const NewTry next{tries + 1, config_.retry_times, config_.retry_interval};
      if (!dbsync::wait_before(next, "main", "beginning to follow", error, request_.drain)) throw;
    }
  }
}

void TaskRun::start_following() {
  const Position mixed = task_->mixed_until();
  connect_target();
  auto copied = task_->log()->targets(*target_);
  if (again_.any())
    std::erase_if(copied, [this](const FollowedTarget& table) { return !again_.tables.contains(table.source); });
  // Behind a copy that went on, following may have emptied a table.
  const RowsSeen put = state_ == TaskState::copying && !again_.any() ? RowsSeen::none : RowsSeen::some;
  std::map<QualifiedName, RowsSeen> filled;
  for (const auto& [key, table] : LoadJournal(*target_, journal_key_of(request_, makers_)).open().tables)
    if (table.rows() > 0) filled[table.target] = put;
  dbsync::start_following(*target_, task_->name(), copied, filled, mixed);
}

bool TaskRun::wait_before(unsigned number) {
  const double seconds = backoff_seconds(number, config_.retry_interval);
  log::warning("main", fmt::format("the copy goes on from a new snapshot: try {} of {} in {:.1f} s", number,
                                   config_.retry_times, seconds));
  return wait_for(seconds, request_.drain);
}

CopyOutcome TaskRun::try_copy(unsigned tries) {
  try {
    connect_target();
    if (tries > 0) state_ = task_->state();
    return state_ == TaskState::copying || again_.any() ? copy_on() : copy_from_start();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted || (stop_asked() && error.connection_lost())) {
      log::warning("main", error.what());
      return {exit_code(ErrorKind::interrupted), false};
    }
    const bool may_pass = (error.retryable() || error.connection_lost()) && !joined_;
    if (!may_pass || tries >= config_.retry_times) {
      leave_unfinished();
      throw;
    }
    log::warning("main", error.what());
    return {exit_code(error.kind()), true};
  }
}

// A run that ends before it has emptied the tables leaves the rows of an earlier copy, of
// which the journal tells: they are not what the slot or the binlog goes on from.
CopyOutcome TaskRun::copy_from_start() {
  LoadJournal::note_anew(*target_, journal_key_of(request_, makers_));
  CopyMoment moment = begin();
  if (moment.position.known()) start_copying(*target_, task_->name(), moment.position);
  return copy_at(std::move(moment), false);
}

CopyOutcome TaskRun::copy_on() {
  return again_.any() ? copy_again() : copy_at(task_->later_moment(request_.drain), true);
}

// Before the first change: from here on the task knows that these tables are not at its
// position.
void TaskRun::note_resync() {
  connect_target();
  start_resync(*target_, task_->name(), again_.tables);
  again_.noted = again_.tables;
  task_->accept(again_.tables);
  log::info("follow",
            fmt::format("copied again: {}; the other tables stay, and are followed meanwhile", again_.text()));
}

// Keys and triggers that a killed run has taken off, and no copy puts back.
void TaskRun::put_back_left_guards() {
  connect_target();
  for (const Error& error : put_back_guards(*target_, journal_key_of(request_, makers_)))
    log::warning("follow", fmt::format("{}; --cleanup tries it again", error.what()));
}

// Ahead of the copy, so that the others are followed while the source makes a snapshot, for
// which it may wait long.
void TaskRun::choose_resync() {
  RunContext run(request_);
  run.connect_target();
  const auto program = makers_.program(run);
  program->connect();
  program->read_source();
  auto tasks = program->plan();
  choose_again(run, *program, tasks, again_);
  note_resync();
}

// The copy, or when an earlier run has made it what comes behind it.
CopyOutcome TaskRun::copy_again() {
  std::stop_source drain;
  ResyncRun resync(request_, *task_, status_->writer(), again_, [&] { drain.request_stop(); });
  if (resync.copied()) {
    log::info("follow", fmt::format("copied before: {}; going on with the changes since", again_.text()));
    resync.follow_others();
    resync.meet();
    joined_ = true;
    put_back_left_guards();
    LoadJournal::finish(*target_, journal_key_of(request_, makers_), {});  // the schema stays as open as it was
    return {0, false};
  }
  choose_resync();
  // Where keys of the target act on what is followed, only when they are off: a row that the
  // tables do not have yet may be referred to.
  connect_target();
  const bool at_once = may_set_replica_role(*target_);
  if (at_once) resync.follow_others();
  RunRequest request = request_;
  request.drain = drain.get_token();
  RunContext run(request);
  run.moment = task_->resync_moment(request_.drain);
  CopyOfTask copy{*status_};
  copy.checked = true;
  copy.goes_on = true;
  copy.again = &again_;
  // It may come to more by now.
  copy.at_choice = [&] {
    if (again_.noted == again_.tables) return;
    resync.end();
    note_resync();
    if (at_once) resync.follow_others();
  };
  copy.at_moment = [&](const Position& moment, const std::set<QualifiedName>& complete) {
    fit(complete);
    resync.begin_copy(moment);
    return true;
  };
  copy.at_rows = [&] {
    resync.meet();
    joined_ = true;
  };
  run.job.prepared = [&] {
    if (!at_once) resync.follow_others();
  };
  run.job.met = [&] { resync.follow_all(); };
  try {
    const CopyOutcome outcome = run_copy_of_task(run, copy, drain);
    resync.end();
    return outcome;
  } catch (const Error&) {
    resync.end();  // throws what has ended following, and so the copy
    throw;
  }
}

void TaskRun::fit(const std::set<QualifiedName>& complete) {
  const auto log = task_->log();
  FollowRequest fit{config_, *log, request_.program, task_->name()};
  fit.again = again_.any();
  fit_tables(fit, complete);
}

bool TaskRun::bring_up(const Position& moment, const std::set<QualifiedName>& complete) {
  if (!complete.empty()) {
    log::info("follow", fmt::format("bringing the complete tables to {}", moment.text()));
    if (const Position mixed = task_->mixed_until(); mixed.known()) {
      connect_target();
      note_mixed(*target_, task_->name(), mixed);
    }
    const auto log = task_->log();
    FollowRequest to{config_, *log, request_.program, task_->name()};
    to.end_at = moment.text();
    to.only = &complete;
    if (!run_follow(to, request_.drain, request_.cancel)) return false;
  }
  fit(complete);
  connect_target();
  move_copying(*target_, task_->name(), moment);
  return true;
}

CopyOutcome TaskRun::copy_at(CopyMoment moment, bool goes_on) {
  std::stop_source drain;
  const bool placed = moment.position.known();
  RunRequest request = request_;
  request.drain = drain.get_token();
  RunContext run(request);
  run.moment = std::move(moment);
  if (starts_over_ && !goes_on) run.job.start = StartMode::restart;
  CopyOfTask copy{*status_};
  copy.checked = !goes_on;
  copy.goes_on = goes_on;
  copy.at_moment = [&](const Position& position, const std::set<QualifiedName>& complete) {
    if (goes_on) return bring_up(position, complete);
    connect_target();
    if (!placed) start_copying(*target_, task_->name(), position);
    return true;
  };
  return run_copy_of_task(run, copy, drain);
}

// With an eye on what the source keeps meanwhile. `drain`: the copy's own.
CopyOutcome TaskRun::run_copy_of_task(RunContext& run, CopyOfTask& copy, std::stop_source& drain) {
  const std::stop_callback chain(request_.drain, [&] { drain.request_stop(); });
  const auto program = makers_.program(run);
  // What is compared at the end need not be compared after the copy.
  run.verify = options_.verify && options_.end_at.empty();
  std::optional<Error> over;
  copy.observer = [&] {
    if (over) return;
    try {
      over = task_->watch(status_->writer());
      if (over) drain.request_stop();
    } catch (const Error& error) {
      log::debug("follow", error.what());
    }
  };
  const CopyOutcome outcome = run_copy(run, *program, &copy);
  if (over) task_->give_up(*over);
  return outcome;
}

// What was being made when the run was asked to stop goes.
void TaskRun::leave_interrupted() {
  connect_target();
  if (read_progress(*target_, task_->name()) && task_->state() == TaskState::creating) task_->end();
}

// A task of which nothing is copied leaves nothing behind; any other says what it
// keeps on the source.
void TaskRun::leave_unfinished() {
  if (joined_) return;
  if (again_.any())
    return log::warning("follow", fmt::format("{} of the task {} is not where the other tables are yet: every run of "
                                              "the task goes on with that first, with --resync or without",
                                              again_.text(), task_->name()));
  try {
    connect_target();
    if (!task_->exists()) return;  // it was ended with what it was being made of
    const EarlierRun earlier = LoadJournal(*target_, journal_key_of(request_, makers_)).open();
    const bool any = std::any_of(earlier.tables.begin(), earlier.tables.end(),
                                 [](const auto& table) { return table.second.chunks_done() > 0; });
    if (!any && !request_.drain.stop_requested()) return task_->end();
  } catch (const Error& error) {
    log::debug("follow", error.what());
    if (error.kind() == ErrorKind::config) return;  // what is there belongs to another task
  }
  log::warning("follow", fmt::format("{}: the same command goes on with the copy, {} --cleanup ends the task",
                                     task_->keeps(), request_.program));
}

int TaskRun::follow() {
  if (options_.verify && options_.end_at.empty() && state_ == TaskState::following)
    log::warning("verify",
                 "nothing is copied, so --verify has nothing to compare: --verify-only compares while the task "
                 "follows, and --end-at now --verify at its end");
  connect_target();
  open_ahead_of_following();
  const auto log = task_->follow_log();
  FollowRequest request{config_, *log, request_.program, task_->name()};
  request.target = std::move(target_);
  request.end_at = options_.end_at;
  request.figures = [this](const FollowFigures& figures) { status_->writer().follow(figures); };
  request.last_figures = [this](const FollowFigures& figures) { status_->writer().note_follow(figures); };
  const bool reached = run_follow(request, request_.drain, request_.cancel);
  const int outcome = reached ? 0 : exit_code(ErrorKind::interrupted);
  status_->writer().end_following(reached ? "done" : "interrupted", outcome, {});
  return reached && options_.verify ? compare() : outcome;
}

// The task stands still: looking again at what differs could not help.
int TaskRun::compare() {
  RunContext run(request_);
  const auto program = makers_.program(run);
  return run_comparison(run, *program, false);
}

}  // namespace

JournalKey journal_key_of(const RunRequest& request, const TaskMakers& makers) {
  RunContext run(request);
  return makers.program(run)->journal_key();
}

int run_task(const RunRequest& request, const TaskMakers& makers) { return TaskRun(request, makers).run(); }

int run_cleanup(const RunRequest& request, const TaskMakers& makers) {
  if (makers.task) {
    const auto task = makers.task(request);
    begin_with(request, *task);
    if (task->exists()) {
      task->hand_over();
      task->end();
    } else {
      log::info("follow", fmt::format("there is no task {} that follows the source", task->name()));
    }
  }
  return remove_journal(request.config, journal_key_of(request, makers));
}

}  // namespace dbsync
