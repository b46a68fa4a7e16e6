// A task that follows a MySQL or MariaDB source: the snapshot that its copy reads, and the
// binlog from there on. The source keeps nothing for it.
//
// Threads and errors: as FollowedTask.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "mysql2pgsql/client/mysql_connection.h"
#include "run/followed_task.h"

namespace dbsync {

class MysqlTask : public FollowedTask {
 public:
  explicit MysqlTask(const RunRequest& request);

  const std::string& name() const override { return name_; }
  std::string source_endpoint() override { return config_.src_mysql.describe(); }
  bool exists() override;
  std::string copy_only_settings() const override { return {}; }
  std::vector<std::string> obstacles() override;
  TaskState state() override;
  bool select() override;
  CopyMoment begin(const std::stop_token& stop) override;
  Position earliest_beginning() override;
  CopyMoment later_moment(const std::stop_token& stop) override;
  Position mixed_until() override;
  std::unique_ptr<FollowSource> log() override;
  // All of the run's: one that is made later is followed when it was copied.
  std::vector<QualifiedName> tables() override;
  void accept(const std::set<QualifiedName>&) override {}
  CopyMoment resync_moment(const std::stop_token& stop) override { return later_moment(stop); }
  std::unique_ptr<FollowSource> resync_log() override;
  std::optional<std::string> why_resync_is_lost(const Position&) override { return std::nullopt; }
  void end_resync() override {}
  std::optional<Error> watch(StatusWriter&) override { return std::nullopt; }
  [[noreturn]] void give_up(const Error& error) override { throw Error(error); }
  std::string keeps() const override { return "the task is not at its end"; }
  void hand_over() override;
  void end() override;
  void disconnect() override;

 private:
  MysqlConnection& source();
  Position given_place() const;
  CopyMoment given_moment();
  bool of_own_moments() const;
  void refuse_lost_changes();
  void refuse_files_without_place() const;
  void refuse_second_task();
  PgConnection& target();

  const RunRequest request_;
  const Config& config_;
  std::unique_ptr<MysqlConnection> source_;
  std::unique_ptr<PgConnection> target_;
  std::string name_;
  std::vector<std::string> selected_;  // tables, by select()
  std::vector<std::string> keyless_;   // of them
  bool loose_ = false;                 // some have no transactions
};

// Of the progress row.
std::string mysql_task_name(const Config& config, const PgConnection& target);
// The tables that the task follows; later ones are not.
void remember_tables(PgConnection& target, const std::string& task, const std::string& db,
                     const std::vector<std::string>& names);
// Why the source does not send its changes: "fact: remedy". `task`: names the reader that
// tries.
std::vector<std::string> obstacles_to_following(MysqlConnection& source, const std::string& task);

}  // namespace dbsync
