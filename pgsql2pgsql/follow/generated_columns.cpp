#include "pgsql2pgsql/follow/generated_columns.h"

#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "embedded_sql.h"
#include "pg/together.h"
#include "schema/quote.h"

namespace dbsync {

PgQuery question_of_generated(const std::vector<std::uint32_t>& oids) {
  return {sql::generated_columns, {fmt::format("{{{}}}", fmt::join(oids, ","))}};
}

namespace {

constexpr int kGeneratedSince = 120000;
constexpr int kDropExpressionSince = 130000;

struct Generated {
  QualifiedName table;
  std::string column;
  bool stored = true;
  std::string expression;
  std::string type_sql;
  bool identity = false;  // part of the replica identity
};

std::vector<Generated> generated_of(PgConnection& source, const std::vector<std::uint32_t>& oids) {
  std::vector<Generated> out;
  if (source.server_version() < kGeneratedSince) return out;
  const PgResult result = ask(source, question_of_generated(oids));
  for (int row = 0; row < result.rows(); ++row)
    out.push_back({.table = {result.text(row, 0), result.text(row, 1)},
                   .column = result.text(row, 2),
                   .stored = result.value(row, 3) == "s",
                   .expression = result.text(row, 4),
                   .type_sql = result.text(row, 5),
                   .identity = result.boolean(row, 6)});
  return out;
}

enum class Table { missing, there };

struct OnTarget {
  Table table = Table::missing;
  std::map<std::string, bool> generated;  // columns
};

OnTarget on_target(PgConnection& target, const QualifiedName& name) {
  OnTarget out;
  const PgResult result = target.exec(
      "SELECT a.attname, coalesce(row_to_json(a)->>'attgenerated', '') <> '' FROM pg_catalog.pg_class c "
      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
      "WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')",
      {name.schema, name.name});
  for (int row = 0; row < result.rows(); ++row) {
    out.table = Table::there;
    if (!result.is_null(row, 0)) out.generated.emplace(result.text(row, 0), result.boolean(row, 1));
  }
  return out;
}

std::optional<UnfitColumn> unsent(const Generated& column, const OnTarget& there, const QualifiedName& target,
                                  int target_version) {
  const auto found = there.generated.find(column.column);
  if (found == there.generated.end() || found->second) return std::nullopt;
  const std::string drop =
      fmt::format("ALTER TABLE {} DROP COLUMN {}", quote_name(target), quote_identifier(column.column));
  const std::string add =
      fmt::format("; ALTER TABLE {} ADD COLUMN {} {} GENERATED ALWAYS AS ({}) STORED", quote_name(target),
                  quote_identifier(column.column), column.type_sql, column.expression);
  return UnfitColumn{column.table, column.column,
                     "is generated on the source, which does not send it, and an ordinary column on the target",
                     "on the target: " + drop + (target_version < kGeneratedSince ? "" : add)};
}

// Rows are found by a column that cannot be written there.
std::optional<UnfitColumn> computed_key(const Generated& column, const OnTarget& there, const QualifiedName& target,
                                        int target_version) {
  const auto found = there.generated.find(column.column);
  const bool ordinary = found != there.generated.end() && !found->second;
  if (!column.identity || ordinary) return std::nullopt;
  const bool droppable = there.table == Table::there && target_version >= kDropExpressionSince;
  return UnfitColumn{
      column.table, column.column,
      "is generated and part of the replica identity of the source's table, and computed on the target as well",
      droppable ? fmt::format("on the target: ALTER TABLE {} ALTER COLUMN {} DROP EXPRESSION", quote_name(target),
                              quote_identifier(column.column))
                : fmt::format("on the source: ALTER TABLE {} REPLICA IDENTITY FULL", quote_name(column.table))};
}

}  // namespace

std::vector<UnfitColumn> unfit_generated_columns(PgConnection& source, PgConnection& target,
                                                 const std::vector<std::uint32_t>& oids, bool sends_generated,
                                                 const SchemaMap& map) {
  std::map<QualifiedName, OnTarget> tables;
  std::vector<UnfitColumn> out;
  const int version = target.server_version();
  for (const Generated& column : generated_of(source, oids)) {
    const QualifiedName name = map.of(column.table);
    const auto [there, fresh] = tables.try_emplace(name);
    if (fresh) there->second = on_target(target, name);
    const auto unfit = sends_generated && column.stored ? computed_key(column, there->second, name, version)
                                                        : unsent(column, there->second, name, version);
    if (unfit) out.push_back(*unfit);
  }
  return out;
}

void refuse_unfit_columns(const std::vector<UnfitColumn>& columns) {
  if (columns.empty()) return;
  std::vector<std::string> told;
  std::vector<std::string> remedies;
  for (const UnfitColumn& column : columns) {
    told.push_back(fmt::format("{}.{} {}", display_name(column.table), column.column, column.reason));
    remedies.push_back(column.remedy);
  }
  throw Error(ErrorKind::target, "generated columns keep changes from being applied: " + join(told, "; "))
      .hint("copy only (--full-only), or leave the tables out (--exclude), or run " + join(remedies, "; ") +
            "; then start again");
}

}  // namespace dbsync
