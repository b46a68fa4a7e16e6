// That the target's tables are those which the task filled, and still hold what it put
// into them (target_files.h).
//
// Stops: a table that was dropped and made again or swapped with another one; one that was
// emptied by somebody else, by TRUNCATE or by deleting all rows, where the source's has
// rows. A table that was written anew and holds rows is taken as it is with a warning, for
// that is what VACUUM FULL and many a statement of our own hints do; PlanCache looks before
// the task's next rows come into it, so that an emptied one is not taken for such.
//
// That all rows were deleted is seen where none of the task's own changes can have done it:
// at a start when nothing was applied since the last look, and at the end when nothing waits
// on the source. Tables whose source is empty by then are never in the way.
//
// Threads: as the connection. Errors: ErrorKind::target with the way out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cdc/target_files.h"
#include "pg/connection.h"

namespace dbsync {

// What is asked of the source.
struct SourceRows {
  // Whether its table has rows now; with `leaf`, what goes into that leaf of the target's
  // partition tree. Nothing: that cannot be told.
  std::function<std::optional<bool>(const FollowedTarget& table, const std::optional<QualifiedName>& leaf)> holds_rows;
  // Whether changes wait there that the target does not have. Asked after holds_rows.
  std::function<bool()> waits = {};
};

class TargetProof {
 public:
  // `tables`: those whose changes are applied. All must outlive it.
  // `following`: the task is not copying; else nothing is noted, nor what needs it looked for.
  TargetProof(PgConnection& target, const std::string& task, const std::vector<FollowedTarget>& tables,
              const SourceRows& source, bool following)
      : target_(target), task_(task), tables_(tables), source_(source), following_(following) {}

  // Before changes are applied. Tables of which nothing is known are taken as they are.
  // `accepts`: the user says that the target is as it should be.
  void begin(bool accepts);
  // While following, and when it ends. `touched`: tables of the target that the task's
  // changes have come into since it was called last.
  void look(const std::set<QualifiedName>& touched);
  // The same when everything up to the end is applied.
  void look_at_end(const std::set<QualifiedName>& touched);

 private:
  // What is wrong with one table.
  struct Fault {
    const FollowedTarget* table;
    std::string text;
  };

  void compare(bool accepts);
  void compare_one(const FollowedTarget& table, const TargetFiles& before, TargetFiles& now);
  void write_changed();
  void record_new();
  void prove_restored(const TargetFiles& before, const FollowedTarget& table, const TargetFiles& now);
  void note_rows(const std::set<QualifiedName>& touched);
  void find_deleted();
  void fail_if_any();
  std::vector<std::size_t> known_ones(const std::function<bool(RowsSeen)>& wanted) const;
  std::vector<std::size_t> empty_ones(const std::function<bool(RowsSeen)>& wanted);
  std::vector<TargetFile> touched_ones(const std::set<QualifiedName>& touched) const;
  std::vector<bool> hold_rows(const std::vector<TargetFile>& files);

  PgConnection& target_;
  const std::string& task_;
  const std::vector<FollowedTarget>& tables_;
  const SourceRows& source_;
  const bool following_;
  KnownFiles known_;
  std::vector<TargetFiles> now_;
  std::map<std::uint32_t, bool> held_;  // whether they hold rows, as far as that was asked for
  KnownFiles changed_;
  std::vector<std::string> rewritten_;
  std::vector<Fault> faults_;
};

// As the rows of these tables come to be complete; within the caller's transaction.
// `rows`: by table, as rows_in() finds them.
void record_targets(PgConnection& target, const std::string& task, const std::vector<FollowedTarget>& tables,
                    const std::vector<RowsSeen>& rows);
std::vector<RowsSeen> rows_in(PgConnection& target, const std::vector<FollowedTarget>& tables);

// The same for one table whose changes come now, in the transaction that applies them: its
// files as they are; nothing when it is not known. `locked`: nobody else writes it anew then
// until the end of the transaction.
std::optional<TargetFiles> prove_target(PgConnection& target, const std::string& task, const QualifiedName& source,
                                        bool locked);
// Where its changes would go is `known`.
void refuse_other_target(PgConnection& target, const std::string& task, const FollowedTarget& table,
                         std::uint32_t known);

}  // namespace dbsync
