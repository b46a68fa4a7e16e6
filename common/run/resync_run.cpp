#include "run/resync_run.h"

#include <chrono>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"

namespace dbsync {

namespace {

// A round that short is worth no other: connecting takes as long.
constexpr double kShortRound = 2;

double seconds_of(const std::function<void()>& action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Position position_of(PgConnection& target, const std::string& row) {
  const auto progress = read_progress(target, row);
  if (!progress)
    throw Error(ErrorKind::target, fmt::format("the row of {} in dbsync.apply_progress is gone", row))
        .hint("run the same command once more");
  return progress->position;
}

}  // namespace

ResyncRun::ResyncRun(const RunRequest& request, FollowedTask& task, StatusWriter& status, const Resync& again,
                     std::function<void()> failed)
    : request_(request),
      task_(task),
      status_(status),
      again_(again),
      beside_(request.drain, request.cancel, std::move(failed)) {}

// Waits for long while others work: the server may have ended it.
PgConnection& ResyncRun::target() {
  if (!target_ || !target_->answers())
    target_ = std::make_unique<PgConnection>(request_.config.desc_pgsql, "target", request_.program);
  return *target_;
}

bool ResyncRun::copied() {
  if (again_.noted != again_.tables) return false;
  const auto progress = read_progress(target(), resync_row(task_.name()));
  if (state_of(progress) != TaskState::following) return false;
  const auto why = task_.why_resync_is_lost(progress->position);
  if (why) log::warning("follow", fmt::format("{} must be copied again: {}", again_.text(), *why));
  copied_before_ = !why;
  return copied_before_;
}

FollowRequest ResyncRun::request_of(FollowSource& log) const {
  return {request_.config, log, request_.program, task_.name()};
}

void ResyncRun::follow_beside(const std::set<QualifiedName>* except) {
  auto log = task_.log();
  FollowRequest request = request_of(*log);
  request.except = except;
  request.displayed = false;
  request.figures = [this](const FollowFigures& figures) { status_.follow_beside(figures); };
  beside_.start(std::move(log), request);
}

void ResyncRun::follow_others() {
  beside_.stop();
  passed_.insert(again_.tables.begin(), again_.tables.end());
  follow_beside(&passed_);
}

void ResyncRun::follow_all() { follow_beside(nullptr); }

void ResyncRun::begin_copy(const Position& moment) { copy_resync(target(), task_.name(), moment); }

Position ResyncRun::others_at() { return position_of(target(), task_.name()); }
Position ResyncRun::these_at() { return position_of(target(), resync_row(task_.name())); }

// Another copy helps against what stands in the log behind the first one, or that it is not
// there any more.
void ResyncRun::copy_anew(const Error& why) {
  forget_resync_row(target(), task_.name());
  log::warning("follow", fmt::format("{} cannot catch up, so the next run copies it again", again_.text()));
  throw Error(why);
}

void ResyncRun::bring_these(const Position& end) {
  const auto log = task_.resync_log();
  FollowRequest request = request_of(*log);
  request.only = &again_.tables;
  request.progress = resync_row(task_.name());
  request.end_at = end.text();
  request.looks = false;
  try {
    if (run_follow(request, request_.drain, request_.cancel)) return;
  } catch (const Error& error) {
    const bool in_log = error.kind() == ErrorKind::source || error.kind() == ErrorKind::data;
    if (in_log && !error.connection_lost() && !error.retryable()) copy_anew(error);
    throw;
  }
  throw Error(ErrorKind::interrupted, fmt::format("interrupted before {} had caught up", again_.text()))
      .hint("the next run goes on with that");
}

void ResyncRun::bring_others(const Position& end) {
  const auto log = task_.log();
  FollowRequest request = request_of(*log);
  request.except = &passed_;
  request.end_at = end.text();
  request.figures = [this](const FollowFigures& figures) { status_.follow_beside(figures); };
  if (!run_follow(request, request_.drain, request_.cancel))
    throw Error(ErrorKind::interrupted, fmt::format("interrupted before the others were where {} is", again_.text()))
        .hint("the next run goes on with that");
}

void ResyncRun::catch_up() {
  for (double before = std::numeric_limits<double>::infinity();;) {
    const Position others = others_at();
    if (others <= these_at()) return;
    const double seconds = seconds_of([&] { bring_these(others); });
    if (seconds < kShortRound || seconds >= before) return;
    before = seconds;
  }
}

// The others stand still. Where these are behind them, they are brought there. Where the
// others are behind, as after a stop of the task, they go on first; what the log has for
// neither may bring either further than it was asked to.
void ResyncRun::join() {
  Position others = others_at();
  const Position these = these_at();
  Position at = others;
  if (these > others) {
    bring_others(these);
    others = others_at();
    at = std::max(others, these);
  }
  if (at > these) bring_these(at);
  auto copied = task_.log()->targets(target());
  std::erase_if(copied, [this](const FollowedTarget& table) { return !again_.tables.contains(table.source); });
  join_resync(target(), task_.name(), others, at, copied);
  log::info("follow", fmt::format("{}: as the other tables now, at {}", again_.text(), at.text()));
}

void ResyncRun::meet() {
  if (!copied_before_) catch_up_resync(target(), task_.name(), task_.mixed_until());
  log::info("follow", fmt::format("copied: {}; catching up from {}", again_.text(), these_at().text()));
  catch_up();
  beside_.stop();
  join();
  task_.end_resync();
}

}  // namespace dbsync
