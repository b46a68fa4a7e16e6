// What the source's catalog says that its stream of changes does not: how a new
// column is defined, and which root a partition belongs to.
//
// Asks on a connection of its own, opened when first needed. The answers are of
// now, while changes are of their time: a definition whose type differs from the
// change's is refused.
//
// Threads: one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cdc/schema_policy.h"
#include "pg/connection.h"

namespace dbsync {

class SourceSchema {
 public:
  SourceSchema(std::string conninfo, std::string application_name);

  // The definition of a column added to a table that holds rows, or why it cannot
  // be told.
  std::optional<ColumnDefinition> describe_column(const Relation& relation, const RelationColumn& column,
                                                  std::string& reason);

  // The table itself, then the tables that it is a partition of, up to the root.
  std::vector<QualifiedName> lineage(const QualifiedName& table);

 private:
  PgConnection& connection();

  std::string conninfo_;
  std::string application_name_;
  std::unique_ptr<PgConnection> connection_;
};

}  // namespace dbsync
