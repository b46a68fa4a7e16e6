#include "pgsql2pgsql/follow.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include <fmt/format.h>

#include "base/backoff.h"
#include "base/log.h"
#include "base/log_error.h"
#include "base/progress.h"
#include "base/text.h"
#include "cdc/binary_types.h"
#include "cdc/follow_job.h"
#include "cdc/known_tables.h"
#include "copy/job_setup.h"
#include "pgsql2pgsql/continuity.h"
#include "pgsql2pgsql/follow_display.h"
#include "pgsql2pgsql/partition_watch.h"
#include "pgsql2pgsql/pgoutput_stream.h"
#include "pgsql2pgsql/source_schema.h"

namespace dbsync {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr char kProgram[] = "pgsql2pgsql";
constexpr char kObjectInUse[] = "55006";
constexpr int kBinarySince = 140000;
constexpr std::uint32_t kFirstUserType = 16384;
constexpr auto kFirstPause = 200ms;
constexpr auto kLongestPause = 10s;
constexpr auto kPatience = 5min;  // with servers that cannot be reached
// With a session that has the slot: the source notices within wal_sender_timeout (60 s)
// that one is dead; one that lives is another program's.
constexpr std::chrono::seconds kPatienceWithSlot{75};
constexpr auto kFiguresInterval = 10s;
constexpr std::int64_t kMicros = 1000000;
constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;

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

class Follower {
 public:
  Follower(const FollowRequest& request, std::stop_token drain, std::stop_token cancel)
      : request_(request), config_(request.config), task_(request.task), drain_(std::move(drain)),
        cancel_(std::move(cancel)), continuity_(task_), guard_(config_.follow, task_.slot) {}

  bool run();
  void fit_others(const std::set<QualifiedName>& complete);

 private:
  void read_columns_at_start();
  void resolve_end();
  void choose_format();
  FollowEnd follow_once();
  void wait_or_rethrow(const Error& error);
  ApplierOptions applier_options();
  void report(const Applier& applier);
  FollowFigures figures(const Applier& applier);
  void look_at_the_end(Applier& applier);
  std::vector<Relation> columns_of_known();
  PgConnection& source();

