#include "follow/follower.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/progress_ticker.h"
#include "base/text.h"
#include "cdc/applier.h"
#include "cdc/follow_job.h"
#include "cdc/known_tables.h"
#include "cdc/target_proof.h"
#include "follow/task_life.h"
#include "pg/early_connections.h"
#include "pg/prefetch.h"

namespace dbsync {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kFirstPause = 200ms;
constexpr auto kLongestPause = 10s;
constexpr std::chrono::seconds kPatience{300};  // with servers that cannot be reached
constexpr auto kFiguresInterval = 10s;
constexpr std::int64_t kMicros = 1000000;

std::int64_t now_micros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

ConflictPolicy policy_of(FollowConfig::Conflicts conflicts) {
  switch (conflicts) {
    case FollowConfig::Conflicts::error: return ConflictPolicy::error;
    case FollowConfig::Conflicts::skip: return ConflictPolicy::skip;
    case FollowConfig::Conflicts::overwrite: return ConflictPolicy::overwrite;
  }
  return ConflictPolicy::error;
}

// load_batch, load_batch_gap.
FollowLimits limits_of(const Config& config) {
  FollowLimits out;
  if (config.load_batch == 0) return out;
  out.group_changes = config.load_batch;
  out.group_wait = std::chrono::seconds(config.load_batch_gap);
  return out;
}

class Follower {
 public:
  Follower(const FollowRequest& request, std::stop_token drain, std::stop_token cancel)
      : request_(request),
        config_(request.config),
        log_(request.source),
        drain_(std::move(drain)),
        cancel_(std::move(cancel)) {}

  bool run();
  void fit_others(const std::set<QualifiedName>& complete);

 private:
  void prove();
  void begin_targets(const Position& from);
  FollowEnd follow_once();
  StreamRange range_from(const Position& start) const;
  std::function<bool(const QualifiedName&)> wanted() const;
  bool whole() const { return request_.only == nullptr && request_.except == nullptr; }
  void connect_target();
  void choose_end();
  void prefetch_start();
  void open_session();
  void finish(Applier& applier, FollowEnd end, ChangeStream* stream);
  void wait_or_rethrow(const Error& error);
  ApplierOptions applier_options();
  void report(Applier& applier);
  void tell(const FollowFigures& now, const std::string& more = {});
  void tell_now_and_then(const Applier& applier);
  std::vector<FollowedTarget> followed_targets();
  std::vector<PgQuery> questions_of_targets(const std::vector<FollowedTarget>& tables) const;
  template <class Action>
  void prove_targets(const Action& action);
  FollowFigures figures(const Applier& applier, const Position& applied);

