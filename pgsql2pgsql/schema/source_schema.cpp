#include "pgsql2pgsql/schema/source_schema.h"

#include <algorithm>

#include <fmt/format.h>

#include "embedded_sql.h"
#include "pg/prefetch.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr int kMissingValuesSince = 110000;

// attmissingval is an array of one element of the column's type.
std::string missing_value(PgConnection& source, const std::string& table_oid, const std::string& column) {
  return source
      .exec(
          "SELECT (attmissingval::text::text[])[1] FROM pg_catalog.pg_attribute WHERE attrelid = $1::oid AND attname = "
          "$2",
          {table_oid, column})
      .text(0, 0);
}

PgQuery question_of_columns(std::uint32_t table) { return {sql::source_column_numbers, {std::to_string(table)}}; }

}  // namespace

ObjectNames read_object_names(PgConnection& source) {
  ObjectNames out;
  const PgResult result = source.exec(sql::user_objects, {});
  for (int row = 0; row < result.rows(); ++row) out.emplace(result.text(row, 0), result.text(row, 1));
  return out;
}

SourceSchema::SourceSchema(std::string conninfo, std::string application_name, const SchemaMap& map)
    : conninfo_(std::move(conninfo)), application_name_(std::move(application_name)), map_(map) {}

PgConnection& SourceSchema::connection() {
  if (connection_ && connection_->usable()) return *connection_;
  connection_ = std::make_unique<PgConnection>(conninfo_, "source", application_name_);
  return *connection_;
}

std::string SourceSchema::renamed(const std::string& sql) {
  if (map_.identity() || sql.empty()) return sql;
  objects_ = read_object_names(connection());  // a new type is among them
  return rename_schemas(sql, map_, *objects_);
}

std::string SourceSchema::type_of(const RelationColumn& column) {
  return renamed(connection()
                     .exec("SELECT pg_catalog.format_type($1::pg_catalog.oid, $2::pg_catalog.int4)",
                           {std::to_string(column.type_oid), std::to_string(column.typmod)})
                     .text(0, 0));
}

std::shared_ptr<void> SourceSchema::prefetch_columns(const std::vector<std::uint32_t>& ids) {
  std::vector<PgQuery> questions;
  for (const std::uint32_t id : ids) questions.push_back(question_of_columns(id));
  return std::make_shared<PgPrefetch>(connection(), std::move(questions));
}

void SourceSchema::number_columns(Relation& relation, const Relation* before) {
  const PgResult result = ask(connection(), question_of_columns(relation.id));
  std::vector<RelationColumn> catalog;
  for (int row = 0; row < result.rows(); ++row) {
    const std::string name = result.text(row, 0);
    const bool sent = std::any_of(relation.columns.begin(), relation.columns.end(),
                                  [&](const auto& column) { return column.name == name; });
    if (sent)
      catalog.push_back({.name = name,
                         .type_oid = static_cast<std::uint32_t>(result.integer(row, 2)),
                         .typmod = static_cast<std::int32_t>(result.integer(row, 3)),
                         .number = static_cast<int>(result.integer(row, 1))});
  }
  const auto number_by = [&](const std::vector<RelationColumn>& like) {
    const bool same = std::equal(like.begin(), like.end(), relation.columns.begin(), relation.columns.end(),
                                 [](const RelationColumn& a, const RelationColumn& b) {
                                   return a.name == b.name && a.type_oid == b.type_oid && a.typmod == b.typmod;
                                 });
    for (std::size_t i = 0; same && i < like.size(); ++i) relation.columns[i].number = like[i].number;
    return same;
  };
  if (before != nullptr && from_before_a_drop(relation, *before, catalog) && number_by(before->columns)) return;
  if (!number_by(catalog) && before != nullptr) number_by(before->columns);
}

