#include "pgsql2pgsql/schema/segment_catalog.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"
#include "embedded_sql.h"
#include "pgsql2pgsql/schema/name_list.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

Distribution distribution_of(std::string_view policy, std::vector<std::string> columns) {
  Distribution out;
  if (policy == "r")
    out.kind = Distribution::Kind::replicated;
  else if (!columns.empty())
    out = {Distribution::Kind::by_columns, std::move(columns)};
  return out;
}

std::uint32_t oid_at(const PgResult& result, int row) { return static_cast<std::uint32_t>(result.integer(row, 0)); }

std::map<std::uint32_t, SegmentTable> read_distribution(PgConnection& source) {
  std::map<std::uint32_t, SegmentTable> out;
  const PgResult result = source.exec(sql::distribution_keys, {});
  for (int row = 0; row < result.rows(); ++row) {
    SegmentTable& table = out[oid_at(result, row)];
    table.distribution = distribution_of(result.value(row, 1), names_at(result, row, 2));
    const std::vector<std::string> schemas = names_at(result, row, 3);
    const std::vector<std::string> names = names_at(result, row, 4);
    for (std::size_t i = 0; i < schemas.size() && i < names.size(); ++i)
      table.operator_classes.push_back({schemas[i], names[i]});
  }
  return out;
}

// A relative of Greenplum may have gone without one.
bool has_catalog(PgConnection& source, const char* name) {
  const PgResult result = source.exec(
      "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE n.nspname = 'pg_catalog' AND c.relname = $1",
      {name});
  return result.rows() > 0;
}

std::map<std::uint32_t, std::vector<ColumnEncoding>> read_encodings(PgConnection& source) {
  std::map<std::uint32_t, std::vector<ColumnEncoding>> out;
  if (!has_catalog(source, "pg_attribute_encoding")) return out;
  const PgResult result = source.exec(sql::column_encodings, {});
  for (int row = 0; row < result.rows(); ++row)
    out[oid_at(result, row)].push_back({result.text(row, 1), result.text(row, 2)});
  return out;
}

void add_storage(PgConnection& source, const Dialect& dialect, std::map<std::uint32_t, SegmentTable>& tables) {
  const auto encodings = read_encodings(source);
  const PgResult result =
      source.exec(dialect.declarative_partitions ? sql::segment_storage : sql::segment_storage_classic, {});
  for (int row = 0; row < result.rows(); ++row) {
    const auto table = tables.find(oid_at(result, row));
    if (table == tables.end()) continue;
    const std::vector<std::string> options = names_at(result, row, 2);
    table->second.storage = storage_of(result.text(row, 1), options);
    if (const auto own = encodings.find(table->first); own != encodings.end())
      table->second.storage.encodings = own_encodings(options, own->second);
    if (dialect.declarative_partitions) continue;
    table->second.partition_clause = result.text(row, 3);
    table->second.partition_columns = names_at(result, row, 4);
  }
}

void add_templates(PgConnection& source, const Dialect& dialect, std::map<std::uint32_t, SegmentTable>& tables) {
  if (dialect.declarative_partitions && !has_catalog(source, "gp_partition_template")) return;
  const char* const query = !dialect.declarative_partitions              ? sql::subpartition_templates_classic
                            : dialect.family == ServerFamily::cloudberry ? sql::subpartition_template_levels
                                                                         : sql::subpartition_templates;
  const PgResult result = source.exec(query, {});
  for (int row = 0; row < result.rows(); ++row)
    if (const auto table = tables.find(oid_at(result, row)); table != tables.end())
      table->second.templates.push_back({static_cast<int>(result.integer(row, 1)), result.text(row, 2)});
}

}  // namespace

std::map<std::uint32_t, SegmentTable> read_segment_tables(PgConnection& source, const Dialect& dialect) {
  std::map<std::uint32_t, SegmentTable> out = read_distribution(source);
  add_storage(source, dialect, out);
  add_templates(source, dialect, out);
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

namespace {

using Settings = std::map<std::string, std::string>;

// "compresstype=zlib, compresslevel=5"
void read_settings(std::string_view text, Settings& out) {
  while (!text.empty()) {
    const std::string_view setting = trim(text.substr(0, text.find(',')));
    const std::size_t equals = std::min(setting.find('='), setting.size());
    const std::string name(setting.substr(0, equals));
    if (name.starts_with("compress") || name == "blocksize") out[name] = to_lower(setting.substr(equals + 1));
    text.remove_prefix(std::min(text.find(','), text.size() - 1) + 1);
  }
}

// With what the servers do where nothing is said; a level without a type is of zlib.
void complete_settings(Settings& settings) {
  const bool level = settings.contains("compresslevel") && settings["compresslevel"] != "0";
  if (!settings.contains("compresstype")) settings["compresstype"] = level ? "zlib" : "none";
  settings.try_emplace("compresslevel", settings["compresstype"] == "none" ? "0" : "1");
  settings.try_emplace("blocksize", "32768");
}

}  // namespace

std::vector<ColumnEncoding> own_encodings(const std::vector<std::string>& options,
                                          const std::vector<ColumnEncoding>& encodings) {
  Settings usual;
  for (const std::string& option : options) read_settings(option, usual);
  complete_settings(usual);
  std::vector<ColumnEncoding> out;
  for (const ColumnEncoding& encoding : encodings) {
    Settings own;
    read_settings(encoding.options_sql, own);
    complete_settings(own);
    if (own != usual) out.push_back(encoding);
  }
  return out;
}

std::vector<ExternalTable> read_external_tables(PgConnection& source) {
  const PgResult result = source.exec(sql::external_tables, {});
  std::vector<ExternalTable> out;
  for (int row = 0; row < result.rows(); ++row)
    out.push_back({.name = {result.text(row, 0), result.text(row, 1)},
                   .columns_sql = result.text(row, 2),
                   .locations = names_at(result, row, 3),
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
