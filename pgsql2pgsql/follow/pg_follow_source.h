// PostgreSQL as a source that is followed: replication slot, publication, catalog.
//
// Threads and errors: as FollowSource.
#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cdc/known_tables.h"
#include "cdc/transaction_assembler.h"
#include "config/config.h"
#include "follow/follow_source.h"
#include "pgsql2pgsql/follow/choice_watch.h"
#include "pgsql2pgsql/follow/continuity.h"
#include "pgsql2pgsql/follow/follow_task.h"
#include "pgsql2pgsql/follow/retained_wal.h"
#include "pgsql2pgsql/schema/schema_names.h"
#include "pgsql2pgsql/schema/source_schema.h"

namespace dbsync {

class PgFollowSource : public FollowSource {
 public:
  // `map`: of the source's schemas to the target's. Everything given must outlive it.
  PgFollowSource(const Config& config, const FollowTask& task, const SchemaMap& map);

  // What this run's choice and the task's tables differ in is told at the start and now and
  // then while the task follows.
  void watch_choice(ChoiceWatch choice) { choice_.emplace(std::move(choice)); }

  std::string endpoint() override { return source().endpoint(); }
  void disconnect() override {
    end_ = {};
    source_.reset();
    meter_.reset();
  }
  // The connection of the task, which needs it no more.
  void take(std::unique_ptr<PgConnection> source) { source_ = std::move(source); }
  std::shared_ptr<void> prefetch(PgConnection& target) override;
  void prepare(const std::string& end_at) override;
  Position end_position(const std::string& end_at) override;
  bool binary() const override { return binary_; }
  SchemaPolicy schema_policy() override;
  Position prove(PgConnection& target, const Position& applied) override;
  std::unique_ptr<ChangeStream> open(const StreamRange& range) override;
  void prove_stream(const Position& start) override;
  void measure(const Position& applied, FollowStatus& out) override;
  std::vector<FollowedTarget> targets(PgConnection& target) override;
  std::optional<bool> holds_rows(const FollowedTarget& table, const std::optional<QualifiedName>& leaf) override;
  bool changes_wait(PgConnection& target, const Position& applied) override;
  void look(PgConnection& target, const FollowStatus& now) override;
  void look_at_end(PgConnection& target, bool at_now) override;
  std::vector<Relation> changed_at_end(PgConnection& target) override;
  std::vector<Relation> changed_behind(PgConnection& target, const Position& applied) override;
  std::vector<Relation> changed_since_copy(PgConnection& target, const std::set<QualifiedName>& complete) override;
  std::optional<Error> keeps_too_much(const FollowStatus& now) override;
  [[noreturn]] void give_up(const Error& error) override;
  std::optional<std::chrono::seconds> patience_with(const Error& error) const override;
  bool open_in_other_form(const Error& error) override;

 private:
  PgConnection& source();
  PgConnection& meter();
  void prefetch_more(PgConnection& target);
  void choose_format();
  Position end_of_log();
  Position look_for_end(const std::string& end_at);
  void read_names(const std::vector<KnownTable>& followed);
  RelationWanted wanted(const StreamRange& range) const;
  void refuse_generated(PgConnection& target, const std::vector<KnownTable>& followed);
  void look_at_tables(PgConnection& target);
  std::vector<Relation> columns_of_known(PgConnection& target);
  // Those that the target was not fitted to.
  std::vector<Relation> changed_columns(PgConnection& target);

  const Config& config_;
  const FollowTask& task_;
  const SchemaMap& map_;
  std::unique_ptr<PgConnection> source_;
  std::unique_ptr<PgConnection> meter_;  // of measure(), and of the end before that
  std::future<Position> end_;            // asked for by prepare()
  Continuity continuity_;
  RetainedWalGuard guard_;
  std::multimap<std::uint32_t, QualifiedName> names_;  // of the task's tables by oid, as proved last
  std::map<std::uint32_t, Relation> columns_at_start_;
  struct ChangedColumns {
    Relation columns;
    Position seen_at;  // changes that end behind it were made to them
  };
  std::map<std::uint32_t, ChangedColumns> changed_;
  std::unique_ptr<SourceSchema> schema_;
  bool binary_ = false;
  std::chrono::milliseconds sender_timeout_{0};
  std::optional<ChoiceWatch> choice_;
  std::set<std::string> told_;
  std::chrono::steady_clock::time_point last_differences_{};
};

}  // namespace dbsync
