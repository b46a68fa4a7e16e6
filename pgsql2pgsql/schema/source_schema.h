// What the source's catalog says that its stream of changes does not: how a new
// column is defined, how columns are numbered, and which root a partition belongs to.
//
// Asks on a connection of its own, opened when first needed. The answers are of
// now, while changes are of their time: a definition whose type differs from the
// change's is refused. SQL comes with the target's schema names.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cdc/schema_policy.h"
#include "pg/connection.h"
#include "pgsql2pgsql/schema/schema_names.h"
#include "pgsql2pgsql/schema/sql_rename.h"

namespace dbsync {

// The users' objects that SQL may name.
ObjectNames read_object_names(PgConnection& source);

class SourceSchema {
 public:
  SourceSchema(std::string conninfo, std::string application_name, const SchemaMap& map);

  // The definition of a column added to a table that holds rows, or why it cannot
  // be told.
  std::optional<ColumnDefinition> describe_column(const Relation& relation, const RelationColumn& column,
                                                  std::string& reason);
  // By the catalog when it has the same columns in the same order, else as `before`
  // has them, if it is the same; the other way round when the description is known to be
  // older than a change of the catalog.
  void number_columns(Relation& relation, const Relation* before);
  // What number_columns() asks of these tables, by Relation::id, is sent ahead; the answers
  // live as long as what is returned.
  std::shared_ptr<void> prefetch_columns(const std::vector<std::uint32_t>& ids);
  std::string type_of(const RelationColumn& column);
  std::vector<std::string> enum_labels(const RelationColumn& column);
  std::vector<SchemaPolicy::Partition> partitions(const Relation& relation);
  std::vector<GeneratedColumn> generated_columns(const Relation& relation);

  // The table itself, then the tables that it is a partition of, up to the root.
  std::vector<QualifiedName> lineage(const QualifiedName& table);

 private:
  PgConnection& connection();
  std::string renamed(const std::string& sql);
  bool from_before_a_drop(const Relation& relation, const Relation& before, const std::vector<RelationColumn>& catalog);

  std::string conninfo_;
  std::string application_name_;
  const SchemaMap& map_;
  std::optional<ObjectNames> objects_;
  std::unique_ptr<PgConnection> connection_;
};

}  // namespace dbsync
