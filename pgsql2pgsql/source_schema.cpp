#include "pgsql2pgsql/source_schema.h"

#include <fmt/format.h>

#include "embedded_sql.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr int kMissingValuesSince = 110000;

// attmissingval is an array of one element of the column's type.
std::string missing_value(PgConnection& source, const std::string& table_oid, const std::string& column) {
  return source
      .exec("SELECT (attmissingval::text::text[])[1] FROM pg_catalog.pg_attribute WHERE attrelid = $1::oid AND attname = $2",
            {table_oid, column})
      .text(0, 0);
}

}  // namespace

SourceSchema::SourceSchema(std::string conninfo, std::string application_name)
    : conninfo_(std::move(conninfo)), application_name_(std::move(application_name)) {}

PgConnection& SourceSchema::connection() {
  if (!connection_ || !connection_->usable())
    connection_ = std::make_unique<PgConnection>(conninfo_, "source", application_name_);
  return *connection_;
}

std::optional<ColumnDefinition> SourceSchema::describe_column(const Relation& relation, const RelationColumn& column,
                                                              std::string& reason) {
  const PgResult result =
      connection().exec(sql::source_column, {relation.name.schema, relation.name.name, column.name});
  if (result.rows() == 0 || static_cast<std::uint32_t>(result.integer(0, 0)) != column.type_oid ||
      result.integer(0, 1) != column.typmod) {
    reason = "the source has changed it again since";
    return std::nullopt;
  }
  ColumnDefinition definition;
  definition.type_sql = result.text(0, 2);
  definition.default_sql = result.text(0, 3);
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
  return definition;
}

std::vector<QualifiedName> SourceSchema::lineage(const QualifiedName& table) {
  const PgResult result = connection().exec(sql::source_lineage, {table.schema, table.name});
  std::vector<QualifiedName> out{table};
  for (int row = 0; row < result.rows(); ++row) out.push_back({result.text(row, 0), result.text(row, 1)});
  return out;
}

}  // namespace dbsync
