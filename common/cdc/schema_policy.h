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
  bool not_null = false;
  std::string collation_sql = {};  // "" = the type's own
  std::string comment = {};
  struct Constraint {
    std::string name;  // quoted
    std::string sql;   // CHECK (…), UNIQUE (…)
  };
  std::vector<Constraint> checks = {};
  std::vector<Constraint> others = {};  // keys and foreign keys: told, not made
};

// A column that the source computes.
struct GeneratedColumn {
  std::string name;
  std::string type_sql;
  std::string expression;
  bool stored = true;
};

struct SchemaPolicy {
  NewColumnPolicy new_columns = NewColumnPolicy::add;
  // Relation::id is a table's own for all its life, whatever its name.
  bool ids_stay = false;
  std::string task = {};  // whose books know the columns; for hints
  // New columns of types that the target has not become text, and defaults that it cannot
  // compute are told and not made.
  bool takes_text = false;
  // number_columns() of these tables, by Relation::id, will be asked for while what is
  // returned lives; null: nothing can be asked ahead.
  std::function<std::shared_ptr<void>(const std::vector<std::uint32_t>& ids)> prefetch_columns;
  // Numbers the columns of a description; `before`: what the target was fitted to.
  std::function<void(Relation& relation, const Relation* before)> number_columns;
  // A column's type as the target writes it; without it: by its name or number.
  std::function<std::string(const RelationColumn& column)> type_of;
  // The columns that the source computes, sent or not.
  std::function<std::vector<GeneratedColumn>(const Relation& relation)> generated_columns;
  // The labels of a column's enum on the source, in their order.
  std::function<std::vector<std::string>(const RelationColumn& column)> enum_labels;
  // The partitions of a table on the source, parents first, as statements that make
  // them on the target.
  struct Partition {
    QualifiedName name;  // on the target
    std::string create;
  };
  std::function<std::vector<Partition>(const Relation& relation)> partitions;
  // Where a source table's changes may go, best first; without it: the same name.
  std::function<std::vector<QualifiedName>(const QualifiedName& source)> target_names;
  // The definition of a source column, or why it cannot be told (in `reason`).
  std::function<std::optional<ColumnDefinition>(const Relation& relation, const RelationColumn& column,
                                                std::string& reason)>
      describe_column;
};

// The target table for `relation`, changed on the target where the policy says
// so; within the caller's transaction. `before`: the description that held until
// now, or null. `target_oid`: the table that holds its rows, whatever its name; 0 = it
// is found by the name.
TargetRelation fit_target(PgConnection& connection, const Relation& relation, const Relation* before,
                          const SchemaPolicy& policy, std::uint32_t target_oid = 0);

// Stops at a column that the source computes and does not send, and the target does not.
void refuse_uncomputed_columns(const Relation& relation, const TargetRelation& target, const SchemaPolicy& policy);

// The table of the target that a followed table is known to have its rows in is gone.
Error target_table_gone(const QualifiedName& source);

}  // namespace dbsync
