#include "cdc/schema_policy.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "cdc/drift_hint.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

const RelationColumn* find_column(const Relation& relation, const std::string& name) {
  for (const auto& column : relation.columns)
    if (column.name == name) return &column;
  return nullptr;
}

TargetRelation find_target(PgConnection& connection, const Relation& relation, const SchemaPolicy& policy,
                           std::uint32_t oid) {
  if (oid != 0) {
    if (auto table = read_target_relation(connection, oid)) return *table;
    throw target_table_gone(relation.name)
        .hint(fmt::format("make the table there, then {}", copy_again(relation.name)));
  }
  const std::vector<QualifiedName> candidates =
      policy.target_names ? policy.target_names(relation.name) : std::vector{relation.name};
  for (const QualifiedName& name : candidates)
    if (auto table = read_target_relation(connection, name)) return *table;
  throw Error(ErrorKind::target,
              fmt::format("the source sends changes of {}, and the target has no table {}", relation.name.display(),
                          candidates.empty() ? relation.name.display() : candidates.front().display()))
      .hint(fmt::format("create the table on the target, then {}; or take it out of the publication on the source "
                        "(ALTER PUBLICATION … DROP TABLE …) and start again",
                        copy_again(relation.name)));
}

// The source's type of a column as the target would write it.
std::string type_on_target(PgConnection& connection, const RelationColumn& column, const SchemaPolicy& policy) {
  if (policy.type_of) return policy.type_of(column);
  if (!column.type_name.empty()) return column.type_name;
  return connection
      .exec("SELECT pg_catalog.format_type($1::pg_catalog.oid, $2::pg_catalog.int4)",
            {std::to_string(column.type_oid), std::to_string(column.typmod)})
      .text(0, 0);
}

// A column that was dropped and made again under its name: what its rows from before
// hold, no change tells.
void check_places(const Relation& relation, const Relation& before, const TargetRelation& target,
                  const std::string& task) {
  for (const RelationColumn& column : relation.columns) {
    const RelationColumn* old = find_column(before, column.name);
    if (old == nullptr || old->number == 0 || column.number == 0 || old->number == column.number) continue;
    if (target.find_column(column.name) == nullptr) continue;
    throw Error(ErrorKind::target,
                fmt::format("the column {} of {} is another one on the source now: it was dropped and made again",
                            column.name, relation.name.display()))
        .hint(fmt::format(
            "run on the target: ALTER TABLE {} DROP COLUMN {}; then start again: the column is added as the source has "
            "it "
            "now; or make it anew there, with the values of the source, and run on the target: DELETE FROM "
            "dbsync.apply_columns WHERE task = {} AND schema_name = {} AND table_name = {} AND column_name = {}",
            quote_name(target.name), quote_identifier(column.name), quote_literal(task),
            quote_literal(relation.name.schema), quote_literal(relation.name.name), quote_literal(column.name)));
  }
}

// Names with a mapped schema come with quotes that the catalog leaves out.
bool same_type(PgConnection& connection, const TargetColumnInfo& column, const std::string& type) {
  if (column.declared_sql == type) return true;
  if (type.find('"') == std::string::npos) return false;
  return connection.exec("SELECT coalesce(pg_catalog.to_regtype($1)::text, '')", {type}).value(0, 0) ==
         column.declared_sql;
}

// A type changed on the source: its rows were written anew there, and no change
// tells. The target's column must have the new type already.
void check_types(PgConnection& connection, const Relation& relation, const Relation& before,
                 const TargetRelation& target, const SchemaPolicy& policy) {
  for (const RelationColumn& column : relation.columns) {
    const RelationColumn* old = find_column(before, column.name);
    if (old == nullptr || (old->type_oid == column.type_oid && old->typmod == column.typmod)) continue;
    const TargetColumnInfo* mine = target.find_column(column.name);
    const std::string type = type_on_target(connection, column, policy);
    if (mine == nullptr || same_type(connection, *mine, type)) continue;
    throw Error(ErrorKind::target, fmt::format("the type of {}.{} changed to {} on the source; it is {} on the target",
                                               relation.name.display(), column.name, type, mine->declared_sql))
        .hint(fmt::format("run on the target: ALTER TABLE {} ALTER COLUMN {} TYPE {}; then start again",
                          quote_name(target.name), quote_identifier(column.name), type));
  }
}

Error cannot_add(const Relation& relation, const TargetRelation& target, const RelationColumn& column,
                 const std::string& type, const std::string& reason) {
  return Error(ErrorKind::target, fmt::format("{} has a column {} on the source that the target lacks, and {}",
                                              relation.name.display(), column.name, reason))
      .hint(fmt::format(
          "if it is a new one, run on the target: ALTER TABLE {} ADD COLUMN {} {}; and fill it for the rows that are "
          "there; if it is one with a new name, ALTER TABLE {} RENAME COLUMN … TO {}; then start again",
          quote_name(target.name), quote_identifier(column.name), type, quote_name(target.name),
          quote_identifier(column.name)));
}

