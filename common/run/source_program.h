// What the two programs differ in: their kind of source. The verbs (copy_run.h,
// check_run.h, ddl_run.h, task_run.h) call these steps in the order that they stand
// here; each says what it needs.
//
// One object serves one run (RunContext), and lives as long. Threads: main. Errors: of
// the source or the target, with a HINT; what concerns one table becomes its task's
// `problem`.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "check/check_findings.h"
#include "check/target_check.h"
#include "copy/copy_job.h"
#include "copy/load_journal.h"
#include "copy/snapshot_source.h"
#include "run/run_context.h"
#include "verify/verify_job.h"

namespace dbsync {

// What -d prints, and the tables that it could not write.
struct DdlText {
  std::string text;
  std::vector<Error> problems;
};

class SourceProgram {
 public:
  virtual ~SourceProgram() = default;

  // Whose journal of the copy on the target this is.
  virtual JournalKey journal_key() const = 0;
  // Where tables go, for the log: ", schema x", or "".
  virtual std::string place() const = 0;

  // Fills facts.source and source_version; joins the context's moment.
  virtual void connect() = 0;
  // With both servers connected: that they are not one.
  virtual void refuse_same_database() {}
  // Version, settings, limits, and what following needs. False when the server is too
  // old to be asked for more.
  virtual bool check_source(FollowWish follow, CheckFindings& findings) = 0;

  // What may take long and is needed by make_schema() only, beside what comes next.
  virtual void begin_schema() {}
  // Catalog and selection; warns of rules of my.cfg that are for nothing.
  virtual void read_source() = 0;
  // The tables on both sides.
  virtual void check_tables(const TargetCheck& check, CheckFindings& findings) = 0;
  // -d, for the context's dialect.
  virtual DdlText ddl() = 0;

  // What --create makes before tables are planned: types, functions, tables.
  virtual void make_schema() {}
  virtual std::vector<CopyTask> plan() = 0;
  // After plan(). Valid as long as this object.
  virtual SnapshotSource& source() = 0;
  // For tasks that follow, when the context's moment has no position: opens the
  // snapshot, and says where in the source's log it is.
  virtual Position open_moment(const std::vector<CopyTask>& tasks) = 0;
  // For tasks that follow, after plan(): tables of which no part may stay as it is,
  // since changes of some of it cannot be applied alone, are taken out of `loaded`, the
  // tasks whose rows an earlier run brought whole. Returns the names under which changes
  // of those that stay come.
  virtual std::set<QualifiedName> complete_tables(const std::vector<CopyTask>& tasks,
                                                  std::set<std::string>& loaded) = 0;
  // For --resync: the log is read once for the tasks in `others` and once for the rest, so
  // those whose changes act on tables of the rest, in a way that the rest's reading must
  // know, are taken out of them.
  virtual void leave_out_bound(std::set<std::string>& /*others*/) {}
  // For tasks that follow, after plan(): under which names changes of what the tasks bring
  // come, by task name; without those that are not followed.
  virtual std::map<std::string, QualifiedName> followed_names(const std::vector<CopyTask>& tasks) = 0;
  // What is left when rows are in: sequences, the rest of the schema, large objects.
  virtual void finish_copy(JobResult& result) = 0;
  // Whether a copy that failed for what may pass can only go on from a later moment.
  virtual bool snapshot_lost() const { return false; }

  // --verify-only while a task follows: how to look again.
  virtual VerifyAgain verify_again() { return {}; }
};

using ProgramFactory = std::function<std::unique_ptr<SourceProgram>(RunContext&)>;

}  // namespace dbsync
