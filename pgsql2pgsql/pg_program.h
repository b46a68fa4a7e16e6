// pgsql2pgsql as run/ sees it: a PostgreSQL or Greenplum source.
//
// Threads and errors: as SourceProgram.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pg/left_tables.h"
#include "pg/wait_watch.h"
#include "pgsql2pgsql/schema/copy_plan.h"
#include "pgsql2pgsql/schema/extension_rows.h"
#include "pgsql2pgsql/schema/pg_catalog.h"
#include "pgsql2pgsql/schema/schema_dump.h"
#include "pgsql2pgsql/schema/schema_names.h"
#include "pgsql2pgsql/schema/schema_plan.h"
#include "pgsql2pgsql/schema/schema_restore.h"
#include "pgsql2pgsql/schema/table_ddl.h"
#include "pgsql2pgsql/source/pg_source.h"
#include "run/source_program.h"

namespace dbsync {

// What -l, --include and --exclude choose.
TableFilter table_filter(const Options& options, const Config& config);

// Where the target of a query is when its line names no schema.
std::string query_schema(const Options& options, const Config& config);

class PgProgram : public SourceProgram {
 public:
  explicit PgProgram(RunContext& run);

  JournalKey journal_key() const override;
  std::string place() const override;
  void connect() override;
  void refuse_same_database() override;
  bool check_source(FollowWish follow, CheckFindings& findings) override;
  void begin_schema() override;
  void read_source() override;
  void check_tables(const TargetCheck& check, CheckFindings& findings) override;
  DdlText ddl() override;
  void make_schema() override;
  std::vector<CopyTask> plan() override;
  SnapshotSource& source() override { return source_; }
  Position open_moment(const std::vector<CopyTask>&) override { return run_.moment->position; }
  std::set<QualifiedName> complete_tables(const std::vector<CopyTask>& tasks, std::set<std::string>& loaded) override;
  std::map<std::string, QualifiedName> followed_names(const std::vector<CopyTask>& tasks) override;
  void finish_copy(JobResult& result) override;
  bool snapshot_lost() const override { return source_.snapshot_lost(); }
  VerifyAgain verify_again() override;

 private:
  std::vector<LeftTable> left_tables();  // of the task, as the target knows them
  // Both sides' tables come from pg_dump when both speak PostgreSQL's DDL.
  bool uses_pg_dump() const { return !source_.dialect().distributed && !run_.dialect.distributed; }
  bool has_slot();
  void tell_of_followed_tables(const std::string& task);
  void warn_of_idle_rules() const;
  DumpRequest dump_request();
  SchemaPlan schema_plan(std::vector<SchemaItem> items);
  SchemaPlan read_schema();
  std::optional<LoadJournal> own_journal();
  void check_following(CheckFindings& findings);
  DefinitionRequest definition_request();
  std::string own_script(const std::vector<PgDefinition>& definitions, DdlSection section) const;

  void compare_extensions(std::vector<CopyTask>& tasks) const;
  bool replaces_rows() const { return run_.job.mode == LoadMode::truncate || run_.job.start != StartMode::fresh; }
  void define_tables(std::vector<CopyTask>& tasks);
  void define_query_targets(std::vector<CopyTask>& tasks);
  void add_post_load(std::vector<CopyTask>& tasks);
  // `rejects`: rows may have to be shown, so they go as text.
  void set_target(PgSource& source, bool rejects) const;

  template <class Unfinished>
  std::set<const PgRelation*> relations_of(const JobResult& result, const Unfinished& unfinished) const;
  void name_constraints_not_valid(JobResult& result);
  void finish_schema(JobResult& result);
  void finish_values(JobResult& result);
  void finish_large_objects(JobResult& result);

  RunContext& run_;
  const Options& options_;
  const Config& config_;
  SchemaMap map_;
  TableFilter filter_;
  SegmentRules segments_;
  PgSource source_;
  int target_version_ = 0;
  PgCatalog catalog_;
  SelectedTables selected_;
  std::map<std::string, const PgRelation*> relations_;  // by task name
  // What the sessions of the run wait for on either side.
  std::optional<WaitWatch> on_source_;
  std::optional<WaitWatch> on_target_;
  std::set<std::string> extensions_before_;  // of the target
  std::optional<ExtensionRows> extension_rows_;
  std::vector<std::string> notes_;  // beside those of the selection
  std::optional<SchemaDump> dump_;
  std::optional<SchemaPlan> schema_;
  std::optional<SchemaRestore> restore_;
};

}  // namespace dbsync
