#include "schema/ddl_table.h"

#include <fmt/format.h>

#include "base/text.h"
#include "schema/ddl_writer.h"
#include "schema/names.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

std::string identity_sql(const Table& table, const Column& column, const Dialect& dialect) {
  if (dialect.identity_columns) {
    std::string options = column.sequence_name.empty()
                              ? ""
                              : fmt::format("SEQUENCE NAME {}", quote_name({table.name.schema, column.sequence_name}));
    if (!column.identity_options_sql.empty()) options += (options.empty() ? "" : " ") + column.identity_options_sql;
    return fmt::format("{} {} GENERATED {} AS IDENTITY{}", quote_identifier(column.name), type_sql(column.type),
                       column.identity_always ? "ALWAYS" : "BY DEFAULT", options.empty() ? "" : " (" + options + ")");
  }
  const std::string_view serial = column.type.kind == PgKind::int8                          ? "bigserial"
                                  : column.type.kind == PgKind::int2 && dialect.smallserial ? "smallserial"
                                                                                            : "serial";
  return fmt::format("{} {}", quote_identifier(column.name), serial);
}

std::string column_sql(const Table& table, const Column& column, const Dialect& dialect) {
  std::string out = column.identity ? identity_sql(table, column, dialect)
                                    : quote_identifier(column.name) + " " + type_sql(column.type);
  if (!column.generated_sql.empty() && dialect.generated_columns)
    out += fmt::format(" GENERATED ALWAYS AS ({}) STORED", column.generated_sql);
  else if (!column.default_sql.empty())
    out += " DEFAULT " + column.default_sql;
  if (!column.nullable) out += " NOT NULL";
  return out;
}

std::string encodings_sql(const Storage& storage) {
  std::string out;
  for (const ColumnEncoding& encoding : storage.encodings)
    out += fmt::format("{}\n    COLUMN {} ENCODING ({})", out.empty() ? "" : ",", quote_identifier(encoding.column),
                       encoding.options_sql);
  return out;
}

std::string table_body(const Table& table, const Dialect& dialect) {
  std::string out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    const bool last = i + 1 == table.columns.size() && table.storage.encodings.empty();
    out += "\n    " + column_sql(table, column, dialect) + (last ? "" : ",");
    if (!column.note.empty()) out += "  -- " + one_line(column.note);
  }
  return out + encodings_sql(table.storage);
}

// The key, each column with the operator class whose hash decides.
std::string distribution_key(const Distribution& distribution) {
  if (distribution.operator_classes_sql.empty()) return identifier_list(distribution.columns);
  std::string out;
  for (std::size_t i = 0; i < distribution.columns.size(); ++i) {
    out += (i == 0 ? "" : ", ") + quote_identifier(distribution.columns[i]);
    const std::string& operator_class = distribution.operator_classes_sql.at(i);
    if (!operator_class.empty()) out += " " + operator_class;
  }
  return out;
}

std::string distribution_sql(const Table& table) {
  if (!table.distribution) return {};
  switch (table.distribution->kind) {
    case Distribution::Kind::by_columns:
      return fmt::format("\nDISTRIBUTED BY ({})", distribution_key(*table.distribution));
    case Distribution::Kind::randomly: return "\nDISTRIBUTED RANDOMLY";
    case Distribution::Kind::replicated: return "\nDISTRIBUTED REPLICATED";
  }
  return {};
}

std::string storage_sql(const Storage& storage, std::string_view before) {
  return storage.options_sql.empty() ? std::string() : fmt::format("{}WITH ({})", before, storage.options_sql);
}

// Of a partition, where it is not as its table's.
std::string own_storage_sql(const Partition& partition, const Table& table) {
  return partition.storage.options_sql == table.storage.options_sql ? std::string()
                                                                    : storage_sql(partition.storage, " ");
}

std::string classic_parts(const std::vector<Partition>& partitions, const Table& table, std::string_view what,
                          const std::string& indent) {
  std::string out;
  for (const Partition& partition : partitions) {
    out += (out.empty() ? "\n    " : ",\n    ") + indent;
    if (partition.is_default)
      out += fmt::format("DEFAULT {} {}", what, quote_identifier(partition.name));
    else
      out += fmt::format("{} {} {}", what, quote_identifier(partition.name), partition.classic_sql);
    out += own_storage_sql(partition, table);
    if (!partition.parts.empty())
      out += fmt::format("\n    {0}({1}\n    {0})", indent,
                         classic_parts(partition.parts, table, "SUBPARTITION", indent + "    "));
  }
  return out;
}

// Greenplum before 7: the partitions of all levels stand inside CREATE TABLE.
std::string classic_partitions(const Partitioning& partitioning, const Table& table) {
  std::string out = fmt::format("\nPARTITION BY {} ({})", partitioning.method, identifier_list(partitioning.columns));
  for (const PartitionKey& key : partitioning.below)
    out += fmt::format("\nSUBPARTITION BY {} ({})", key.method, identifier_list(key.columns));
  return out + "\n(" + classic_parts(partitioning.partitions, table, "PARTITION", "") + "\n)";
}

