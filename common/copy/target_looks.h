// What is asked of the tables of the target before the first row is sent: all of it in two
// round trips, whatever their number, as long as nothing is changed in between.
//
// Threads: as the connection. Errors: of the connection, where an answer is asked for.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <vector>

#include "copy/copy_job.h"
#include "pg/catalog.h"
#include "pg/prefetch.h"

namespace dbsync {

class TargetLooks {
 public:
  // Runs the statements of `first`, in the same message as it sends what names alone lead to.
  // `running`: the tasks that may run. All but that and `first` must outlive it.
  TargetLooks(PgConnection& target, const Dialect& dialect, const std::vector<CopyTask>& tasks,
              const JobOptions& options, const std::vector<bool>& running, const std::vector<PgQuery>& first);

  // Sends what these, as find_relations() gave them, lead to.
  void go_on(const std::map<QualifiedName, TargetTable>& relations);

  // Of a table that was among them; asks for many tables at once.
  bool has_rows(const TargetTable& table);

 private:
  struct Batch {
    std::vector<QualifiedName> tables;
    PgQuery question;
  };

  void add_batches(const std::map<QualifiedName, TargetTable>& relations);
  void read(const Batch& batch);

  PgConnection& target_;
  const std::vector<CopyTask>& tasks_;
  const JobOptions& options_;
  std::set<QualifiedName> names_;    // of the tasks that may run
  std::set<QualifiedName> guarded_;  // and of those beside
  bool one_server_;                  // and keys and triggers act
  PgPrefetch ahead_;
  std::vector<Batch> batches_;               // not read yet
  std::map<QualifiedName, bool> have_rows_;  // as far as they were
};

}  // namespace dbsync
