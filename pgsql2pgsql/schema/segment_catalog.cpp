#include "pgsql2pgsql/schema/segment_catalog.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "embedded_sql.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

std::vector<std::string> list_at(const PgResult& result, int row, int column) {
  if (result.is_null(row, column)) return {};
  return nlohmann::json::parse(result.value(row, column)).get<std::vector<std::string>>();
}

Distribution distribution_of(std::string_view policy, std::vector<std::string> columns) {
  Distribution out;
  if (policy == "r")
    out.kind = Distribution::Kind::replicated;
  else if (!columns.empty())
    out = {Distribution::Kind::by_columns, std::move(columns)};
  return out;
}

}  // namespace

std::string segment_tables_sql(const Dialect& dialect) {
  // Names of an int2vector's columns, in its order.
  constexpr char kNames[] =
      "SELECT json_agg(a.attname ORDER BY k.n) FROM "
      "pg_catalog.unnest(pg_catalog.string_to_array({}::text, ' ')) WITH ORDINALITY AS k(attnum, n) "
      "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum::int2";
  const std::string keys = fmt::format(fmt::runtime(kNames), "d.distkey");
  if (dialect.declarative_partitions)
    return fmt::format(
        "SELECT c.oid, d.policytype, ({}), m.amname, array_to_json(c.reloptions), NULL, NULL "
        "FROM pg_catalog.pg_class c JOIN pg_catalog.gp_distribution_policy d ON d.localoid = c.oid "
        "LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam",
        keys);
  return fmt::format(
      "SELECT c.oid, d.policytype, ({}), c.relstorage, array_to_json(c.reloptions), "
      "CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_partition p WHERE p.parrelid = c.oid) "
      "THEN pg_catalog.pg_get_partition_def(c.oid, true) END, "
      "(SELECT json_agg(DISTINCT a.attname) FROM pg_catalog.pg_partition p JOIN pg_catalog.pg_attribute a "
      "ON a.attrelid = c.oid AND a.attnum = ANY (p.paratts) WHERE p.parrelid = c.oid AND NOT p.paristemplate) "
      "FROM pg_catalog.pg_class c JOIN pg_catalog.gp_distribution_policy d ON d.localoid = c.oid",
      keys);
}

std::map<std::uint32_t, SegmentTable> read_segment_tables(PgConnection& source, const Dialect& dialect) {
  std::map<std::uint32_t, SegmentTable> out;
  const PgResult result = source.exec(segment_tables_sql(dialect), {});
  for (int row = 0; row < result.rows(); ++row)
    out[static_cast<std::uint32_t>(result.integer(row, 0))] = {
        .distribution = distribution_of(result.value(row, 1), list_at(result, row, 2)),
        .storage = storage_of(result.text(row, 3), list_at(result, row, 4)),
        .partition_clause = result.text(row, 5),
        .partition_columns = list_at(result, row, 6)};
  return out;
}

Storage storage_of(const std::string& kind, const std::vector<std::string>& options) {
  const bool rows = kind == "a" || kind == "ao_row";
  const bool columns = kind == "c" || kind == "ao_column";
  Storage out;
  out.append_only = rows || columns;
  out.options_sql =
      out.append_only ? std::string("appendonly=true, orientation=") + (rows ? "row" : "column") : "appendonly=false";
  for (const std::string& option : options)
    if (!option.starts_with("appendonly=") && !option.starts_with("orientation=")) out.options_sql += ", " + option;
  return out;
}

std::vector<ExternalTable> read_external_tables(PgConnection& source) {
  const PgResult result = source.exec(sql::external_tables, {});
  std::vector<ExternalTable> out;
  for (int row = 0; row < result.rows(); ++row)
    out.push_back({.name = {result.text(row, 0), result.text(row, 1)},
                   .columns_sql = result.text(row, 2),
                   .locations = list_at(result, row, 3),
                   .command = result.text(row, 4),
                   .format = result.text(row, 5),
                   .format_options = result.text(row, 6),
                   .encoding = result.text(row, 7),
                   .reject_limit = result.text(row, 8),
                   .log_errors = result.boolean(row, 9),
                   .writable = result.boolean(row, 10)});
  return out;
}

std::string external_table_sql(const ExternalTable& table) {
  std::vector<std::string> locations;
  bool web = !table.command.empty();
  for (const std::string& location : table.locations) {
    locations.push_back(quote_literal(location));
    web = web || location.starts_with("http");
  }
  std::string out = fmt::format("CREATE {}EXTERNAL {}TABLE {} ({})", table.writable ? "WRITABLE " : "",
                                web ? "WEB " : "", quote_name(table.name), table.columns_sql);
  out += table.command.empty() ? fmt::format(" LOCATION ({})", join(locations, ", "))
                               : " EXECUTE " + quote_literal(table.command);
  out += fmt::format(" FORMAT {}", quote_literal(table.format));
  if (!table.format_options.empty()) out += fmt::format(" ({})", trim(table.format_options));
  if (!table.encoding.empty()) out += " ENCODING " + quote_literal(table.encoding);
  if (!table.reject_limit.empty() && !table.writable)
    out += fmt::format("{} SEGMENT REJECT LIMIT {}", table.log_errors ? " LOG ERRORS" : "", table.reject_limit);
  return out;
}

}  // namespace dbsync