// What may not hold for the rows that are there yet is tried, and told when it fails.
void try_alter(PgConnection& connection, const std::string& statement, std::vector<std::string>& left) {
  connection.exec("SAVEPOINT dbsync_alter");
  try {
    connection.exec(statement);
  } catch (const Error& error) {
    if (error.connection_lost()) throw;
    connection.exec("ROLLBACK TO SAVEPOINT dbsync_alter");
    left.push_back(statement);
  }
  connection.exec("RELEASE SAVEPOINT dbsync_alter");
}

struct AddedColumn {
  const RelationColumn* column;
  ColumnDefinition definition;
  std::vector<std::string> left;  // statements that the target refused
};

// As a copy makes it of what the target has not.
void fit_type(PgConnection& connection, const TargetRelation& target, const RelationColumn& column,
              ColumnDefinition& definition) {
  const PgResult there =
      connection.exec(fmt::format("SELECT pg_catalog.to_regtype({})", quote_literal(definition.type_sql)));
  if (!there.is_null(0, 0)) return;
  log::warning("apply", fmt::format("{}: the target has no type {}: the column {} is text there", target.name.display(),
                                    definition.type_sql, column.name));
  definition.type_sql = "text";
  definition.collation_sql.clear();
}

AddedColumn add_column(PgConnection& connection, const Relation& relation, const TargetRelation& target,
                       const RelationColumn& column, const SchemaPolicy& policy) {
  std::string reason = "how it is defined is not known";
  auto definition =
      policy.describe_column ? policy.describe_column(relation, column, reason) : std::optional<ColumnDefinition>{};
  if (!definition) throw cannot_add(relation, target, column, type_on_target(connection, column, policy), reason);
  const std::string table = quote_name(target.name);
  const std::string name = quote_identifier(column.name);
  if (policy.takes_text) fit_type(connection, target, column, *definition);
  connection.exec(fmt::format("ALTER TABLE {} ADD COLUMN {} {}{}{}", table, name, definition->type_sql,
                              definition->collation_sql.empty() ? "" : " COLLATE " + definition->collation_sql,
                              definition->missing_sql.empty() ? "" : " DEFAULT " + definition->missing_sql));
  std::vector<std::string> left;
  if (definition->default_sql != definition->missing_sql) {
    const std::string alter = fmt::format("ALTER TABLE {} ALTER COLUMN {} ", table, name);
    const std::string set = alter + "SET DEFAULT " + definition->default_sql;
    // Where that is refused, rows from before keep theirs, and new ones bring their values.
    const bool may_lack = policy.takes_text && !definition->default_sql.empty();
    if (definition->default_sql.empty() || (may_lack && !definition->missing_sql.empty()))
      connection.exec(alter + "DROP DEFAULT");
    if (may_lack)
      try_alter(connection, set, left);
    else if (!definition->default_sql.empty())
      connection.exec(set);
  }
  if (!definition->comment.empty())
    connection.exec(fmt::format("COMMENT ON COLUMN {}.{} IS {}", table, name, quote_literal(definition->comment)));
  return {&column, *definition, left};
}

// When all new columns are there, since a check may name several.
void add_constraints(PgConnection& connection, const TargetRelation& target, const std::vector<AddedColumn>& added) {
  const std::string table = quote_name(target.name);
  std::set<std::string> done;
  for (const auto& [column, definition, refused] : added) {
    std::vector<std::string> left = refused;
    if (definition.not_null)
      try_alter(connection,
                fmt::format("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL", table, quote_identifier(column->name)),
                left);
    for (const auto& check : definition.checks)
      if (done.insert(check.name).second)
        try_alter(connection, fmt::format("ALTER TABLE {} ADD CONSTRAINT {} {}", table, check.name, check.sql), left);
    for (const auto& other : definition.others)
      if (done.insert(other.name).second)
        left.push_back(fmt::format("ALTER TABLE {} ADD CONSTRAINT {} {}", table, other.name, other.sql));
    log::warning("apply", fmt::format("{}: the column {} {} was added on the target, as the source has it now{}",
                                      target.name.display(), column->name, definition.type_sql,
                                      left.empty() ? "" : "; not made, for you to run there: " + join(left, "; ")));
  }
}