  const FollowRequest& request_;
  const Config& config_;
  const FollowTask& task_;
  const std::stop_token drain_;
  const std::stop_token cancel_;
  std::unique_ptr<PgConnection> source_;
  std::unique_ptr<PgConnection> target_;  // for what is known of the source
  Continuity continuity_;
  std::map<std::uint32_t, Relation> columns_at_start_;
  std::unique_ptr<SourceSchema> schema_;
  Position end_;
  bool binary_ = false;
  Clock::time_point reached_servers_ = Clock::now();  // the last time that all was well
  Clock::duration pause_ = kFirstPause;
  Clock::time_point last_figures_{};
  FollowDisplay display_;
  RetainedWalGuard guard_;
};

PgConnection& Follower::source() {
  if (!source_ || !source_->usable()) source_ = std::make_unique<PgConnection>(config_.src_pgsql, "source", kProgram);
  return *source_;
}

// Before the end is chosen.
void Follower::read_columns_at_start() {
  if (request_.end_at != "now") return;
  target_ = std::make_unique<PgConnection>(config_.desc_pgsql, "target", kProgram);
  if (!known_tables_exist(*target_)) return;
  for (Relation& relation : columns_of_known()) columns_at_start_.emplace(relation.id, std::move(relation));
}

void Follower::resolve_end() {
  if (request_.end_at.empty()) return;
  end_ = parse_position(request_.end_at == "now"
                            ? source().exec("SELECT pg_catalog.pg_current_wal_insert_lsn()", {}).text(0, 0)
                            : request_.end_at);
  if (end_ > parse_position(source().exec("SELECT pg_catalog.pg_current_wal_insert_lsn()", {}).value(0, 0))) return;
  // On an idle source nothing would lie behind that position to show that it was
  // passed: this puts something there.
  source().exec("SELECT pg_catalog.pg_logical_emit_message(true, 'dbsync', 'end')", {});
}

// Binary when every published type allows it; columns of the target are looked
// at when their changes come.
void Follower::choose_format() {
  if (source().server_version() < kBinarySince) return;
  const auto types = published_types(source(), task_.publication);
  binary_ = std::all_of(types.begin(), types.end(),
                        [](std::uint32_t type) { return stable_binary(type) || type >= kFirstUserType; });
}

ApplierOptions Follower::applier_options() {
  ApplierOptions out;
  out.conninfo = config_.desc_pgsql;
  out.application_name = kProgram;
  out.task = task_.name;
  out.binary = binary_;
  out.conflicts = policy_of(config_.follow.conflicts);
  out.schema.new_columns = config_.follow.add_columns ? NewColumnPolicy::add : NewColumnPolicy::stop;
  schema_ = std::make_unique<SourceSchema>(config_.src_pgsql, kProgram, request_.map);
  out.schema.target_names = [this](const QualifiedName& name) {
    auto names = schema_->lineage(name);
    for (QualifiedName& candidate : names) candidate = request_.map.of(candidate);
    return names;
  };
  out.schema.number_columns = [this](Relation& relation, const Relation* before) { schema_->number_columns(relation, before); };
  out.schema.type_of = [this](const RelationColumn& column) { return schema_->type_of(column); };
  out.schema.generated_columns = [this](const Relation& relation) { return schema_->generated_columns(relation); };
  out.schema.enum_labels = [this](const RelationColumn& column) { return schema_->enum_labels(column); };
  out.schema.partitions = [this](const Relation& relation) { return schema_->partitions(relation); };
  out.schema.describe_column = [this](const Relation& relation, const RelationColumn& column, std::string& reason) {
    return schema_->describe_column(relation, column, reason);
  };
  return out;
}

FollowFigures Follower::figures(const Applier& applier) {
  FollowFigures out;
  const ApplyCounters& counters = applier.counters();
  const Position applied = applier.position();
  const Position at = parse_position(source().exec("SELECT pg_catalog.pg_current_wal_lsn()", {}).value(0, 0));
  out.applied = applied.text();
  out.source = at.text();
  out.transactions_here = counters.transactions;
  out.transactions = applier.transactions_before() + out.transactions_here;
  out.changes = counters.changes;
  out.conflicts = counters.conflicts;
  if (at > applied) out.lag_bytes = at.high - applied.high;
  if (const auto slot = read_slot(source(), task_.slot)) {
    out.retained_bytes = slot->retained_bytes;
    out.wal_status = slot->wal_status;
    // The slot is confirmed past the last transaction once nothing waits.
    if (slot->confirmed > applied) out.lag_bytes = at.high - std::min(at.high, slot->confirmed.high);
  }
  const std::int64_t committed = counters.source_time;
  if (committed == 0) return out;
  out.applied_time = utc_text(committed / kMicros);
  if (out.lag_bytes > 0) out.lag_seconds = static_cast<double>(now_micros() - committed) / kMicros;
  return out;
}

void Follower::report(const Applier& applier) {
  reached_servers_ = Clock::now();
  pause_ = kFirstPause;
  if (Clock::now() - last_figures_ < kFiguresInterval) return;
  last_figures_ = Clock::now();
  continuity_.look(source(), *target_);
  const FollowFigures now = figures(applier);
  if (request_.figures) request_.figures(now);
  display_.set(now);
  log::progress("follow", describe(now), {{"lag_bytes", static_cast<double>(now.lag_bytes)}, {"lag_seconds", now.lag_seconds},
                                          {"transactions", static_cast<double>(now.transactions_here)},
                                          {"changes", static_cast<double>(now.changes)},
                                          {"conflicts", static_cast<double>(now.conflicts)},
                                          {"retained_bytes", static_cast<double>(now.retained_bytes)}});
  if (now.lag_bytes == 0) compare_partitions(source(), *target_, task_.name, request_.map);
  guard_.check(now.retained_bytes, now.wal_status);
}

// Tables whose columns were changed and whose changes have not come: their rows may
// have been written anew. What was changed after the end does not count.
void Follower::look_at_the_end(Applier& applier) {
  continuity_.look(source(), *target_);
  if (request_.end_at != "now") return;
  compare_partitions(source(), *target_, task_.name, request_.map);
  for (const Relation& now : columns_of_known()) {
    const auto at_start = columns_at_start_.find(now.id);
    const auto known = read_known_columns(*target_, task_.name, now.name);
    if (at_start == columns_at_start_.end() || !known || !same_columns(at_start->second, now) || same_columns(*known, now)) continue;
    applier.fit(now);
  }
}

std::vector<Relation> Follower::columns_of_known() {
  std::map<std::uint32_t, QualifiedName> names;
  std::vector<std::uint32_t> oids;
  for (const KnownTable& table : read_known_tables(*target_, task_.name)) {
    names.emplace(table.oid, table.name);
    oids.push_back(table.oid);
  }
  auto out = published_columns(source(), task_.publication, oids);
  for (Relation& relation : out) relation.name = names.at(relation.id);
  return out;
}

void Follower::fit_others(const std::set<QualifiedName>& complete) {
  target_ = std::make_unique<PgConnection>(config_.desc_pgsql, "target", kProgram);
  if (!known_tables_exist(*target_)) return;
  Applier applier(applier_options());
  for (const Relation& now : columns_of_known()) {
    const auto known = complete.contains(now.name) ? std::nullopt : read_known_columns(*target_, task_.name, now.name);
    if (known && !same_columns(*known, now)) applier.fit(now);
  }
}

FollowEnd Follower::follow_once() {
  Applier applier(applier_options());
  const std::stop_callback hard(cancel_, [&] { applier.cancel(); });
  target_ = std::make_unique<PgConnection>(config_.desc_pgsql, "target", kProgram);
  continuity_.prove(source(), *target_, applier.position());
  if (end_.known() && applier.position() >= end_) return FollowEnd::reached;
  PgoutputOptions stream_options;
  stream_options.conninfo = config_.src_pgsql;
  stream_options.application_name = kProgram;
  stream_options.slot = task_.slot;
  stream_options.publication = task_.publication;
  stream_options.start = applier.position();
  stream_options.end = end_;
  stream_options.binary = binary_;
  stream_options.spill.directory = config_.follow.spill_directory;
  if (request_.only != nullptr)
    stream_options.wanted = [this](const QualifiedName& name) { return request_.only->contains(name); };
  PgoutputStream stream(stream_options);
  log::info("follow", fmt::format("following {} from {} on{}", source().endpoint(), applier.position().text(),
                                  binary_ ? ", values in binary" : ""));
  FollowOptions options;
  options.end = end_;
  options.report = [this](const Applier& at, const Position&) { report(at); };
  const FollowEnd end = run_follow_job(stream, applier, options, drain_);
  stream.finish();
  if (end == FollowEnd::reached) look_at_the_end(applier);
  const FollowFigures last = figures(applier);
  if (request_.figures) request_.figures(last);
  log::info("follow", fmt::format("stopped at {}: {} transactions with {} changes applied in {} commits{}",
                                  applier.position().text(), format_count(last.transactions_here),
                                  format_count(last.changes), format_count(applier.counters().commits),
                                  last.conflicts > 0 ? fmt::format(", {} conflicts", last.conflicts) : ""));
  return end;
}

void Follower::wait_or_rethrow(const Error& error) {
  const bool busy_slot = error.sqlstate() == kObjectInUse;
  if (!error.retryable() && !error.connection_lost() && !busy_slot) throw Error(error);
  if (drain_.stop_requested()) return;
  if (Clock::now() - reached_servers_ > (busy_slot ? kPatienceWithSlot : kPatience)) throw Error(error);
  log::warning("follow", fmt::format("{}; {}trying again in {:.1f} s", error.what(),
                                     busy_slot ? error.hint() + "; " : "", std::chrono::duration<double>(pause_).count()));
  wait_for(std::chrono::duration<double>(pause_).count(), drain_);
  pause_ = std::min<Clock::duration>(pause_ * 2, kLongestPause);
}

bool Follower::run() {
  read_columns_at_start();
  resolve_end();
  choose_format();
  const ProgressReporter reporter(display_.source());
  for (;;) {
    try {
      if (follow_once() == FollowEnd::reached) return true;
      if (drain_.stop_requested()) return false;
    } catch (const NeedText& error) {
      log::info("follow", fmt::format("{}: going on with values as text", error.message()));
      binary_ = false;
    } catch (const OverLimit& error) {
      source_.reset();
      guard_.give_up(source(), error);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) return false;
      wait_or_rethrow(error);
      if (drain_.stop_requested()) return false;
    }
  }
}

}  // namespace

