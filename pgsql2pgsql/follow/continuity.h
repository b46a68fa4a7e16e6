// Whether a task may go on following: that its slot and publication have missed
// nothing since the target was at its position.
//
// Kept on the target (cdc/known_tables.h) and compared with the source at each
// start and now and then: which server it is, up to where the slot is confirmed,
// and that the publication publishes each table, the same one as before, with all
// its rows, columns and operations; and that its rows are in the target's table where
// they were (table_places.h). Tasks of versions that kept nothing are taken
// as they are found.
//
// What left the publication and was said may come back: the DBA has seen it. What
// left and came back between two looks stops until its row is removed from
// dbsync.apply_tables, for nobody knows what was lost.
//
// Errors: ErrorKind::source with the command that helps. Threads: as the connections.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cdc/known_tables.h"
#include "cdc/position.h"
#include "pg/together.h"
#include "pgsql2pgsql/follow/follow_task.h"
#include "pgsql2pgsql/schema/schema_names.h"

namespace dbsync {

// The publication publishes its tables whole, with all operations.
void prove_publication(PgConnection& source, const std::string& publication);

// As the task begins: what is published is what will be followed.
void record_source(PgConnection& source, PgConnection& target, const FollowTask& task);

// Why what the slot keeps cannot be read whole: from 18 on the server passes over changes
// from before its publication was made, or was dropped, without an error.
std::optional<std::string> why_changes_stay_away(PgConnection& source, PgConnection& target, const FollowTask& task);

// These tables are copied again, so that what happened to them before counts no more: they
// are noted as the source has them now. Those that the publication does not publish whole
// stay as they are.
void accept_tables(PgConnection& source, PgConnection& target, const FollowTask& task,
                   const std::set<QualifiedName>& tables);

class Continuity {
 public:
  Continuity(const FollowTask& task, const SchemaMap& map) : task_(task), map_(map) {}

  // Before changes are asked for; `applied`: where the target is.
  void prove(PgConnection& source, PgConnection& target, const Position& applied);
  // As prove() and look() ask the source first, for PgPrefetch.
  std::vector<PgQuery> questions_of_proof(const PgConnection& source) const;
  std::vector<PgQuery> questions_of_look() const;
  // And what both ask of either side by the answers to these; `known`: the task's tables.
  void prefetch_more(PgConnection& source, PgConnection& target, const std::vector<KnownTable>& known);
  // While following, and at its end: the publication, and the tables on both sides.
  void look(PgConnection& source, PgConnection& target);
  // That the slot has all behind `applied`. While it is read nobody else can replace it, so
  // it is asked for again when the stream stands.
  void prove_slot(PgConnection& source, const Position& applied) const;

 private:
  void prove_server(PgConnection& source, PgConnection& target, const KnownSource& known);

  const FollowTask& task_;
  const SchemaMap& map_;
  std::set<QualifiedName> told_;  // tables that are gone from the source
  // As was asked last, which the next look will ask most likely.
  std::optional<PgQuery> of_source_;
  std::optional<PgQuery> of_target_;
};

}  // namespace dbsync
