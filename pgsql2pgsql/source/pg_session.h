// One session on a PostgreSQL source, inside of the snapshot: cuts tables into
// chunks and hands over the server's COPY output.
//
// Chunks: ranges of ctid from PostgreSQL 14 on, where the server reads just the
// blocks asked for; ranges of an integer key before, when the rows lie in its
// order. On Greenplum and its relatives one chunk a segment.
//
// Threads: one, except cancel().
#pragma once

#include <cstdint>
#include <memory>
#include <set>

#include "pg/connection.h"
#include "pgsql2pgsql/source/pg_source.h"

namespace dbsync {

class PgSession : public SourceSession {
 public:
  PgSession(std::unique_ptr<PgConnection> connection, const PgSourceFacts& facts)
      : connection_(std::move(connection)), facts_(facts) {}

  void plan_chunks(const CopyTask& task, const ChunkSizes& sizes, const std::function<void(Chunk)>& emit) override;
  std::unique_ptr<ChunkReader> open(const CopyTask& task, const Chunk& chunk, const TargetTable& target,
                                    CopyFormatChoice format) override;
  RowShape shape(const CopyTask& task, const TargetTable& target) override;
  PgResult compute(const CopyTask& task, const Chunk& chunk, const TargetTable& target,
                   const std::string& list) override;
  bool usable() noexcept override { return connection_->usable() && connection_->idle_in_transaction(); }
  void cancel() noexcept override { connection_->cancel(); }

 private:
  // What is read for one chunk: the SQL of a row source, and its columns.
  struct Selection {
    std::string sql;                // a query, or "" for the whole table
    std::vector<PgColumn> columns;  // as read, with the target's names
  };

  const PgRelation& relation_of(const CopyTask& task) const;
  Selection select_table(const PgRelation& relation, const Chunk& chunk, const TargetTable& target) const;
  Selection select_query(const CopyTask& task, const TargetTable& target);
  std::string query_of(const CopyTask& task, const Selection& selection) const;
  Selection select(const CopyTask& task, const Chunk& chunk, const TargetTable& target);
  void use_search_path(bool of_user);
  void release_locks();
  void keep_lock(const PgRelation& relation);
  bool choose_binary(const CopyTask& task, const Selection& selection, const TargetTable& target,
                     CopyFormatChoice choice) const;
  bool plan_by_ctid(const PgRelation& relation, std::uint64_t chunks, const std::function<void(Chunk)>& emit);
  bool plan_by_segment(const PgRelation& relation, const std::function<void(Chunk)>& emit);
  bool plan_by_key(const PgRelation& relation, std::uint64_t chunks, const std::function<void(Chunk)>& emit);

  std::unique_ptr<PgConnection> connection_;
  const PgSourceFacts& facts_;
  // Of the connection, beside what each has from the start.
  struct Settings {
    bool users_path = false;
    bool tid_scans = false;
    bool jit = true;
  };
  Settings settings_;
  Settings settings_of_savepoint_;
  unsigned reads_ = 0;            // of tables or chunks
  std::set<std::uint32_t> kept_;  // tables whose locks are in front of the savepoint
};

}  // namespace dbsync