  const FollowRequest& request_;
  const Config& config_;
  FollowSource& log_;
  const std::stop_token drain_;
  const std::stop_token cancel_;
  std::shared_ptr<PgConnection> target_;                 // for what is known of the source
  std::optional<std::shared_ptr<void>> ahead_;           // what a start asks is on its way
  std::future<std::shared_ptr<TargetSession>> session_;  // the applier's, for one attempt
  std::optional<Progress> applied_;                      // as the proof found it
  std::vector<FollowedTarget> places_;                   // of the tables, as a start found them
  Position end_;
  bool end_chosen_ = false;
  bool proved_ = false;
  bool commits_ahead_ = true;
  bool following_ = false;                            // not within a copy
  std::optional<Error> over_;                         // the source keeps too much for the task
  std::stop_source stop_;                             // of one attempt: drain_, or over_
  Clock::time_point reached_servers_ = Clock::now();  // the last time that all was well
  Clock::duration pause_ = kFirstPause;
  // Figures are taken by a thread of their own and, for a look, by the one that applies.
  std::mutex mutex_;
  Clock::time_point last_figures_{};
  Clock::time_point last_report_{};
  Clock::time_point last_look_{};  // at both sides, which a start does as well
  Position reported_;
  FollowDisplay display_;
};

void Follower::connect_target() {
  target_ = std::make_shared<PgConnection>(config_.desc_pgsql, "target", request_.program);
}

// Before the end is chosen, so that it travels with what that takes.
void Follower::prefetch_start() {
  if (!request_.target || !request_.target->usable()) return;
  target_ = std::exchange(request_.target, nullptr);
  ahead_ = log_.prefetch(*target_);
}

// While the start is proved.
void Follower::open_session() {
  if (session_.valid()) return;
  session_ = std::async(std::launch::async,
                        [this] { return std::make_shared<TargetSession>(config_.desc_pgsql, request_.program); });
}

ApplierOptions Follower::applier_options() {
  ApplierOptions out;
  out.conninfo = config_.desc_pgsql;
  out.application_name = request_.program;
  out.task = request_.task;
  out.progress = request_.progress;
  out.conflicts = policy_of(config_.follow.conflicts);
  out.commits_ahead = &commits_ahead_;
  out.gtids_at = [this](const Position& position) { return log_.gtids_at(position); };
  out.schema = log_.schema_policy();
  out.schema.new_columns = config_.follow.add_columns ? NewColumnPolicy::add : NewColumnPolicy::stop;
  return out;
}

FollowFigures Follower::figures(const Applier& applier, const Position& applied) {
  FollowFigures out;
  const ApplyCounters& counters = applier.counters();
  out.applied = applied.text();
  out.transactions_here = counters.transactions;
  out.transactions = applier.transactions_before() + out.transactions_here;
  out.changes = counters.changes;
  out.conflicts = counters.conflicts;
  log_.measure(applied, out);
  const std::int64_t committed = counters.source_time;
  if (committed == 0) return out;
  out.applied_time = utc_text(committed / kMicros);
  if (out.lag_bytes > 0) out.lag_seconds = static_cast<double>(now_micros() - committed) / kMicros;
  return out;
}

void Follower::tell(const FollowFigures& now, const std::string& more) {
  last_figures_ = Clock::now();
  display_.set(now);
  log::progress("follow", describe(now) + more,
                {{"lag_bytes", static_cast<double>(now.lag_bytes)},
                 {"lag_seconds", now.lag_seconds},
                 {"transactions", static_cast<double>(now.transactions_here)},
                 {"changes", static_cast<double>(now.changes)},
                 {"conflicts", static_cast<double>(now.conflicts)},
                 {"retained_bytes", static_cast<double>(now.retained_bytes)}});
  if (request_.figures) request_.figures(now);  // last: where the status is kept may be what does not answer
}

// The tables whose changes are applied.
std::vector<FollowedTarget> Follower::followed_targets() {
  std::vector<FollowedTarget> tables = log_.targets(*target_);
  if (const auto ours = wanted())
    std::erase_if(tables, [&ours](const FollowedTarget& table) { return !ours(table.source); });
  return tables;
}

// As a proof of them asks the target.
std::vector<PgQuery> Follower::questions_of_targets(const std::vector<FollowedTarget>& tables) const {
  std::vector<PgQuery> out{question_of_progress(request_.task), question_of_known_tables(request_.task),
                           question_of_known_files(request_.task), question_of_look(request_.task)};
  if (!tables.empty()) out.push_back(question_of_target_files(*target_, tables));
  return out;
}

template <class Action>
void Follower::prove_targets(const Action& action) {
  const std::vector<FollowedTarget> tables = followed_targets();
  const SourceRows source{
      [this](const FollowedTarget& table, const auto& leaf) { return log_.holds_rows(table, leaf); },
      [this] {
        const auto progress = read_progress(*target_, request_.task);
        return progress && log_.changes_wait(*target_, progress->position);
      }};
  TargetProof proof(*target_, request_.task, tables, source, following_);
  action(proof);
}

void Follower::report(Applier& applier) {
  pause_ = kFirstPause;
  const bool looks = request_.looks && Clock::now() - last_look_ >= kFiguresInterval;
  FollowFigures now;
  {
    const std::lock_guard lock(mutex_);
    last_report_ = reached_servers_ = Clock::now();
    reported_ = applier.position();
    if (looks) now = figures(applier, reported_);
  }
  if (!looks) return;
  applier.settle();  // another session is to see it
  last_look_ = Clock::now();
  log_.look(*target_, now);
  prove_targets([&](TargetProof& proof) { proof.look(applier.take_touched()); });
  const auto ours = wanted();
  for (const Relation& changed : log_.changed_behind(*target_, applier.position()))
    if (!ours || ours(changed.name)) applier.fit(changed);
}

// By a thread of its own: neither does the one that applies wait for it, nor it for that one,
// which may wait for the target all the while.
void Follower::tell_now_and_then(const Applier& applier) {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  if (now - last_figures_ < kFiguresInterval) return;
  FollowFigures at = figures(applier, reported_);
  if (const auto silent = now - last_report_; silent < kFiguresInterval) {
    tell(at);
  } else {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(silent).count();
    at.lag_seconds = std::max(at.lag_seconds, static_cast<double>(seconds));
    tell(at, fmt::format("; waiting for the target for {} s", seconds));
  }
  EarlyConnections::close_left();
  over_ = log_.keeps_too_much(at);
  if (over_) stop_.request_stop();
}

StreamRange Follower::range_from(const Position& start) const {
  return {start, end_, wanted(), request_.except != nullptr};
}

std::function<bool(const QualifiedName&)> Follower::wanted() const {
  if (whole()) return {};
  return [only = request_.only, except = request_.except](const QualifiedName& name) {
    return (only == nullptr || only->contains(name)) && (except == nullptr || !except->contains(name));
  };
}

// An end that was chosen is a place of the server that was there when the run began.
void Follower::prove() {
  if (!ahead_) {
    connect_target();
    ahead_ = log_.prefetch(*target_);
  }
  const std::shared_ptr<void> ahead = std::move(*std::exchange(ahead_, std::nullopt));  // of this proof
  ensure_known_tables(*target_);
  const std::string& row = request_.progress.empty() ? request_.task : request_.progress;
  const auto progress = read_progress(*target_, row);
  if (!progress) return;  // the applier says so
  const bool again = std::exchange(proved_, true);
  const bool same = log_.prove(*target_, progress->position) == progress->position;
  places_ = followed_targets();
  applied_ = read_progress(*target_, row);  // asked before, unless the proof has moved it
  if (same || !end_.known()) return;
  if (request_.end_at == "now")
    end_ = log_.end_position("now");
  else if (again)
    throw Error(ErrorKind::source,
                fmt::format("the source is another server now: {} is no place of its log", end_.text()))
        .hint("give --end-at a position of the server that is there now");
}

// Before anything is applied, and behind the opening of the stream, which reads where tables
// go. `from`: where that begins, when there is one.
void Follower::begin_targets(const Position& from) {
  const PgPrefetch of_target(*target_, questions_of_targets(places_));
  if (from.known()) log_.prove_stream(from);
  following_ = state_of(read_progress(*target_, request_.task)) == TaskState::following;
  prove_targets([&](TargetProof& proof) { proof.begin(log_.accepts_targets()); });
  last_look_ = Clock::now();
}

FollowEnd Follower::follow_once() {
  open_session();
  prove();
  ApplierOptions applied = applier_options();
  applied.session = session_.get();
  applied.at = std::exchange(applied_, std::nullopt);
  Applier applier(std::move(applied));
  const std::stop_callback hard(cancel_, [&] { applier.cancel(); });
  if (end_.known() && applier.position() >= end_) {
    if (whole())
      log::info("follow", fmt::format("nothing is left to apply: the task is at {}, and is to end at {}",
                                      applier.position().text(), end_.text()));
    begin_targets({});
    finish(applier, FollowEnd::reached, nullptr);
    return FollowEnd::reached;
  }
  applier.expect(places_);
  const auto stream = log_.open(range_from(applier.position()));
  begin_targets(applier.position());
  log::info("follow", fmt::format("following {} from {} on{}", log_.endpoint(), applier.position().text(),
                                  log_.binary() ? ", values in binary" : ""));
  FollowOptions options;
  options.end = end_;
  options.limits = limits_of(config_);
  options.report = [&](const Applier&, const Position&) { report(applier); };
  stop_ = std::stop_source();
  const std::stop_callback chain(drain_, [this] { stop_.request_stop(); });
  const FollowEnd end = [&] {
    last_report_ = Clock::now();
    reported_ = applier.position();
    const ProgressTicker telling(1s, [&] { tell_now_and_then(applier); });
    return run_follow_job(*stream, applier, options, stop_.get_token());
  }();
  finish(applier, end, stream.get());
  return end;
}

// The source ends the stream, if any, while both sides are looked at.
void Follower::finish(Applier& applier, FollowEnd end, ChangeStream* stream) {
  auto measured = std::async(std::launch::async, [&, stream] {
    if (stream != nullptr) stream->finish();
    return figures(applier, applier.position());
  });
  std::optional<PgPrefetch> of_target(std::in_place, *target_, questions_of_targets(places_));
  if (end == FollowEnd::reached && whole()) {
    log_.look_at_end(*target_, request_.end_at == "now");
    if (request_.end_at == "now")
      for (const Relation& changed : log_.changed_at_end(*target_)) {
        of_target.reset();
        applier.fit(changed);
      }
  }
  prove_targets([&](TargetProof& proof) {
    if (end == FollowEnd::reached)
      proof.look_at_end(applier.take_touched());
    else
      proof.look(applier.take_touched());
  });
  const FollowFigures last = measured.get();
  if (request_.last_figures)
    request_.last_figures(last);
  else if (request_.figures)
    request_.figures(last);
  log::info("follow", fmt::format("stopped at {}: {} transactions with {} changes applied in {} commits{}",
                                  applier.position().text(), format_count(last.transactions_here),
                                  format_count(last.changes), format_count(applier.counters().commits),
                                  last.conflicts > 0 ? fmt::format(", {} conflicts", last.conflicts) : ""));
}

void Follower::wait_or_rethrow(const Error& error) {
  const auto with_other_reader = log_.patience_with(error);
  if (!error.retryable() && !error.connection_lost() && !with_other_reader) throw Error(error);
  if (drain_.stop_requested()) return;
  if (Clock::now() - reached_servers_ > with_other_reader.value_or(kPatience)) throw Error(error);
  log::warning("follow",
               fmt::format("{}; {}trying again in {:.1f} s", error.what(), with_other_reader ? error.hint() + "; " : "",
                           std::chrono::duration<double>(pause_).count()));
  wait_for(std::chrono::duration<double>(pause_).count(), drain_);
  pause_ = std::min<Clock::duration>(pause_ * 2, kLongestPause);
}

void Follower::choose_end() {
  if (end_chosen_) return;
  prefetch_start();
  open_session();
  log_.prepare(request_.end_at);
  if (!request_.end_at.empty()) end_ = log_.end_position(request_.end_at);
  end_chosen_ = true;
}

bool Follower::run() {
  std::optional<ProgressReporter> reporter;
  if (request_.displayed) reporter.emplace(display_.source());
  for (;;) {
    try {
      choose_end();
      if (follow_once() == FollowEnd::reached) return true;
      if (drain_.stop_requested()) return false;
    } catch (const Error& error) {
      session_ = {};
      ahead_.reset();
      if (error.kind() == ErrorKind::interrupted) return false;
      if (log_.open_in_other_form(error)) continue;
      wait_or_rethrow(error);
      if (drain_.stop_requested()) return false;
    }
    if (over_) log_.give_up(*over_);
  }
}

void Follower::fit_others(const std::set<QualifiedName>& complete) {
  connect_target();
  const auto changed = log_.changed_since_copy(*target_, complete);
  if (changed.empty()) return;
  Applier applier(applier_options());
  for (const Relation& now : changed) {
    try {
      applier.fit(now);
    } catch (const Error& error) {
      if (!request_.again || error.connection_lost()) throw;
      log::warning("follow", fmt::format("{}; its columns are taken as they are now", error.message()));
      write_known_columns(*target_, request_.task, now);
    }
  }
}

}  // namespace

void fit_tables(const FollowRequest& request, const std::set<QualifiedName>& complete) {
  Follower(request, {}, {}).fit_others(complete);
}

bool run_follow(const FollowRequest& request, const std::stop_token& drain, const std::stop_token& cancel) {
  return Follower(request, drain, cancel).run();
}

}  // namespace dbsync
