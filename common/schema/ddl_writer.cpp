#include "schema/ddl_writer.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "schema/ddl_table.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

std::string key_list(const Index& index) {
  std::string out;
  for (const IndexKey& key : index.keys) {
    out += out.empty() ? "" : ", ";
    out += key.column.empty() ? "(" + key.expression_sql + ")" : quote_identifier(key.column);
    if (!key.operator_class_sql.empty()) out += " " + key.operator_class_sql;
    if (key.descending) out += " DESC";
    if (!key.nulls_sql.empty()) out += " " + key.nulls_sql;
  }
  return out;
}

std::string create_index_sql(const Table& table, const Index& index) {
  std::string include;
  for (const std::string& column : index.include)
    include += (include.empty() ? " INCLUDE (" : ", ") + quote_identifier(column);
  if (!include.empty()) include += ")";
  return fmt::format("CREATE {}INDEX {} ON {}{} ({}){}{}{}", index.unique ? "UNIQUE " : "",
                     quote_identifier(index.name), quote_name(table.name),
                     index.method.empty() ? "" : " USING " + index.method, key_list(index), include,
                     index.nulls_not_distinct ? " NULLS NOT DISTINCT" : "",
                     index.predicate_sql.empty() ? "" : " WHERE " + index.predicate_sql);
}

// The unique index first, in parallel with the others, and the constraint on it
// afterwards, when the table must be locked for an instant only. Partitioned
// and distributed tables take no ready-made index.
bool key_uses_index(const Table& table, const Dialect& dialect) {
  return !table.primary_key.columns.empty() && !table.partitioning && !dialect.distributed;
}

DdlUnit primary_key_unit(const Table& table, const Dialect& dialect) {
  const std::string name = quote_identifier(table.primary_key.name);
  const std::string constraint =
      key_uses_index(table, dialect)
          ? fmt::format("ALTER TABLE {} ADD CONSTRAINT {} PRIMARY KEY USING INDEX {}", quote_name(table.name), name,
                        name)
          : fmt::format("ALTER TABLE {} ADD CONSTRAINT {} PRIMARY KEY ({})", quote_name(table.name), name,
                        identifier_list(table.primary_key.columns));
  DdlUnit unit{"primary key " + table.primary_key.name, {constraint}};
  unit.columns = table.primary_key.columns;
  unit.kind = StepKind::key;
  unit.object = table.primary_key.name;
  unit.makes_key = true;
  return unit;
}

// The columns that an expression names.
void add_columns_of(const std::string& expression_sql, const Table& table, std::vector<std::string>& out) {
  for (const Column& column : table.columns)
    if (expression_sql.find(quote_identifier(column.name)) != std::string::npos) out.push_back(column.name);
}

std::vector<std::string> columns_of(const Index& index, const Table& table) {
  std::vector<std::string> out;
  for (const IndexKey& key : index.keys)
    if (key.column.empty())
      add_columns_of(key.expression_sql, table, out);
    else
      out.push_back(key.column);
  return out;
}

// Where the key has the next value: max(AUTO_INCREMENT, max(column) + 1), or the
// type's last value, used up.
DdlUnit sequence_unit(const Table& table, const Column& column) {
  const std::string_view limit = !column.identity_limit.empty()     ? std::string_view(column.identity_limit)
                                 : column.type.kind == PgKind::int2 ? "32767"
                                 : column.type.kind == PgKind::int4 ? "2147483647"
                                                                    : "9223372036854775807";
  const std::uint64_t next = std::clamp<std::uint64_t>(table.next_identity, 1, 9223372036854775807ULL);
  return {"sequence of " + column.name,
          {fmt::format("SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence({}, {})::pg_catalog.regclass, "
                       "least(n, {})::bigint, n OPERATOR(pg_catalog.>) {}) FROM (SELECT greatest({}, "
                       "coalesce(pg_catalog.max({}), 0)::numeric OPERATOR(pg_catalog.+) 1) AS n FROM {}) AS next",
                       quote_literal(quote_name(table.name)), quote_literal(column.name), limit, limit, next,
                       quote_identifier(column.name), quote_name(table.name))}};
}