void RetainedWalGuard::check(std::uint64_t retained_bytes, const std::string& wal_status) {
  const bool in_danger = wal_status == "unreserved" || wal_status == "lost";
  const std::uint64_t limit = config_.max_retained_wal_mb * kMebibyte;
  const bool over = limit > 0 && retained_bytes > limit;
  if (!in_danger && !over) return;
  const std::string text = fmt::format(
      "the slot {} keeps {} of WAL on the source{}{}", slot_, format_bytes(retained_bytes),
      over ? ", more than max_retained_wal allows" : "",
      in_danger ? ", and the source is about to give it up (wal_status " + wal_status + ")" : "");
  if (over && config_.stop_over_limit) throw OverLimit(ErrorKind::source, text);
  if (Clock::now() - last_warning_ < 1min) return;
  last_warning_ = Clock::now();
  log::warning("follow", text);
}

void RetainedWalGuard::give_up(PgConnection& source, const Error& error) const {
  drop_slot_when_free(source, slot_);
  throw Error(ErrorKind::source, error.message() + ": the slot was dropped, and the task cannot go on")
      .hint("--restart empties the target's tables and begins anew; --cleanup ends the task");
}

void fit_tables(const FollowRequest& request, const std::set<QualifiedName>& complete) {
  Follower(request, {}, {}).fit_others(complete);
}

bool run_follow(const FollowRequest& request, const std::stop_token& drain, const std::stop_token& cancel) {
  return Follower(request, drain, cancel).run();
}

}  // namespace dbsync
