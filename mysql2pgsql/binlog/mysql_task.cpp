#include "mysql2pgsql/binlog/mysql_task.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "cdc/known_tables.h"
#include "cdc/other_task.h"
#include "mysql2pgsql/binlog/binlog_connection.h"
#include "mysql2pgsql/binlog/binlog_files.h"
#include "mysql2pgsql/binlog/follow_check.h"
#include "mysql2pgsql/binlog/mysql_follow_source.h"
#include "mysql2pgsql/binlog/not_followed.h"
#include "mysql2pgsql/schema/engine.h"
#include "run/task_choice.h"

namespace dbsync {

namespace {

std::string variable(MysqlConnection& connection, const std::string& name) {
  const auto rows = connection.query(fmt::format("SHOW GLOBAL VARIABLES LIKE {}", MysqlConnection::literal(name)));
  return rows.empty() || rows[0].size() < 2 ? std::string() : rows[0][1].value_or("");
}

}  // namespace

MysqlTask::MysqlTask(const RunRequest& request)
    : request_(request), config_(request.config), name_(mysql_task_name(config_, target())) {}

std::string mysql_task_name(const Config& config, const PgConnection& target) {
  return task_name(config.task, config.src_mysql.describe(), target.endpoint());
}

MysqlConnection& MysqlTask::source() {
  if (!source_ || !source_->usable() || !source_->answers())
    source_ = std::make_unique<MysqlConnection>(config_.src_mysql, MysqlConnection::ForDefinitions{});
  return *source_;
}

PgConnection& MysqlTask::target() {
  if (!target_ || !target_->usable())
    target_ = std::make_unique<PgConnection>(config_.desc_pgsql, "target", request_.program);
  return *target_;
}

void MysqlTask::disconnect() {
  source_.reset();
  target_.reset();
}

bool MysqlTask::exists() { return read_progress(target(), name_).has_value(); }

TaskState MysqlTask::state() {
  const TaskState state = state_of(read_progress(target(), name_));
  if (state == TaskState::copying || state == TaskState::following)
    refuse_other_choice(target(), name_, choice_of(request_));
  return state;
}

// Rows are copied from the source alone.
void MysqlTask::refuse_files_without_place() const {
  if (request_.options.binlog_dir.empty()) return;
  if (request_.options.load == Verb::follow && !config_.src_mysql.binlogfile.empty()) return;
  throw Error(ErrorKind::config, "--binlog-dir: nothing says where in the files to begin")
      .hint(
          "it is for a task that follows already, whose copy is complete; a new one begins with --follow-only at "
          "binlogfile and binlogfile_offset of [src.mysql]");
}

// Files are as they are, whatever the server would write now.
std::vector<std::string> MysqlTask::obstacles() {
  refuse_files_without_place();
  if (!request_.options.binlog_dir.empty()) return {};
  return obstacles_to_following(source(), name_);
}

std::vector<std::string> obstacles_to_following(MysqlConnection& source, const std::string& task) {
  std::vector<std::string> out;
  if (variable(source, "log_bin") != "ON") {
    out.push_back(
        "it writes no binary log (log_bin): switch it on and restart the server; on RDS, by automated backups");
    return out;
  }
  if (const std::string format = variable(source, "binlog_format"); format != "ROW")
    out.push_back(fmt::format(
        "binlog_format is {}: SET GLOBAL binlog_format = ROW, and for sessions that are open already", format));
  const std::string image = variable(source, "binlog_row_image");
  if (image != "FULL" && variable(source, "binlog_row_value_options").find("PARTIAL_JSON") != std::string::npos)
    out.push_back(
        fmt::format("binlog_row_value_options is PARTIAL_JSON, and binlog_row_image is {}, so that JSON values "
                    "cannot be told: SET GLOBAL binlog_row_image = FULL, or SET GLOBAL "
                    "binlog_row_value_options = ''",
                    image));
  if (variable(source, "log_slave_updates") == "OFF" &&
      !source
           .query(source.is_mariadb() || source.version_number() < 80022 ? "SHOW SLAVE STATUS" : "SHOW REPLICA STATUS")
           .empty())
    out.push_back("it is a replica that does not log what it applies: log_slave_updates = ON, or follow its primary");
  try {
    BinlogConnection probe(source.endpoint(),
                           {binlog_end(source), reader_server_id(task + " (probe)"), reader_uuid(task + " (probe)")});
    probe.read();
  } catch (const Error& error) {
    if (error.connection_lost()) throw;
    out.push_back(fmt::format(
        "its binlog cannot be read ({}): GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO the user of [src.mysql]",
        error.message()));
  }
  return out;
}

bool MysqlTask::select() {
  for (const TableListEntry& entry : request_.list)
    if (!entry.query.empty()) throw query_not_followed(entry.table);
  const MysqlCatalog catalog = read_catalog(source(), config_.src_mysql.db, TableRules(config_), request_.list);
  selected_.clear();
  keyless_.clear();
  loose_ = false;
  std::vector<std::string> twice;
  for (const MysqlTable& table : catalog.tables) {
    if (!table.in_run) continue;
    selected_.push_back(table.name);
    if (table.system_versioned) throw versioned_not_followed(table.name);
    refuse_blackhole(table);
    if (without_key(table)) keyless_.push_back(table.name);
    loose_ = loose_ || without_transactions(table);
    if (without_transactions(table) && without_key(table))
      twice.push_back(fmt::format("{} ({})", table.name, table.engine));
  }
  if (of_own_moments()) refuse_own_moments(source(), catalog);
  if (!twice.empty())
    log::warning("follow", fmt::format("rows of tables without transactions and without a key that are written during "
                                       "the copy come twice; {}",
                                       join(twice, ", ")));
  return !selected_.empty();
}

// With --follow-only the copy was somebody else's.
bool MysqlTask::of_own_moments() const {
  return config_.src_mysql.consistency == Consistency::none && request_.options.load != Verb::follow;
}

// The snapshot does not hold for tables without transactions.
Position MysqlTask::mixed_until() {
  if (selected_.empty()) select();
  return loose_ || of_own_moments() ? binlog_end(source()) : Position();
}

void remember_tables(PgConnection& target, const std::string& task, const std::string& db,
                     const std::vector<std::string>& names) {
  ensure_progress_table(target);
  ensure_known_tables(target);
  for (const std::string& name : names) write_known_table(target, task, {{db, name}, 0, 1});
}

void MysqlTask::refuse_second_task() {
  if (selected_.empty()) select();
  std::vector<QualifiedName> tables;
  for (const std::string& name : selected_) tables.push_back({config_.src_mysql.db, name});
  const std::string here = server_identity(source());
  dbsync::refuse_second_task(target(), name_, tables, [&](const OtherTask& other) { return other.source == here; });
}

// But for --follow-only the copy opens its snapshot itself, and tells where that is in the
// binlog.
CopyMoment MysqlTask::begin(const std::stop_token&) {
  refuse_files_without_place();
  refuse_second_task();
  start_creating(target(), name_);
  ensure_known_tables(target());
  forget_source(target(), name_);
  write_known_source(target(), name_, {server_identity(source()), {}});
  write_choice(target(), name_, choice_of(request_));
  if (request_.options.load == Verb::follow) {
    remember_tables(target(), name_, config_.src_mysql.db, selected_);
    CopyMoment out;
    if (!config_.src_mysql.binlogfile.empty()) return given_moment();
    out.position = binlog_end(source());
    return out;
  }
  return {};
}

Position MysqlTask::given_place() const {
  const MysqlEndpoint& given = config_.src_mysql;
  return parse_position(fmt::format("{}:{}", given.binlogfile, std::max<std::uint64_t>(given.binlogfile_offset, 4)));
}

// As rds_dbsync's users do: the place was noted before the copy, which has a part of what comes
// behind it.
CopyMoment MysqlTask::given_moment() {
  CopyMoment out;
  out.position = given_place();
  const std::string& directory = request_.options.binlog_dir;
  out.tolerant_until =
      directory.empty() ? binlog_end(source()) : BinlogFiles::list(directory, base_of(out.position)).back();
  if (!keyless_.empty())
    log::warning("follow", fmt::format("rows of tables without a key that are in the copy and behind {} come twice: {}",
                                       out.position.text(), join(keyless_, ", ")));
  return out;
}

Position MysqlTask::earliest_beginning() {
  const bool given = request_.options.load == Verb::follow && !config_.src_mysql.binlogfile.empty();
  return given ? given_place() : binlog_end(source());
}

CopyMoment MysqlTask::later_moment(const std::stop_token&) {
  if (!request_.options.binlog_dir.empty())
    throw Error(ErrorKind::config, fmt::format("--binlog-dir: the copy of the task {} is not complete", name_))
        .hint("without the option it goes on");
  return {};
}

std::unique_ptr<FollowSource> MysqlTask::log() {
  const auto progress = read_progress(target(), name_);
  return std::make_unique<MysqlFollowSource>(request_, name_, progress ? progress->position : Position{});
}

std::unique_ptr<FollowSource> MysqlTask::resync_log() {
  return std::make_unique<MysqlFollowSource>(request_, name_, Position{}, true);
}

std::vector<QualifiedName> MysqlTask::tables() {
  select();
  std::vector<QualifiedName> out;
  // One with an origin column shares its target with tables of other sources.
  const TableRules rules(config_);
  for (const std::string& name : selected_)
    if (const QualifiedName table{config_.src_mysql.db, name}; !rules.origin(table)) out.push_back(table);
  return out;
}

// The end of a task forgets where it was.
void MysqlTask::refuse_lost_changes() {
  const auto progress = read_progress(target(), name_);
  if (state_of(progress) != TaskState::following) return;
  std::uint64_t bytes = 0;
  try {
    bytes = waiting_bytes(request_, name_, target(), progress->position);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::target || error.kind() == ErrorKind::interrupted) throw;
    return lose_what_is_unknown(progress->position, error, request_.options.force);
  }
  if (bytes > 0) lose_changes(progress->position, bytes, "binlog", request_.options.force);
}

// The source may be gone by now: --end-at has set them as well.
void MysqlTask::hand_over() {
  refuse_lost_changes();
  if (ends_while_copying(target(), name_)) return;
  try {
    MysqlFollowSource(request_, name_).set_sequences(target());
  } catch (const Error& error) {
    log::warning("follow", fmt::format("sequences of the target's columns are not set again: {}; --end-at has set them "
                                       "at its end, else setval() by hand",
                                       error.what()));
  }
}

void MysqlTask::end() {
  if (known_tables_exist(target())) forget_source(target(), name_);
  if (exists()) delete_progress(target(), name_);
  log::info("follow", fmt::format("the task {} is ended; the source kept nothing for it", name_));
}

}  // namespace dbsync