DdlUnit exclusion_unit(const Table& table, const Exclusion& exclusion) {
  DdlUnit unit{"exclusion constraint " + exclusion.name,
               {fmt::format("ALTER TABLE {} ADD CONSTRAINT {} EXCLUDE USING gist ({})", quote_name(table.name),
                            quote_identifier(exclusion.name), exclusion.elements_sql)}};
  unit.kind = StepKind::key;
  unit.object = exclusion.name;
  return unit;
}

// Not enforced while the rows are checked; a violation leaves it in force for
// new rows only, and is reported.
DdlUnit check_unit(const Table& table, const CheckConstraint& check, const Dialect& dialect) {
  const std::string name = quote_identifier(check.name);
  const std::string add =
      fmt::format("ALTER TABLE {} ADD CONSTRAINT {} CHECK ({})", quote_name(table.name), name, check.condition_sql);
  DdlUnit unit{"check " + check.name, {add}};
  unit.kind = StepKind::check;
  unit.object = check.name;
  unit.violations_sql =
      fmt::format("SELECT count(*) FROM {} WHERE NOT ({})", quote_name(table.name), check.condition_sql);
  add_columns_of(check.condition_sql, table, unit.columns);
  // Before 7 an append-optimized table cannot be validated ("cannot get number of blocks").
  const bool validates = dialect.not_valid_constraints && (!table.storage.append_only || dialect.unique_on_append_only);
  if (validates)
    unit.statements = {add + " NOT VALID",
                       fmt::format("ALTER TABLE {} VALIDATE CONSTRAINT {}", quote_name(table.name), name)};
  return unit;
}

// A value as the source compares it: what differs in these ways only is equal there.
// Accents take normalize(), which came with PostgreSQL 13.
std::string folded_sql(const std::string& value, const SourceEquality& equality, const Dialect& dialect) {
  if (equality.exact()) return value;
  std::string out = value + "::text";
  if (equality.without_case) out = "lower(" + out + ")";
  if (equality.without_accents && dialect.family == ServerFamily::postgresql && dialect.major >= 13)
    out = fmt::format("regexp_replace(normalize(replace({}, 'ß', 'ss'), NFKD), '[\u0300-\u036F]', '', 'g')", out);
  if (equality.without_end_blanks) out = "rtrim(" + out + ", ' ')";
  return out;
}

// Rows whose key refers to nothing (MATCH SIMPLE: a NULL refers to nothing by right).
// `folded`: compared as the source does.
std::string orphans_sql(const Table& table, const ForeignKey& key, const Dialect& dialect, bool folded) {
  std::string match;
  std::string given;
  for (std::size_t i = 0; i < key.columns.size() && i < key.target_columns.size(); ++i) {
    const std::string column = quote_identifier(key.columns[i]);
    const Column* definition = table.find_column(key.columns[i]);
    const SourceEquality equality = folded && definition != nullptr ? definition->source_equality : SourceEquality{};
    match += fmt::format("{}{} = {}", match.empty() ? "" : " AND ",
                         folded_sql("p." + quote_identifier(key.target_columns[i]), equality, dialect),
                         folded_sql("c." + column, equality, dialect));
    given += fmt::format(" AND c.{} IS NOT NULL", column);
  }
  return fmt::format("SELECT count(*) FROM {} AS c WHERE NOT EXISTS (SELECT 1 FROM {} AS p WHERE {}){}",
                     quote_name(table.name), quote_name(key.target), match, given);
}

bool compares_exactly(const Table& table, const std::vector<std::string>& columns) {
  return std::none_of(columns.begin(), columns.end(), [&](const std::string& name) {
    const Column* column = table.find_column(name);
    return column != nullptr && !column->source_equality.exact();
  });
}