// A column was dropped and made again under its name, and the description is older: its
// transaction began before the one that dropped it, and so had ended before, since both
// lock the table.
bool SourceSchema::from_before_a_drop(const Relation& relation, const Relation& before,
                                      const std::vector<RelationColumn>& catalog) {
  constexpr std::uint32_t kFirstTransaction = 3;
  if (relation.transaction == 0) return false;
  for (const RelationColumn& old : before.columns) {
    const auto now =
        std::find_if(catalog.begin(), catalog.end(), [&](const auto& column) { return column.name == old.name; });
    if (now == catalog.end() || old.number == 0 || now->number == old.number) continue;
    const PgResult dropped = connection().exec(
        "SELECT a.xmin::text::bigint FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::oid AND a.attnum = $2::int2 "
        "AND a.attisdropped",
        {std::to_string(relation.id), std::to_string(old.number)});
    if (dropped.rows() == 0) continue;
    const auto by = static_cast<std::uint32_t>(dropped.integer(0, 0));
    if (by >= kFirstTransaction && static_cast<std::int32_t>(relation.transaction - by) < 0)
      return true;  // they wrap around
  }
  return false;
}

std::vector<std::string> SourceSchema::enum_labels(const RelationColumn& column) {
  const PgResult result = connection().exec(sql::enum_labels, {std::to_string(column.type_oid)});
  std::vector<std::string> out;
  for (int row = 0; row < result.rows(); ++row) out.push_back(result.text(row, 0));
  return out;
}

std::vector<SchemaPolicy::Partition> SourceSchema::partitions(const Relation& relation) {
  const PgResult result = connection().exec(sql::source_partitions, {relation.name.schema, relation.name.name});
  std::vector<SchemaPolicy::Partition> out;
  for (int row = 0; row < result.rows(); ++row) {
    const QualifiedName name = map_.of({result.text(row, 0), result.text(row, 1)});
    const QualifiedName parent = map_.of({result.text(row, 2), result.text(row, 3)});
    out.push_back({name, fmt::format("CREATE TABLE {} PARTITION OF {} {}{}", quote_name(name), quote_name(parent),
                                     renamed(result.text(row, 4)), renamed(result.text(row, 5)))});
  }
  return out;
}

std::vector<GeneratedColumn> SourceSchema::generated_columns(const Relation& relation) {
  const PgResult result = ask(connection(), question_of_columns(relation.id));
  std::vector<GeneratedColumn> out;
  for (int row = 0; row < result.rows(); ++row)
    if (!result.value(row, 4).empty())
      out.push_back({result.text(row, 0), renamed(result.text(row, 6)), renamed(result.text(row, 5)),
                     result.value(row, 4) == "s"});
  return out;
}

std::optional<ColumnDefinition> SourceSchema::describe_column(const Relation& relation, const RelationColumn& column,
                                                              std::string& reason) {
  const PgResult result = connection().exec(sql::source_column, {std::to_string(relation.id), column.name});
  if (result.rows() == 0 || static_cast<std::uint32_t>(result.integer(0, 0)) != column.type_oid ||
      result.integer(0, 1) != column.typmod) {
    reason = "the source has changed it again since";
    return std::nullopt;
  }
  ColumnDefinition definition;
  definition.type_sql = renamed(result.text(0, 2));
  definition.default_sql = renamed(result.text(0, 3));
  const bool has_missing = result.boolean(0, 4);
  if (has_missing) definition.missing_sql = quote_literal(missing_value(connection(), result.text(0, 5), column.name));
  // Without a stored value, rows from before hold NULL, unless the table was
  // written anew to fill them, which no change tells.
  if (!definition.default_sql.empty() && !has_missing) {
    reason = connection().server_version() < kMissingValuesSince
                 ? "what older rows hold in it cannot be told on this version of the source"
                 : "it has a default that older rows may or may not hold";
    return std::nullopt;
  }
  if (result.boolean(0, 6)) {
    reason = "it is generated or an identity column, whose values in older rows no change tells";
    return std::nullopt;
  }
  definition.not_null = result.boolean(0, 7);
  definition.collation_sql = renamed(result.text(0, 8));
  definition.comment = result.text(0, 9);
  const PgResult constraints = connection().exec(sql::source_column_constraints, {result.text(0, 5), column.name});
  for (int row = 0; row < constraints.rows(); ++row)
    (constraints.boolean(row, 0) ? definition.checks : definition.others)
        .push_back({constraints.text(row, 1), renamed(constraints.text(row, 2))});
  return definition;
}

std::vector<QualifiedName> SourceSchema::lineage(const QualifiedName& table) {
  const PgResult result = connection().exec(sql::source_lineage, {table.schema, table.name});
  std::vector<QualifiedName> out{table};
  for (int row = 0; row < result.rows(); ++row) out.push_back({result.text(row, 0), result.text(row, 1)});
  return out;
}

}  // namespace dbsync
