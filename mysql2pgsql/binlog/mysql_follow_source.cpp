#include "mysql2pgsql/binlog/mysql_follow_source.h"

#include <charconv>
#include <chrono>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "cdc/drift_hint.h"
#include "cdc/known_tables.h"
#include "copy/target_sequences.h"
#include "follow/task_life.h"
#include "mysql2pgsql/binlog/binlog_files.h"
#include "mysql2pgsql/migration.h"
#include "mysql2pgsql/mysql_program.h"

namespace dbsync {

namespace {

constexpr unsigned kNoSuchTable = 1146;

std::uint64_t number(const std::optional<std::string>& text) {
  std::uint64_t out = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), out);
  return out;
}

// Beside the server's own identity: which of the files of one name.
struct FileMark {
  std::string file;
  std::uint32_t time = 0;
};

std::string text_of(const FileMark& mark) { return fmt::format("{}@{}", mark.file, mark.time); }

FileMark mark_of(const std::string& text) {
  const auto at = text.rfind('@');
  if (at == std::string::npos) return {};
  return {text.substr(0, at), static_cast<std::uint32_t>(number(text.substr(at + 1)))};
}

}  // namespace

std::string server_identity(MysqlConnection& connection) {
  const auto rows = connection.query("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', 'server_uid')");
  const std::string id = "server_id " + connection.query("SELECT @@GLOBAL.server_id").at(0).at(0).value_or("");
  if (rows.empty() || rows[0].size() < 2) return id;
  const std::string name = rows[0][1].value_or("");
  return connection.is_mariadb() ? name + " " + id : name;
}

MysqlFollowSource::MysqlFollowSource(const RunRequest& request, std::string task, const Position& at, bool resync)
    : request_(request),
      config_(request.config),
      task_(std::move(task)),
      resync_(resync),
      row_(resync ? resync_row(task_) : task_),
      home_(home(at)),
      meter_(home(at)) {}

std::unique_ptr<BinlogHome> MysqlFollowSource::home(const Position& at) const {
  if (!from_files()) return std::make_unique<BinlogServer>(config_.src_mysql);
  return std::make_unique<BinlogDirectory>(request_.options.binlog_dir, base_of(at));
}

MysqlConnection& MysqlFollowSource::source() {
  if (!source_ || !source_->usable() || !source_->answers())
    source_ = std::make_unique<MysqlConnection>(config_.src_mysql);
  return *source_;
}

void MysqlFollowSource::disconnect() {
  source_.reset();
  home_->disconnect();
}

Position MysqlFollowSource::end_position(const std::string& end_at) {
  if (end_at == "now") return home_->end();
  const Position end = parse_position(end_at);
  if (end.kind != Position::Kind::binlog)
    throw Error(ErrorKind::config, fmt::format("--end-at: \"{}\" is no position of a binlog", end_at))
        .hint("write FILE:OFFSET, as SHOW MASTER STATUS tells them: mysql-bin.000042:1234");
  if (const Position last = from_files() ? home_->end() : end; end > last)
    throw Error(ErrorKind::source, fmt::format("the {} end at {}, before {}", endpoint(), last.text(), end_at))
        .hint("put the files up to there into the directory, or leave --end-at out: they are followed to their end");
  return end;
}

// `beside`: another reader than the stream, which would throw it out under one name.
std::unique_ptr<EventSource> MysqlFollowSource::events(const Position& from, bool beside) const {
  const std::string reader = row_ + (beside ? " (beside)" : "");
  return home_->open(from, reader);
}

void MysqlFollowSource::note_targets(const std::vector<CopyTask>& tasks) {
  targets_.clear();
  for (const CopyTask& task : tasks) targets_[{config_.src_mysql.db, task.name}] = task.target;
}

void MysqlFollowSource::warn_of_cascades() {
  const auto acting = tables_->cascades_to_stop_at();
  if (acting.empty() || memory_->kept() || cascades_are_logged(*memory_)) return;
  log::warning("follow", fmt::format("foreign keys change rows of which the binlog does not tell, in a way that "
                                     "cannot be followed: the task stops when rows or keys go {}",
                                     join(acting, ", ")));
}

SchemaPolicy MysqlFollowSource::schema_policy() {
  SchemaPolicy out;
  out.target_names = [this](const QualifiedName& name) {
    const auto found = targets_.find(name);
    return found == targets_.end() ? std::vector<QualifiedName>{} : std::vector{found->second};
  };
  return out;
}

Position MysqlFollowSource::prove(PgConnection& target, const Position& applied) {
  const auto known = read_known_source(target, task_);
  const auto progress = read_progress(target, row_);
  const bool gtids_known = progress && progress->position == applied && !progress->gtids.empty();
  applied_gtids_ = gtids_known ? std::make_shared<const GtidSet>(progress->gtids) : nullptr;
  ahead_.clear();
  if (from_files() && known) {  // they tell no more of their server
    prove_file(*known, applied);
    find_ahead(applied);
    return applied;
  }
  const std::string identity = server_identity(source());
  if (!known) {  // as it is found
    ensure_known_tables(target);
    write_known_source(target, task_, {identity, {}});
  } else if (known->system_identifier != identity && !identity.starts_with(known->system_identifier + " ")) {
    return go_over(target, applied, known->system_identifier, identity);
  } else {
    prove_file(*known, applied);
  }
  if (!gtids_known) find_gtids(target, applied);
  find_ahead(applied);
  // Even when nothing is to be followed yet: the source may be lost before.
  if (!tables_ && !resync_ && state_of(progress) == TaskState::following && !read_memory(target, task_))
    describe_tables({applied, {}, {}});
  return applied;
}

