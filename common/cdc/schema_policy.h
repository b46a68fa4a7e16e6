// What happens when a source table is described that the target does not match.
//
// A column that is new on the source is added when its definition can be derived
// and nothing speaks for a renamed column. Everything else stops with advice: a
// change of the schema is never passed over.
//
// Errors: ErrorKind::target with a hint that says what to do on which server.
// Threads: as TargetSession.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cdc/relation.h"
#include "cdc/target_relation.h"
#include "pg/connection.h"

namespace dbsync {

enum class NewColumnPolicy { add, stop };

// How the source defines a column.
struct ColumnDefinition {
  std::string type_sql;
  // The value that rows from before the column was added have, as a literal; ""
  // = NULL.
  std::string missing_sql;
  std::string default_sql;  // for rows to come; "" = none
};

struct SchemaPolicy {
  NewColumnPolicy new_columns = NewColumnPolicy::add;
  // Where a source table's changes may go, best first; without it: the same name.
  std::function<std::vector<QualifiedName>(const QualifiedName& source)> target_names;
  // The definition of a source column, or why it cannot be told (in `reason`).
  std::function<std::optional<ColumnDefinition>(const Relation& relation, const RelationColumn& column,
                                                std::string& reason)>
      describe_column;
};

// The target table for `relation`, changed on the target where the policy says
// so; within the caller's transaction. `before`: the description that held until
// now, or null.
TargetRelation fit_target(PgConnection& connection, const Relation& relation, const Relation* before,
                          const SchemaPolicy& policy);

}  // namespace dbsync