// One that the source has had since the target was fitted to it last was dropped on the target,
// with values that no change brings again.
void refuse_lost_column(const Relation& relation, const Relation& before, const TargetRelation& target,
                        const RelationColumn& column, const std::string& type) {
  const RelationColumn* old = find_column(before, column.name);
  if (old == nullptr || old->number == 0 || old->number != column.number) return;
  throw Error(ErrorKind::target, fmt::format("the column {} of {} is gone from the target, and its values with it",
                                             column.name, relation.name.display()))
      .hint(fmt::format("run on the target: ALTER TABLE {} ADD COLUMN {} {}; then {}", quote_name(target.name),
                        quote_identifier(column.name), type, copy_again(relation.name)));
}

// A column that the source computes and the target does not would stay empty, or as
// it was.
void refuse_uncomputed(const Relation& relation, const TargetRelation& target, const std::vector<std::string>& unsent,
                       const SchemaPolicy& policy) {
  if (unsent.empty() || !policy.generated_columns) return;
  for (const GeneratedColumn& column : policy.generated_columns(relation)) {
    if (std::find(unsent.begin(), unsent.end(), column.name) == unsent.end()) continue;
    const std::string name = quote_identifier(column.name);
    throw Error(ErrorKind::target,
                fmt::format("{}.{} is generated on the source, which does not send it, and an ordinary column on "
                            "the target",
                            relation.name.display(), column.name))
        .hint(fmt::format("run on the target: ALTER TABLE {0} DROP COLUMN {1}; ALTER TABLE {0} ADD COLUMN {1} {2} "
                          "GENERATED ALWAYS AS "
                          "({3}) STORED; then start again",
                          quote_name(target.name), name, column.type_sql, column.expression));
  }
}

// Columns of `from` that `in` has not.
std::vector<std::string> columns_gone(const Relation& from, const Relation& in) {
  std::vector<std::string> out;
  for (const auto& column : from.columns)
    if (find_column(in, column.name) == nullptr) out.push_back(column.name);
  return out;
}

std::vector<std::string> columns_unknown_to_source(const TargetRelation& target, const Relation& relation) {
  std::vector<std::string> out;
  for (const auto& column : target.columns)
    if (!column.generated && find_column(relation, column.name) == nullptr) out.push_back(column.name);
  return out;
}

TargetRelation fitted(PgConnection& connection, const Relation& relation, const Relation* before,
                      const SchemaPolicy& policy, std::uint32_t target_oid) {
  TargetRelation target = find_target(connection, relation, policy, target_oid);
  const auto unsent = columns_unknown_to_source(target, relation);
  refuse_uncomputed(relation, target, unsent, policy);
  if (before != nullptr) {
    check_places(relation, *before, target, policy.task);
    check_types(connection, relation, *before, target, policy);
  }
  std::vector<const RelationColumn*> missing;
  for (const auto& column : relation.columns)
    if (target.find_column(column.name) == nullptr) missing.push_back(&column);
  const auto gone = before != nullptr ? columns_gone(*before, relation) : unsent;
  if (missing.empty()) {
    if (before != nullptr && !gone.empty())
      log::warning("apply", fmt::format("{}: the source no longer has the column {}; the target keeps it, and new rows "
                                        "get its default there",
                                        relation.name.display(), join(gone, ", ")));
    return target;
  }
  const std::string type = type_on_target(connection, *missing.front(), policy);
  if (before != nullptr)
    for (const RelationColumn* column : missing)
      refuse_lost_column(relation, *before, target, *column, type_on_target(connection, *column, policy));
  if (policy.new_columns == NewColumnPolicy::stop)
    throw cannot_add(relation, target, *missing.front(), type, "adding columns is switched off");
  if (!gone.empty())
    throw cannot_add(relation, target, *missing.front(), type,
                     fmt::format("the column {} may be the same one under its old name", join(gone, ", ")));
  std::vector<AddedColumn> added;
  for (const RelationColumn* column : missing)
    added.push_back(add_column(connection, relation, target, *column, policy));
  add_constraints(connection, target, added);
  return find_target(connection, relation, policy, target.oid);
}

}  // namespace

TargetRelation fit_target(PgConnection& connection, const Relation& relation, const Relation* before,
                          const SchemaPolicy& policy, std::uint32_t target_oid) {
  TargetRelation target = fitted(connection, relation, before, policy, target_oid);
  return target;
}

void refuse_uncomputed_columns(const Relation& relation, const TargetRelation& target, const SchemaPolicy& policy) {
  refuse_uncomputed(relation, target, columns_unknown_to_source(target, relation), policy);
}

Error target_table_gone(const QualifiedName& source) {
  return Error(ErrorKind::target, fmt::format("the table of the target that held the rows of {} is gone: it was "
                                              "dropped, or dropped and made again",
                                              source.display()));
}

}  // namespace dbsync