void MysqlFollowSource::find_gtids(PgConnection& target, const Position& applied) {
  const auto found = dbsync::gtids_at({source(), *home_, row_ + " (beside)"}, applied);
  if (!found) return;
  note_gtids(target, row_, applied, found->text());
  applied_gtids_ = std::make_shared<const GtidSet>(*found);
}

// Another server may have the transactions of several domains in another order: some that the
// target has then come behind the place where it goes on.
void MysqlFollowSource::find_ahead(const Position& at) {
  ahead_.clear();
  if (!applied_gtids_ || applied_gtids_->domains().size() < 2) return;
  const std::string reader = row_ + " (beside)";
  const auto before = from_files() ? gtids_in_file(*home_->open(parse_position(at.file + ":4"), reader), at)
                                   : dbsync::gtids_at({source(), *home_, reader}, at);
  if (!before)
    throw Error(ErrorKind::source, fmt::format("which GTIDs come before {} of the binlog cannot be told", at.text()))
        .hint("run again with -v, which says why; BINLOG_GTID_POS() tells them on the source");
  ahead_ = domains_ahead(*applied_gtids_, *before);
}

// A replica that was promoted, say: what the target has is told by its GTIDs there.
Position MysqlFollowSource::go_over(PgConnection& target, const Position& applied, const std::string& from,
                                    const std::string& to) {
  if (resync_)
    throw Error(ErrorKind::source,
                fmt::format("the source {} is another server now ({}, not {})", endpoint(), to, from))
        .hint("the next run goes over to it with the task, and copies the tables again there");
  if (!applied_gtids_)
    throw Error(ErrorKind::source,
                fmt::format("the source {} is another server than the one that the task {} follows (it is {}, not {})",
                            endpoint(), task_, to, from))
        .hint(std::string("its binlog has other positions, and GTIDs of the first one, by which to go on here, are not "
                          "known: connect to the first one, or begin anew: ") +
              kBeginAnew);
  const Position at = place_of({source(), *home_, task_ + " (beside)"}, *applied_gtids_);
  find_ahead(at);
  const auto progress = read_progress(target, task_);
  const bool tolerant = progress && progress->tolerant_until > applied;
  PgTransaction transaction(target);
  dbsync::go_over(target, task_, applied, at, tolerant ? home_->end() : Position{});
  write_known_source(target, task_, {to, {}});
  forget_memory(target, task_);  // the place up to which it holds was the other server's
  transaction.commit();
  log::warning("follow",
               fmt::format("the source is another server now ({}, not {}): it has all that the target has, and "
                           "its binlog goes on from there at {}",
                           to, from, at.text()));
  tables_.reset();
  return at;
}

void MysqlFollowSource::prove_file(const KnownSource& known, const Position& applied) const {
  const FileMark mark = mark_of(known.timeline);
  if (mark.file != applied.file || mark.time == 0) return;
  const auto log = events(applied, true);
  for (;;) {
    const std::string_view bytes = log->read();
    if (bytes.empty()) return;
    const BinlogEvent event = split_event(bytes, log->checksum());
    if (event.header.type != EventType::format) continue;
    if (event.header.time == mark.time) return;
    throw Error(ErrorKind::source,
                fmt::format("the source's {} is another file than the one that the task {} has read: its binlog was "
                            "begun anew (RESET MASTER)",
                            applied.file, task_))
        .hint(std::string("what was changed between the two is not known: ") + kBeginAnew);
  }
}

std::unique_ptr<ChangeStream> MysqlFollowSource::open(const StreamRange& range) {
  if (!tables_) describe_tables(range);
  BinlogOptions options;
  options.start = range.start;
  options.end = range.end;
  options.schema_known = schema_known_;
  options.spill.directory = config_.follow.spill_directory;
  options.wanted = range.wanted;
  options.place = place_;
  options.applied = AppliedGtids(applied_gtids_, ahead_);
  gtids_ = applied_gtids_ ? std::make_shared<GtidTracker>(*applied_gtids_) : nullptr;
  options.gtids = gtids_;
  options.find_prepared = [this, wanted = range.wanted](const std::string& xid, const Position& before) {
    return find_prepared(xid, before, wanted);
  };
  return std::make_unique<BinlogStream>(events(range.start, false), *tables_, options);
}

