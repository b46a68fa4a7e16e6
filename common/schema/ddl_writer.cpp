#include "schema/ddl_writer.h"

#include <fmt/format.h>

#include "schema/quote.h"

namespace dbsync {

namespace {

// A line break inside an SQL comment would end it.
std::string comment_line(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c == '\n' || c == '\r') c = ' ';
  return out;
}

std::string column_list(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + quote_identifier(name);
  return out;
}

std::string column_sql(const Column& column) {
  std::string out = quote_identifier(column.name) + " " + type_sql(column.type);
  if (!column.default_sql.empty()) out += " DEFAULT " + column.default_sql;
  if (!column.nullable) out += " NOT NULL";
  return out;
}

std::string table_body(const Table& table) {
  std::string out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    const bool last = i + 1 == table.columns.size() && table.primary_key.columns.empty();
    out += "\n    " + column_sql(column) + (last ? "" : ",");
    if (!column.note.empty()) out += "  -- " + comment_line(column.note);
  }
  if (!table.primary_key.columns.empty())
    out += fmt::format("\n    PRIMARY KEY ({})", column_list(table.primary_key.columns));
  return out;
}

}  // namespace

std::string create_schema_sql(const std::string& schema, const Dialect& dialect) {
  if (schema.empty() || schema == "public") return {};
  return fmt::format("CREATE SCHEMA {}{}", dialect.if_not_exists ? "IF NOT EXISTS " : "", quote_identifier(schema));
}

std::vector<std::string> create_table_sql(const Table& table, const Dialect&) {
  std::vector<std::string> out;
  std::string create;
  for (const auto& note : table.notes) create += "-- " + comment_line(note) + "\n";
  create += fmt::format("CREATE TABLE {} ({}\n)", quote_name(table.name), table_body(table));
  out.push_back(std::move(create));
  if (!table.comment.empty())
    out.push_back(fmt::format("COMMENT ON TABLE {} IS {}", quote_name(table.name), quote_literal(table.comment)));
  for (const auto& column : table.columns)
    if (!column.comment.empty())
      out.push_back(fmt::format("COMMENT ON COLUMN {}.{} IS {}", quote_name(table.name), quote_identifier(column.name),
                                quote_literal(column.comment)));
  return out;
}

std::string ddl_script(const std::string& title, const std::string& schema, const std::vector<Table>& tables,
                       const Dialect& dialect) {
  std::string out = "-- " + comment_line(title) + "\n\n";
  out += "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n";
  if (const std::string create = create_schema_sql(schema, dialect); !create.empty()) out += "\n" + create + ";\n";
  for (const auto& table : tables) {
    out += "\n";
    for (const auto& statement : create_table_sql(table, dialect)) out += statement + ";\n";
  }
  return out;
}

}  // namespace dbsync
