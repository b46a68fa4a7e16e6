// mysql2pgsql as run/ sees it: a MySQL or MariaDB source.
//
// Threads and errors: as SourceProgram.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mysql2pgsql/migration.h"
#include "mysql2pgsql/precheck.h"
#include "mysql2pgsql/source/mysql_source.h"
#include "run/source_program.h"

namespace dbsync {

class MysqlProgram : public SourceProgram {
 public:
  explicit MysqlProgram(RunContext& run);

  JournalKey journal_key() const override;
  std::string place() const override { return ", schema " + run_.config.target_schema; }
  void connect() override;
  bool check_source(FollowWish follow, CheckFindings& findings) override;
  void begin_schema() override { makes_schema_ = true; }
  void read_source() override;
  void check_tables(const TargetCheck& check, CheckFindings& findings) override;
  DdlText ddl() override;
  std::vector<CopyTask> plan() override;
  SnapshotSource& source() override { return *source_; }
  Position open_moment(const std::vector<CopyTask>& tasks) override;
  std::set<QualifiedName> complete_tables(const std::vector<CopyTask>& tasks, std::set<std::string>& loaded) override;
  void leave_out_bound(std::set<std::string>& others) override;
  std::map<std::string, QualifiedName> followed_names(const std::vector<CopyTask>& tasks) override;
  void finish_copy(JobResult& result) override;
  bool snapshot_lost() const override { return source_ && source_->snapshot_lost(); }

 private:
  PlanRequest plan_request();
  const std::vector<CopyTask>& tasks();

  RunContext& run_;
  const SegmentRules segments_;
  bool makes_schema_ = false;
  std::unique_ptr<MysqlConnection> connection_;  // that plans
  std::optional<MysqlServerFacts> server_;       // for one check
  MapOptions mapping_;
  MysqlCatalog catalog_;
  MappedSchema schema_;
  std::optional<std::vector<CopyTask>> tasks_;
  std::optional<MysqlSource> source_;
};

// How tables and types are mapped in this run.
MapOptions map_options_of(const RunContext& run);

}  // namespace dbsync