// Rows of an XA transaction stand where it was prepared, perhaps long before the place
// where this run began: file by file backwards.
std::optional<Transaction> MysqlFollowSource::find_prepared(const std::string& xid, const Position& before,
                                                            const TableWanted& wanted) {
  const auto files = home(before)->files();
  for (std::size_t i = files.size(); i-- > 0;) {
    BinlogOptions options;
    options.start = parse_position(files[i].file + ":4");
    if (options.start > before) continue;
    log::info("follow", fmt::format("looking in {} for the XA transaction {}", options.start.file, xid));
    options.schema_known = before;
    options.wanted = wanted;
    options.spill.directory = config_.follow.spill_directory;
    // Others that were prepared earlier still are nobody's concern here.
    options.find_prepared = [](const std::string&, const Position&) { return std::optional(Transaction()); };
    options.end = std::min(files[i], before);
    BinlogStream stream(events(options.start, true), *tables_, options);
    Transaction passed;
    while (stream.seen() < options.end && !stream.at_end()) stream.next(passed, ChangeStream::Clock::now());
    if (auto found = stream.take_prepared(xid)) return found;
  }
  return std::nullopt;
}

void MysqlFollowSource::measure(const Position& applied, FollowStatus& out) {
  const Position now = meter_->end();
  out.source = now.text();
  if (now <= applied) return;
  std::uint64_t bytes = 0;
  for (const Position& file : meter_->files()) {
    if (file.high < applied.high) continue;
    bytes += file.high == applied.high ? file.low - std::min(file.low, applied.low) : file.low;
  }
  out.lag_bytes = std::max<std::uint64_t>(bytes, 1);
}

// Which file of its name the position is in.
void MysqlFollowSource::remember(PgConnection& target) {
  const std::uint32_t time = place_->file_time.load();
  if (time == 0) return;
  const auto known = read_known_source(target, task_);
  const std::string mark = text_of({place_->file(), time});
  if (known && known->timeline != mark) write_known_source(target, task_, {known->system_identifier, mark});
}

void MysqlFollowSource::look_at_end(PgConnection& target, bool at_now) {
  remember(target);
  if (from_files() && at_now)
    log::info("follow",
              fmt::format("everything in the {} is applied: they end at {}", endpoint(), home_->end().text()));
  set_sequences(target);
}

void MysqlFollowSource::set_sequences(PgConnection& target) {
  RunContext run(request_);
  run.connect_target();
  remember_definitions(target);
  const Plan plan = read_plan(run);
  note_targets(plan.tasks);
  if (run.dialect.distributed) return;
  std::map<QualifiedName, SourcePosition> tables;
  for (const CopyTask& task : plan.tasks) add_source_position(task, tables);
  for (const std::string& note : move_sequences(target, tables)) log::warning("follow", note);
}

std::vector<FollowedTarget> MysqlFollowSource::targets(PgConnection& target) {
  if (targets_.empty()) {
    RunContext run(request_);
    run.connect_target();
    remember_definitions(target);
    note_targets(read_plan(run).tasks);
  }
  std::vector<FollowedTarget> out;
  for (const auto& [source, name] : targets_) out.push_back({source, name});
  return out;
}

// A partition of the target is not told from the others here: --accept-schema says that it
// was emptied on the source as well.
std::optional<bool> MysqlFollowSource::holds_rows(const FollowedTarget& table, const std::optional<QualifiedName>&) {
  if (from_files()) return std::nullopt;
  try {
    return !source()
                .query(fmt::format("SELECT 1 FROM {}.{} LIMIT 1", MysqlConnection::identifier(table.source.schema),
                                   MysqlConnection::identifier(table.source.name)))
                .empty();
  } catch (const Error& error) {
    if (error.native_code() != kNoSuchTable) throw;
    return std::nullopt;
  }
}

bool MysqlFollowSource::changes_wait(PgConnection& target, const Position& applied) {
  return waiting_bytes(request_, task_, target, applied) > 0;
}

std::uint64_t waiting_bytes(const RunRequest& request, const std::string& task, PgConnection& target,
                            const Position& applied) {
  MysqlFollowSource source(request, task, applied);
  const Position from = source.prove(target, applied);
  const Position end = source.end_position("now");
  if (end <= from) return 0;
  const auto stream = source.open({from, end, {}});
  while (stream->seen() < end) {
    if (request.drain.stop_requested()) throw Error(ErrorKind::interrupted, "stopped while reading the binlog");
    Transaction transaction;
    const auto next = stream->next(transaction, ChangeStream::Clock::now() + std::chrono::seconds(1));
    if (next != ChangeStream::Next::transaction || transaction.changes.mark().changes == 0) continue;
    FollowStatus now;
    source.measure(from, now);
    return now.lag_bytes;
  }
  return 0;
}

void MysqlFollowSource::look(PgConnection& target, const FollowStatus& now) {
  remember(target);
  if (from_files() || now.applied.empty()) return;
  const auto files = home_->files();
  if (files.empty()) return;
  const Position& oldest = files.front();
  const Position applied = parse_position(now.applied);
  if (files.size() > 2 && oldest.high + 1 >= applied.high && now.lag_bytes > 0)
    log::warning(
        "follow",
        fmt::format("the source keeps its binlog from {} on, and the task is at {}: if the source purges faster than "
                    "the task reads, changes are lost; let it keep files longer (binlog_expire_logs_seconds, "
                    "expire_logs_days)",
                    oldest.file, now.applied));
}

}  // namespace dbsync
