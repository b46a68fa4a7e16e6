// A PostgreSQL source: one snapshot for all sessions, and its COPY output.
//
// begin() opens a planning connection that holds the snapshot to the end of this
// object: it exports one, or joins the one that the creation of a replication
// slot exported (use_snapshot) and exports it again, so that the slot's session
// need not be kept. The catalog is read on that connection, hence as of the same
// moment. Every worker's session imports the snapshot, on a standby too.
//
// Threads: session() and what it returns as SnapshotSource says; the rest on the
// thread that owns the object. Errors: ErrorKind::source.
// Source: PostgreSQL manual, "Snapshot Synchronization Functions", SET
// TRANSACTION, "Hot Standby".
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "copy/snapshot_source.h"
#include "pg/connection.h"
#include "pgsql2pgsql/schema/pg_catalog.h"
#include "schema/dialect.h"

namespace dbsync {

// What a session needs to know of both sides; one value for all sessions.
struct PgSourceFacts {
  std::string conninfo;
  std::string application_name;
  Dialect dialect;           // of the source
  int target_version = 0;    // PQserverVersion
  bool prefer_text = false;  // the target takes text more cheaply, where the order of columns allows it
  bool need_text = false;    // rows may have to be shown: a reject limit
  bool standby = false;
  std::string snapshot;  // "" = each session has its own
  // The tables behind the tasks without a query, by task name.
  std::map<std::string, const PgRelation*> relations;
  std::map<std::uint32_t, SegmentTable> segments;  // of a source with segments
};

class PgSource : public SnapshotSource {
 public:
  PgSource(std::string conninfo, std::string application_name);

  // Before begin(): join this snapshot instead of taking one. `lsn`: where
  // following starts.
  void use_snapshot(std::string name, std::string lsn);
  // `sessions`: how many there will be.
  PgConnection& begin(unsigned sessions);

  // For pg_dump --snapshot; "" when there is none to join.
  const std::string& snapshot_name() const { return facts_.snapshot; }
  // The source's position at the snapshot, or a little behind; "" = not known.
  const std::string& lsn() const { return lsn_; }
  // A session came too late to join the snapshot: whatever held it is gone.
  bool snapshot_lost() const { return snapshot_lost_; }
  const Dialect& dialect() const { return facts_.dialect; }
  bool on_standby() const { return facts_.standby; }
  // The planning connection, inside of the snapshot.
  PgConnection& planner() { return *planner_; }

  void set_target(int version, bool prefer_text, bool need_text);
  // The relations must live as long as the sessions.
  void set_relations(std::map<std::string, const PgRelation*> relations) { facts_.relations = std::move(relations); }

  void set_segments(std::map<std::uint32_t, SegmentTable> segments) { facts_.segments = std::move(segments); }

  SnapshotFacts open_snapshot(unsigned sessions, const std::vector<CopyTask>& tasks) override;
  std::unique_ptr<SourceSession> session() override;
  std::optional<SnapshotHistory> history() override;
  bool computes(const PgConnection& target) const override;

 private:
  void check_standby();
  bool can_export() const;

  PgSourceFacts facts_;
  std::string given_snapshot_;
  std::string lsn_;
  std::string holder_;  // pid of the backend that holds the snapshot; "" = not known
  std::atomic<bool> snapshot_lost_ = false;
  std::unique_ptr<PgConnection> planner_;
};

}  // namespace dbsync
