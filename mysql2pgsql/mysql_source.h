// MySQL and MariaDB as the source of a full copy.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "copy/snapshot_source.h"
#include "mysql2pgsql/mysql_catalog.h"
#include "mysql2pgsql/row_encoder.h"
#include "mysql2pgsql/schema_map.h"

namespace dbsync {

class MysqlSource : public SnapshotSource {
 public:
  // Keeps references: everything given must outlive it.
  MysqlSource(const MysqlEndpoint& endpoint, const MysqlCatalog& catalog, const MapOptions& options,
              const ValuePolicies& policies)
      : endpoint_(endpoint), catalog_(catalog), options_(options), policies_(policies) {}

  std::unique_ptr<SourceSession> new_session() override;

 private:
  const MysqlEndpoint& endpoint_;
  const MysqlCatalog& catalog_;
  const MapOptions& options_;
  const ValuePolicies& policies_;
};

}  // namespace dbsync
