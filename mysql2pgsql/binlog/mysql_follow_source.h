// MySQL or MariaDB as a source that is followed: its binlog, its catalog.
//
// The tables are described by the catalog as it is when following begins: it must hold at
// that place of the binlog, and does until the stream meets a new definition, where it
// stops. What the catalog said is kept with the task, so it holds when it says the same; else
// the binlog is looked through. With --binlog-dir the source is not needed.
//
// Threads and errors: as FollowSource.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "cdc/known_tables.h"
#include "follow/follow_source.h"
#include "mysql2pgsql/binlog/binlog_home.h"
#include "mysql2pgsql/binlog/binlog_stream.h"
#include "mysql2pgsql/binlog/definition_scan.h"
#include "mysql2pgsql/binlog/gtid_places.h"
#include "mysql2pgsql/binlog/source_memory.h"
#include "mysql2pgsql/schema/mysql_catalog.h"
#include "mysql2pgsql/schema/schema_map.h"
#include "run/run_context.h"

namespace dbsync {

class MysqlFollowSource : public FollowSource {
 public:
  // `at`: where the task is; its files are called so. `resync`: for its tables that are
  // copied again, while another reads for the others.
  MysqlFollowSource(const RunRequest& request, std::string task, const Position& at = {}, bool resync = false);

  std::string endpoint() override { return home_->describe(); }
  void disconnect() override;
  void prepare(const std::string&) override {}
  Position end_position(const std::string& end_at) override;
  bool binary() const override { return !text_; }
  SchemaPolicy schema_policy() override;
  Position prove(PgConnection& target, const Position& applied) override;
  std::string gtids_at(const Position& position) override { return gtids_ ? gtids_->at(position) : std::string(); }
  std::unique_ptr<ChangeStream> open(const StreamRange& range) override;
  void measure(const Position& applied, FollowStatus& out) override;
  std::vector<FollowedTarget> targets(PgConnection& target) override;
  std::optional<bool> holds_rows(const FollowedTarget& table, const std::optional<QualifiedName>& leaf) override;
  bool changes_wait(PgConnection& target, const Position& applied) override;
  bool accepts_targets() const override { return request_.options.accept_schema; }
  void look(PgConnection& target, const FollowStatus& now) override;
  void look_at_end(PgConnection& target, bool) override;
  std::vector<Relation> changed_at_end(PgConnection&) override { return {}; }
  std::vector<Relation> changed_since_copy(PgConnection&, const std::set<QualifiedName>&) override { return {}; }
  std::optional<Error> keeps_too_much(const FollowStatus&) override { return std::nullopt; }
  [[noreturn]] void give_up(const Error& error) override { throw Error(error); }
  std::optional<std::chrono::seconds> patience_with(const Error&) const override { return std::nullopt; }
  bool open_in_other_form(const Error&) override { return false; }

  // Sequences of the target's columns go on behind the rows, and behind AUTO_INCREMENT.
  void set_sequences(PgConnection& target);

 private:
  // The tables that are followed, as a copy plans them.
  struct Plan {
    MapOptions mapping;
    MysqlCatalog catalog;
    std::vector<CopyTask> tasks;
  };

  bool from_files() const { return !request_.options.binlog_dir.empty(); }
  MysqlConnection& source();
  std::unique_ptr<BinlogHome> home(const Position& at) const;
  std::unique_ptr<EventSource> events(const Position& from, bool beside) const;
  void remember_definitions(PgConnection& target);
  Plan read_plan(RunContext& run);
  void describe_tables(const StreamRange& range);
  void name_tables(Plan& plan, const StreamRange& range);
  void settle_definitions(RunContext& run, const StreamRange& range, Plan& plan);
  bool kept_holds(SourceMemory& kept, const Plan& plan) const;
  void keep_known(PgConnection& target, std::vector<CopyTask>& tasks) const;
  void keep_memory(PgConnection& target);
  void note_targets(const std::vector<CopyTask>& tasks);
  void warn_of_cascades();
  void accept_definitions(const std::vector<FoundDefinition>& found);
  void prove_file(const KnownSource& known, const Position& applied) const;
  void find_gtids(PgConnection& target, const Position& applied);
  void find_ahead(const Position& at);
  Position go_over(PgConnection& target, const Position& applied, const std::string& from, const std::string& to);
  void remember(PgConnection& target);
  std::optional<Transaction> find_prepared(const std::string& xid, const Position& before, const TableWanted& wanted);

  const RunRequest request_;
  const Config& config_;
  std::string task_;
  bool resync_;
  std::string row_;  // of dbsync.apply_progress
  bool text_ = false;
  std::unique_ptr<BinlogHome> home_;
  std::unique_ptr<BinlogHome> meter_;  // measure()'s own
  std::unique_ptr<MysqlConnection> source_;
  std::unique_ptr<SourceMemory> memory_;
  std::unique_ptr<BinlogTables> tables_;
  std::map<QualifiedName, QualifiedName> targets_;
  Position schema_known_;
  std::shared_ptr<const GtidSet> applied_gtids_;  // where the next stream begins; null: not known
  DomainsAhead ahead_;                            // of them, behind that place
  std::shared_ptr<GtidTracker> gtids_;
  std::shared_ptr<BinlogPlace> place_ = std::make_shared<BinlogPlace>();  // where the stream reads
};

// Of the binlog, in bytes, when changes of the task's tables are behind `applied`; 0 when none are.
std::uint64_t waiting_bytes(const RunRequest& request, const std::string& task, PgConnection& target,
                            const Position& applied);

// Which server this is, as far as it says so. MariaDB's of one machine may share their UID:
// their server_id goes with it.
std::string server_identity(MysqlConnection& connection);

}  // namespace dbsync
