#include "cdc/schema_policy.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

const RelationColumn* find_column(const Relation& relation, const std::string& name) {
  for (const auto& column : relation.columns)
    if (column.name == name) return &column;
  return nullptr;
}

TargetRelation find_target(PgConnection& connection, const Relation& relation, const SchemaPolicy& policy) {
  const std::vector<QualifiedName> candidates =
      policy.target_names ? policy.target_names(relation.name) : std::vector{relation.name};
  for (const QualifiedName& name : candidates)
    if (auto table = read_target_relation(connection, name)) return *table;
  throw Error(ErrorKind::target,
              fmt::format("the source sends changes of {}, and the target has no table {}", relation.name.display(),
                          candidates.empty() ? relation.name.display() : candidates.front().display()))
      .hint("create the table on the target and copy its rows, or take it out of the publication on the source "
            "(ALTER PUBLICATION … DROP TABLE …); then start again");
}

// The source's type of a column as the target would write it.
std::string type_on_target(PgConnection& connection, const RelationColumn& column) {
  if (!column.type_name.empty()) return column.type_name;
  return connection
      .exec("SELECT pg_catalog.format_type($1::pg_catalog.oid, $2::pg_catalog.int4)",
            {std::to_string(column.type_oid), std::to_string(column.typmod)})
      .text(0, 0);
}

// A type changed on the source: its rows were written anew there, and no change
// tells. The target's column must have the new type already.
void check_types(PgConnection& connection, const Relation& relation, const Relation& before,
                 const TargetRelation& target) {
  for (const RelationColumn& column : relation.columns) {
    const RelationColumn* old = find_column(before, column.name);
    if (old == nullptr || (old->type_oid == column.type_oid && old->typmod == column.typmod)) continue;
    const TargetColumnInfo* mine = target.find_column(column.name);
    const std::string type = type_on_target(connection, column);
    if (mine == nullptr || mine->declared_sql == type) continue;
    throw Error(ErrorKind::target, fmt::format("the type of {}.{} changed to {} on the source; it is {} on the target",
                                               relation.name.display(), column.name, type, mine->declared_sql))
        .hint(fmt::format("run on the target: ALTER TABLE {} ALTER COLUMN {} TYPE {}; then start again",
                          quote_name(target.name), quote_identifier(column.name), type));
  }
}

Error cannot_add(const Relation& relation, const TargetRelation& target, const RelationColumn& column,
                 const std::string& reason) {
  return Error(ErrorKind::target, fmt::format("{} has a column {} on the source that the target lacks, and {}",
                                              relation.name.display(), column.name, reason))
      .hint(fmt::format("add, or rename, the column of {} on the target so that its rows hold what the source's do; "
                        "then start again",
                        quote_name(target.name)));
}

void add_column(PgConnection& connection, const Relation& relation, const TargetRelation& target,
                const RelationColumn& column, const SchemaPolicy& policy) {
  std::string reason = "how it is defined is not known";
  const auto definition =
      policy.describe_column ? policy.describe_column(relation, column, reason) : std::optional<ColumnDefinition>{};
  if (!definition) throw cannot_add(relation, target, column, reason);
  const std::string table = quote_name(target.name);
  const std::string name = quote_identifier(column.name);
  connection.exec(fmt::format("ALTER TABLE {} ADD COLUMN {} {}{}", table, name, definition->type_sql,
                              definition->missing_sql.empty() ? "" : " DEFAULT " + definition->missing_sql));
  if (definition->default_sql != definition->missing_sql)
    connection.exec(fmt::format("ALTER TABLE {} ALTER COLUMN {} {}", table, name,
                                definition->default_sql.empty() ? "DROP DEFAULT"
                                                                : "SET DEFAULT " + definition->default_sql));
  log::warning("apply", fmt::format("{}: the column {} {} was added on the target, as the source has it now",
                                    target.name.display(), column.name, definition->type_sql));
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

}  // namespace

TargetRelation fit_target(PgConnection& connection, const Relation& relation, const Relation* before,
                          const SchemaPolicy& policy) {
  TargetRelation target = find_target(connection, relation, policy);
  if (before != nullptr) check_types(connection, relation, *before, target);
  std::vector<const RelationColumn*> missing;
  for (const auto& column : relation.columns)
    if (target.find_column(column.name) == nullptr) missing.push_back(&column);
  const auto gone = before != nullptr ? columns_gone(*before, relation) : columns_unknown_to_source(target, relation);
  if (missing.empty()) {
    if (before != nullptr && !gone.empty())
      log::warning("apply", fmt::format("{}: the source no longer has the column {}; the target keeps it, and new rows "
                                        "get its default there",
                                        relation.name.display(), join(gone, ", ")));
    return target;
  }
  if (policy.new_columns == NewColumnPolicy::stop)
    throw cannot_add(relation, target, *missing.front(), "adding columns is switched off");
  if (!gone.empty())
    throw cannot_add(relation, target, *missing.front(),
                     fmt::format("the column {} may be the same one under its old name", join(gone, ", ")));
  for (const RelationColumn* column : missing) add_column(connection, relation, target, *column, policy);
  return find_target(connection, relation, policy);
}

}  // namespace dbsync