std::string create_sql(const Table& table, const Dialect& dialect) {
  std::string out;
  for (const auto& note : table.notes) out += fmt::format("-- NOTE: {}\n", one_line(note));
  out += fmt::format("CREATE TABLE {} ({}\n)", quote_name(table.name), table_body(table, dialect));
  const bool as_written = table.partitioning && !table.partitioning->classic_clause_sql.empty();
  const std::string partition_by = table.partitioning && dialect.declarative_partitions && !as_written
                                       ? fmt::format("\nPARTITION BY {} ({})", table.partitioning->method,
                                                     identifier_list(table.partitioning->columns))
                                       : std::string();
  // The servers' grammars want the clauses in this order.
  out += partition_by;
  if (!table.access_method.empty()) out += "\nUSING " + quote_identifier(table.access_method);
  out += storage_sql(table.storage, "\n");
  if (dialect.distributed) out += distribution_sql(table);
  if (as_written)
    out += "\n" + table.partitioning->classic_clause_sql;
  else if (table.partitioning && !dialect.declarative_partitions)
    out += classic_partitions(*table.partitioning, table);
  return out;
}

void add_partitions(const std::vector<Partition>& partitions, const QualifiedName& parent, const Table& table,
                    std::vector<std::string>& out) {
  for (const Partition& partition : partitions) {
    const QualifiedName name{table.name.schema, partition.name};
    const std::string key = partition.parts.empty() ? std::string()
                                                    : fmt::format(" PARTITION BY {} ({})", partition.key.method,
                                                                  identifier_list(partition.key.columns));
    out.push_back(fmt::format("CREATE TABLE {} PARTITION OF {} {}{}{}", quote_name(name), quote_name(parent),
                              partition.bounds_sql, key, own_storage_sql(partition, table)));
    add_partitions(partition.parts, name, table, out);
  }
}

void add_partitions(const Table& table, const Dialect& dialect, std::vector<std::string>& out) {
  if (table.partitioning && dialect.declarative_partitions)
    add_partitions(table.partitioning->partitions, table.name, table, out);
}

void add_comments(const Table& table, std::vector<std::string>& out) {
  if (!table.comment.empty())
    out.push_back(fmt::format("COMMENT ON TABLE {} IS {}", quote_name(table.name), quote_literal(table.comment)));
  for (const auto& column : table.columns)
    if (!column.comment.empty())
      out.push_back(fmt::format("COMMENT ON COLUMN {}.{} IS {}", quote_name(table.name), quote_identifier(column.name),
                                quote_literal(column.comment)));
}

void add_enum_types(const Table& table, std::vector<std::string>& out) {
  for (const Column& column : table.columns) {
    if (column.type.kind != PgKind::enumeration) continue;
    std::string labels;
    for (const auto& label : column.type.labels) labels += (labels.empty() ? "" : ", ") + quote_literal(label);
    out.push_back(fmt::format("CREATE TYPE {} AS ENUM ({})", column.type.name, labels));
  }
}

std::string touch_function(const Table& table) {
  return quote_name({table.name.schema,
                     table.touch_function.empty() ? shorten_name(table.name.name + "_touch") : table.touch_function});
}

// ON UPDATE CURRENT_TIMESTAMP: only when the row changed and the statement did
// not set the column itself. Compared as text, since json has no equality.
void add_touch_triggers(const Table& table, const Dialect& dialect, std::vector<std::string>& out) {
  std::string body;
  for (const Column& column : table.columns) {
    if (!column.touch) continue;
    const std::string name = quote_identifier(column.name);
    body += fmt::format(
        " IF NEW.{} IS NOT DISTINCT FROM OLD.{} AND NEW::text IS DISTINCT FROM OLD::text THEN NEW.{} := "
        "CURRENT_TIMESTAMP; END IF;",
        name, name, name);
  }
  if (body.empty() || dialect.distributed) return;
  const std::string function = touch_function(table);
  out.push_back(fmt::format("CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS {}", function,
                            quote_literal("BEGIN" + body + " RETURN NEW; END")));
  out.push_back(fmt::format("CREATE TRIGGER touch BEFORE UPDATE ON {} FOR EACH ROW EXECUTE PROCEDURE {}()",
                            quote_name(table.name), function));
}

}  // namespace

std::string identifier_list(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + quote_identifier(name);
  return out;
}

std::vector<std::string> create_table_sql(const Table& table, const Dialect& dialect) {
  std::vector<std::string> out;
  add_enum_types(table, out);
  out.push_back(create_sql(table, dialect));
  add_partitions(table, dialect, out);
  add_touch_triggers(table, dialect, out);
  add_comments(table, out);
  return out;
}

std::vector<std::string> drop_table_sql(const Table& table) {
  std::vector<std::string> out{"DROP TABLE " + quote_name(table.name)};
  bool touched = false;
  for (const Column& column : table.columns) {
    touched = touched || column.touch;
    if (column.type.kind == PgKind::enumeration) out.push_back("DROP TYPE " + column.type.name);
  }
  if (touched) out.push_back(fmt::format("DROP FUNCTION IF EXISTS {}()", touch_function(table)));
  return out;
}

}  // namespace dbsync