// What decides how the literals and expressions of a script are read, as it is in our
// own sessions (pg/session_settings.h). Greenplum 5 knows no IntervalStyle.
std::string script_settings(bool pinned, const Dialect& dialect) {
  const bool old = dialect.family == ServerFamily::greenplum && dialect.major < 6;
  return fmt::format(
      "\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nSET TimeZone = 'UTC';\n"
      "SET DateStyle = 'ISO, YMD';\n{}SET lc_monetary = 'C';\nSET array_nulls = on;\nSET xmloption = content;\n"
      "SET transform_null_equals = off;\n{}",
      old ? "" : "SET IntervalStyle = 'postgres';\n", pinned ? "SET search_path = '';\n" : "");
}

std::string section(std::string_view title) { return fmt::format("\n-- {}\n", title); }

std::string unit_text(const std::vector<DdlUnit>& units) {
  std::string out;
  for (const DdlUnit& unit : units)
    for (const auto& statement : unit.statements) out += statement + ";\n";
  return out;
}

std::string pre_data(const DdlScript& script, const Dialect& dialect) {
  std::string out;
  std::set<std::string> schemas{script.schema};
  for (const Table& table : script.tables) schemas.insert(table.name.schema);
  for (const std::string& schema : schemas)
    if (const std::string create = create_schema_sql(schema, dialect); !create.empty()) out += "\n" + create + ";\n";
  out += section("Tables");
  for (const Table& table : script.tables) {
    out += "\n";
    for (const auto& statement : create_table_sql(table, dialect)) out += statement + ";\n";
  }
  return out;
}

std::string post_data(const DdlScript& script, const Dialect& dialect) {
  std::string indexes;
  std::string constraints;
  std::string foreign_keys;
  for (const Table& table : script.tables) {
    indexes += unit_text(index_units(table, dialect));
    constraints += unit_text(finish_units(table, dialect));
    foreign_keys += unit_text(foreign_key_units(table, dialect));
  }
  std::string out = section("After the data: indexes") + indexes;
  out += section("After the indexes: keys, checks, sequences, statistics") + constraints;
  if (!foreign_keys.empty()) out += section("At the end: foreign keys") + foreign_keys;
  return out;
}

}  // namespace

std::string create_schema_sql(const std::string& schema, const Dialect& dialect) {
  if (schema.empty() || schema == "public") return {};
  return fmt::format("CREATE SCHEMA {}{}", dialect.if_not_exists ? "IF NOT EXISTS " : "", quote_identifier(schema));
}

std::vector<DdlUnit> index_units(const Table& table, const Dialect& dialect) {
  std::vector<DdlUnit> out;
  if (key_uses_index(table, dialect)) {
    Index key{.name = table.primary_key.name, .unique = true};
    for (const auto& column : table.primary_key.columns) key.keys.push_back({column, {}, false});
    DdlUnit unit{"primary key " + key.name, {create_index_sql(table, key)}};
    unit.columns = table.primary_key.columns;
    unit.kind = StepKind::key;
    unit.object = key.name;
    unit.makes_key = true;
    out.push_back(std::move(unit));
  }
  for (const Index& index : table.indexes) {
    DdlUnit unit{"index " + index.name, {create_index_sql(table, index)}};
    unit.columns = columns_of(index, table);
    unit.kind = StepKind::index;
    unit.object = index.name;
    unit.makes_key = index.unique;
    if (!index.comment.empty())
      unit.statements.push_back(fmt::format("COMMENT ON INDEX {} IS {}", quote_name({table.name.schema, index.name}),
                                            quote_literal(index.comment)));
    out.push_back(std::move(unit));
  }
  return out;
}

