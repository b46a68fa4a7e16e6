// A task that follows a PostgreSQL source: publication, replication slot, and the
// snapshot that comes with the slot.
//
// Threads and errors: as FollowedTask.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pgsql2pgsql/follow/follow_task.h"
#include "pgsql2pgsql/follow/published_tables.h"
#include "pgsql2pgsql/follow/retained_wal.h"
#include "pgsql2pgsql/schema/copy_plan.h"
#include "pgsql2pgsql/schema/pg_catalog.h"
#include "run/followed_task.h"

namespace dbsync {

class PgFollowSource;

class PgTask : public FollowedTask {
 public:
  // Connects to both servers, which must not be one database.
  explicit PgTask(const RunRequest& request);

  const std::string& name() const override { return task_.name; }
  std::string source_endpoint() override { return source().endpoint(); }
  void prove_servers() override;
  void open_ahead() const override;
  std::shared_ptr<void> prefetch_state() override;
  bool exists() override;
  std::string copy_only_settings() const override;
  std::vector<std::string> obstacles() override;
  TaskState state() override;
  bool select() override;
  CopyMoment begin(const std::stop_token& stop) override;
  Position earliest_beginning() override { return log()->end_position("now"); }
  CopyMoment later_moment(const std::stop_token& stop) override;
  std::unique_ptr<FollowSource> log() override;
  std::unique_ptr<FollowSource> follow_log() override;
  std::vector<QualifiedName> tables() override;
  void accept(const std::set<QualifiedName>& tables) override;
  CopyMoment resync_moment(const std::stop_token& stop) override;
  std::unique_ptr<FollowSource> resync_log() override;
  std::optional<std::string> why_resync_is_lost(const Position& position) override;
  void end_resync() override;
  std::optional<Error> watch(StatusWriter& status) override;
  [[noreturn]] void give_up(const Error& error) override;
  std::string keeps() const override;
  void hand_over() override;
  void end() override;
  void disconnect() override;

 private:
  // What is chosen comes to on the source, as of now.
  struct Selection {
    PgCatalog catalog;
    SelectedTables tables;
  };

  PgConnection& source();
  PgConnection& target();
  std::unique_ptr<PgFollowSource> make_log();
  std::unique_ptr<Selection> select_now(const std::vector<TableListEntry>& list);
  PublishedTables published_of(const Selection& selection);
  void refuse_identities(const PublishedTables& published);
  void tell_of_large_objects();
  std::string choice() const;

  const RunRequest request_;
  const Options& options_;
  const Config& config_;
  SchemaMap map_;
  std::unique_ptr<PgConnection> source_;
  std::unique_ptr<PgConnection> target_;
  std::shared_ptr<void> identities_;  // asked for
  FollowTask task_;                   // named by the endpoints of both
  FollowTask resync_;                 // with the slot of tables that are copied again
  RetainedWalGuard guard_;
  RetainedWalGuard resync_guard_;
  bool resync_keeps_too_much_ = false;
  std::unique_ptr<Selection> selection_;   // as it was checked; begin() takes it
  std::unique_ptr<PgConnection> watcher_;  // watch()'s own
};

}  // namespace dbsync
