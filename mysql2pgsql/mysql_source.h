// MySQL and MariaDB as the source of a full copy.
#pragma once

#include <memory>
#include <vector>

#include "config/config.h"
#include "copy/snapshot_source.h"
#include "mysql2pgsql/mysql_catalog.h"
#include "mysql2pgsql/row_encoder.h"
#include "schema/dialect.h"

namespace dbsync {

class MysqlSource : public SnapshotSource {
 public:
  // Keeps references: endpoint and catalog must outlive it.
  MysqlSource(const MysqlEndpoint& endpoint, const std::vector<MysqlTable>& catalog, Dialect dialect,
              ValuePolicies policies);

  std::unique_ptr<SourceSession> new_session() override;

 private:
  const MysqlEndpoint& endpoint_;
  const std::vector<MysqlTable>& catalog_;
  Dialect dialect_;
  ValuePolicies policies_;
};

// SELECT of a whole table: every column by name, in the catalog's order.
std::string whole_table_query(const MysqlTable& table);

}  // namespace dbsync