std::vector<DdlUnit> finish_units(const Table& table, const Dialect& dialect,
                                  const std::vector<std::string>& zero_dates) {
  std::vector<DdlUnit> out;
  if (!table.primary_key.columns.empty()) out.push_back(primary_key_unit(table, dialect));
  for (const Exclusion& exclusion : table.exclusions) out.push_back(exclusion_unit(table, exclusion));
  std::string not_null;
  for (const Column& column : table.columns) {
    const bool has_zero_dates = std::find(zero_dates.begin(), zero_dates.end(), column.name) != zero_dates.end();
    if (column.not_null_after_load && !has_zero_dates)
      not_null +=
          fmt::format("{} ALTER COLUMN {} SET NOT NULL", not_null.empty() ? "" : ",", quote_identifier(column.name));
  }
  // One statement: one pass over the table.
  if (!not_null.empty()) {
    out.push_back({"NOT NULL of date columns", {"ALTER TABLE " + quote_name(table.name) + not_null}});
    out.back().kind = StepKind::check;
  }
  for (const CheckConstraint& check : table.checks) out.push_back(check_unit(table, check, dialect));
  if (table.partitioning && !table.partitioning->template_statements.empty())
    out.push_back({"subpartition template", table.partitioning->template_statements});
  if (const Column* identity = table.identity_column(); identity != nullptr && !identity->identity_descends)
    out.push_back(sequence_unit(table, *identity));
  out.push_back(statistics_unit(table.name));
  return out;
}

DdlUnit statistics_unit(const QualifiedName& table) {
  DdlUnit unit{"statistics", {"ANALYZE " + quote_name(table)}};
  unit.kind = StepKind::statistics;
  return unit;
}

std::vector<DdlUnit> foreign_key_units(const Table& table, const Dialect& dialect) {
  std::vector<DdlUnit> out;
  if (!dialect.foreign_keys) return out;
  for (const ForeignKey& key : table.foreign_keys) {
    const std::string name = quote_identifier(key.name);
    const std::string add =
        fmt::format("ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}){}{}", quote_name(table.name),
                    name, identifier_list(key.columns), quote_name(key.target), identifier_list(key.target_columns),
                    key.on_delete_sql.empty() ? "" : " ON DELETE " + key.on_delete_sql,
                    key.on_update_sql.empty() ? "" : " ON UPDATE " + key.on_update_sql);
    DdlUnit unit{"foreign key " + key.name, {}};
    unit.kind = StepKind::foreign_key;
    unit.object = key.name;
    unit.columns = key.columns;
    unit.refers_to = key.target;
    unit.violations_sql = orphans_sql(table, key, dialect, false);
    if (!compares_exactly(table, key.columns)) unit.true_violations_sql = orphans_sql(table, key, dialect, true);
    // A partitioned table cannot have one that is not valid yet (before 18).
    if (table.partitioning)
      unit.statements = {add};
    else
      unit.statements = {add + " NOT VALID",
                         fmt::format("ALTER TABLE {} VALIDATE CONSTRAINT {}", quote_name(table.name), name)};
    out.push_back(std::move(unit));
  }
  return out;
}

namespace {

// Types that the user's search_path has to find: nobody was asked where they are.
bool needs_users_path(const DdlScript& script) {
  return std::any_of(script.tables.begin(), script.tables.end(), [](const Table& table) {
    return std::any_of(table.columns.begin(), table.columns.end(), [](const Column& column) {
      const bool named = column.type.kind == PgKind::other || column.type.kind == PgKind::enumeration ||
                         column.type.kind == PgKind::geometry;
      return named && column.type.name.find('.') == std::string::npos;
    });
  });
}

}  // namespace

std::string ddl_script(const DdlScript& script, const Dialect& dialect) {
  std::string out = "-- " + one_line(script.title) + "\n";
  for (const auto& note : script.notes) out += "-- NOTE: " + one_line(note) + "\n";
  // Whoever may create in a schema of the path could else put operators and functions of
  // his own into these statements, which run with the rights of whoever loads them.
  const bool pinned = script.qualified || !needs_users_path(script);
  out += script_settings(pinned, dialect);
  if (script.pre_data) out += pre_data(script, dialect);
  if (script.post_data) out += post_data(script, dialect);
  if (pinned) out += "\nRESET search_path;\n";
  return out;
}

}  // namespace dbsync
