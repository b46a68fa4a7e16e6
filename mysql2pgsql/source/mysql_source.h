// MySQL and MariaDB as the source of a full copy.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/config.h"
#include "copy/snapshot_source.h"
#include "mysql2pgsql/row/row_encoder.h"
#include "mysql2pgsql/schema/mysql_catalog.h"
#include "mysql2pgsql/schema/schema_map.h"

namespace dbsync {

class MysqlSource : public SnapshotSource {
 public:
  // Keeps references: everything given must outlive it.
  MysqlSource(const MysqlEndpoint& endpoint, const MysqlCatalog& catalog, const MapOptions& options,
              const ValuePolicies& policies)
      : endpoint_(endpoint), catalog_(catalog), options_(options), policies_(policies) {}

  // Before open_snapshot(): changes since the snapshot will be followed, so every row
  // must be of its one moment, and its position in the binlog known.
  void require_moment() { moment_required_ = true; }
  // A session came too late to join the snapshot that was required.
  bool snapshot_lost() const { return snapshot_lost_; }

  void connect_ahead(unsigned sessions) override;
  // Again: the same snapshot.
  SnapshotFacts open_snapshot(unsigned sessions, const std::vector<CopyTask>& tasks) override;
  std::unique_ptr<SourceSession> session() override;
  std::optional<SnapshotHistory> history() override;
  bool snapshot_held() const override { return !later_moment_; }

  // A session that is done with: the next one goes on in its snapshot.
  void give_back(std::unique_ptr<MysqlConnection> connection);

 private:
  using Connections = std::vector<std::unique_ptr<MysqlConnection>>;

  std::unique_ptr<MysqlConnection> take(Connections& from);  // null: none
  std::unique_ptr<MysqlConnection> replace_session();
  std::vector<std::string> tables_to_lock(const std::vector<CopyTask>& tasks) const;

  const MysqlEndpoint& endpoint_;
  const MysqlCatalog& catalog_;
  const MapOptions& options_;
  const ValuePolicies& policies_;
  std::mutex mutex_;  // guards the next two
  Connections free_;  // on the snapshot, nobody's
  Connections used_;  // the same, and may have failed since
  SnapshotFacts snapshot_;
  std::atomic<bool> later_moment_{false};
  bool moment_required_ = false;
  std::atomic<bool> snapshot_lost_{false};
};

}  // namespace dbsync
