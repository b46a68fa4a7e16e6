#include "pg/catalog.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/text.h"
#include "embedded_sql.h"
#include "pg/dialect_question.h"
#include "pg/prefetch.h"
#include "pg/relation_questions.h"
#include "pg/sqlstate.h"
#include "pg/table_errors.h"
#include "pg/together.h"
#include "pg/users_path.h"
#include "schema/name_arrays.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

// pg_attribute.atttypmod, decoded as the types' typmodout functions do.
void apply_typmod(PgType& type, std::int64_t typmod) {
  if (typmod < 0) return;
  switch (type.kind) {
    case PgKind::varchar:
    case PgKind::bpchar: type.length = static_cast<int>(typmod - 4); break;
    case PgKind::numeric:
      type.length = static_cast<int>((typmod - 4) >> 16 & 0xFFFF);
      type.scale = (static_cast<int>((typmod - 4) & 0x7FF) ^ 0x400) - 0x400;  // 11 bits with a sign
      break;
    case PgKind::interval:
      if ((typmod & 0xFFFF) <= 6) type.length = static_cast<int>(typmod & 0xFFFF);
      break;
    case PgKind::timestamp:
    case PgKind::timestamptz:
    case PgKind::time:
    case PgKind::bit:
    case PgKind::varbit: type.length = static_cast<int>(typmod); break;
    default: break;
  }
}

// The number after `word` in version(): "… (Greenplum Database 6.24.3 build …".
int major_after(std::string_view version, std::string_view word) {
  const auto at = version.find(word);
  if (at == std::string_view::npos) return 0;
  const std::string_view rest = version.substr(at + word.size());
  const auto digits = rest.find_first_of("0123456789");
  int major = 0;
  if (digits != std::string_view::npos) std::from_chars(rest.data() + digits, rest.data() + rest.size(), major);
  return major;
}

// Sent ahead, or to be parsed once.
PgResult answer_or_exec_often(PgConnection& connection, const PgQuery& question) {
  return PgPrefetch::has(connection, question) ? ask(connection, question)
                                               : connection.exec_often(question.sql, question.parameters);
}

}  // namespace

PgType pg_type_of(std::uint32_t oid, std::string_view typtype, std::string_view typname, std::string text,
                  std::int64_t typmod) {
  PgType type;
  type.kind = kind_of_oid(oid);
  type.name = std::move(text);
  if (type.kind == PgKind::other) {
    if (typtype == "e") type.kind = PgKind::enumeration;
    if (typname == "geometry") type.kind = PgKind::geometry;
  }
  apply_typmod(type, typmod);
  return type;
}

PgQuery question_of_dialect() {
  return {
      "SELECT version(), EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
      "ON n.oid = c.relnamespace WHERE c.relname = 'gp_distribution_policy' AND n.nspname = 'pg_catalog'), "
      "EXISTS (SELECT 1 FROM pg_catalog.pg_extension e "
      "JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = "
      "e.oid "
      "AND d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.deptype = 'e' "
      "JOIN pg_catalog.pg_type t ON t.oid = d.objid "
      "WHERE e.extname = 'postgis' AND t.typname = 'geometry'), "
      "EXISTS (SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'btree_gist')"};
}

Dialect detect_dialect(PgConnection& connection) {
  const PgResult result = ask(connection, question_of_dialect());
  Dialect dialect = dialect_of_server(result.value(0, 0), result.boolean(0, 1), connection.server_version());
  dialect.postgis = result.boolean(0, 2);
  dialect.btree_gist = result.boolean(0, 3);
  return dialect;
}

Dialect dialect_of_server(std::string_view version, bool distributed, int server_version) {
  if (!distributed) return postgresql_dialect(server_version / 10000);
  if (const int cloudberry = major_after(version, "Cloudberry Database"); cloudberry > 0)
    return cloudberry_dialect(cloudberry);
  if (const int apache = major_after(version, "Apache Cloudberry"); apache > 0) return cloudberry_dialect(apache);
  const int major = major_after(version, "Greenplum Database");
  return greenplum_dialect(major > 0 ? major : server_version >= 120000 ? 7 : 6);
}

PgQuery question_of_relations(const std::set<QualifiedName>& names) {
  const NameArrays arrays = name_arrays(names);
  return {sql::target_columns, {arrays.schemas, arrays.tables}};
}

PgQuery question_of_oids(const std::set<QualifiedName>& names) {
  const NameArrays arrays = name_arrays(names);
  return {
      "SELECT n.nspname, c.relname, c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
      "c.relnamespace "
      "JOIN (SELECT unnest($1::text[]) AS s, unnest($2::text[]) AS t) AS wanted ON wanted.s = n.nspname AND wanted.t = "
      "c.relname",
      {arrays.schemas, arrays.tables}};
}

std::string number_if_filled_sql(std::size_t number, const QualifiedName& table, bool only) {
  return fmt::format("SELECT {} WHERE EXISTS (SELECT 1 FROM {}{})", number, only ? "ONLY " : "", quote_name(table));
}

std::map<QualifiedName, TargetTable> find_relations(PgConnection& connection, const std::set<QualifiedName>& names) {
  const PgResult result = answer_or_exec_often(connection, question_of_relations(names));
  std::map<QualifiedName, TargetTable> out;
  for (int row = 0; row < result.rows(); ++row) {
    const QualifiedName name{result.text(row, 0), result.text(row, 1)};
    const auto [entry, added] = out.try_emplace(name);
    TargetTable& table = entry->second;
    if (added) {
      const std::string_view relkind = result.value(row, 9);
      table.name = name;
      table.is_table = relkind == "r" || relkind == "p" || relkind == "f";
      table.plain = relkind == "r";
      // Greenplum before 7 keeps the partitions of an ordinary table as its children.
      table.only = table.plain && connection.parameter("gp_server_version").empty();
    }
    if (result.is_null(row, 2)) continue;  // a table without columns
    const auto oid = static_cast<std::uint32_t>(result.integer(row, 3));
    table.columns.push_back({.name = result.text(row, 2),
                             .type = pg_type_of(oid, result.value(row, 4), result.value(row, 5), result.text(row, 6),
                                                result.integer(row, 10)),
                             .not_null = result.boolean(row, 7),
                             .generated = result.boolean(row, 8),
                             .type_oid = oid,
                             .enumeration = result.value(row, 4) == "e",
                             .required = result.boolean(row, 11)});
  }
  return out;
}

std::map<QualifiedName, std::uint32_t> relation_oids(PgConnection& connection, const std::set<QualifiedName>& names) {
  const PgResult result = answer_or_exec_often(connection, question_of_oids(names));
  std::map<QualifiedName, std::uint32_t> out;
  for (int row = 0; row < result.rows(); ++row)
    out.emplace(QualifiedName{result.text(row, 0), result.text(row, 1)},
                static_cast<std::uint32_t>(result.integer(row, 2)));
  return out;
}

std::optional<TargetTable> find_table(const std::map<QualifiedName, TargetTable>& relations,
                                      const QualifiedName& name) {
  const auto found = relations.find(name);
  if (found == relations.end()) return std::nullopt;
  if (!found->second.is_table) throw not_a_table(name).hint(kOtherPlaceHint);
  return found->second;
}

std::optional<TargetTable> find_table(PgConnection& connection, const QualifiedName& name) {
  return find_table(find_relations(connection, std::set{name}), name);
}

const TargetColumn& required_column(const TargetTable& table, const std::string& name, const std::string& shown) {
  std::vector<std::string> names;
  for (const TargetColumn& column : table.columns) {
    if (column.name == name) return column;
    names.push_back(column.name);
  }
  const std::string lower = to_lower(name);
  if (lower != name && std::find(names.begin(), names.end(), lower) != names.end())
    throw Error(ErrorKind::target, fmt::format("the target table {} has no column {}", shown, name))
        .hint(fmt::format(
            "it has a column {}: names = \"lower\" in [ddl] of mysql2pgsql writes all names in lower case; for one "
            "column, a line in [column_map]",
            lower));
  const std::string near = nearest_name(name, names);
  throw Error(ErrorKind::target, fmt::format("the target table {} has no column {}", shown, name))
      .hint(near.empty()
                ? "add the column to the target, or leave it out with a table-list query"
                : fmt::format("it has a column {}; give the source's column that name in a table-list query", near));
}

std::vector<TakenName> read_taken_names(PgConnection& connection, const Dialect& dialect,
                                        const std::set<std::string>& schemas) {
  if (dialect.distributed && dialect.family == ServerFamily::greenplum && dialect.major < 6) return {};
  using enum TakenName::Kind;
  const PgResult rows = connection.exec(sql::taken_names, {array_text({schemas.begin(), schemas.end()})});
  std::vector<TakenName> out;
  for (int row = 0; row < rows.rows(); ++row) {
    const std::string_view kind = rows.value(row, 3);
    out.push_back({{rows.text(row, 0), rows.text(row, 1)},
                   rows.text(row, 2),
                   kind == "table"      ? table
                   : kind == "type"     ? type
                   : kind == "function" ? function
                                        : relation});
  }
  return out;
}

std::set<std::string> missing_types(PgConnection& connection, const std::set<std::string>& types) {
  const auto found = schemas_of_types(connection, types);
  std::set<std::string> out;
  for (const std::string& type : types)
    if (!found.contains(type)) out.insert(type);
  return out;
}

bool schema_exists(PgConnection& connection, const std::string& schema) {
  return connection.exec("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", {schema}).rows() > 0;
}

bool has_rows(PgConnection& connection, const TargetTable& table) {
  return connection.exec(fmt::format("SELECT 1 FROM {}{} LIMIT 1", table.only ? "ONLY " : "", quote_name(table.name)))
             .rows() > 0;
}

void truncate_table(PgConnection& connection, const TargetTable& table) {
  try {
    connection.exec(fmt::format("TRUNCATE TABLE {}{}", table.only ? "ONLY " : "", quote_name(table.name)));
  } catch (Error& error) {
    if (error.sqlstate() == sqlstate::feature_not_supported)  // feature_not_supported
      error.hint(
          "drop the foreign keys that refer to the table before the run and add them again after it, when the "
          "tables on both sides are loaded (mysql2pgsql -d --section post-data prints them)");
    throw;
  }
}

std::string missing_table_hint(PgConnection& connection, const QualifiedName& name) {
  const PgResult result = connection.exec(
      "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c "
      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.relkind IN ('r', 'p', 'f') AND pg_catalog.lower(c.relname) = pg_catalog.lower($1) "
      "ORDER BY n.nspname <> $2, 1, 2 LIMIT 3",
      {name.name, name.schema});
  std::vector<std::string> similar;
  bool lower = false;
  for (int row = 0; row < result.rows(); ++row) {
    const QualifiedName there{result.text(row, 0), result.text(row, 1)};
    similar.push_back(there.display());
    lower = lower || (there.schema == name.schema && there.name != name.name && there.name == to_lower(name.name));
  }
  if (similar.empty()) return kCreateHint;
  if (lower)
    return fmt::format(
        "there is {}: names = \"lower\" in [ddl] of mysql2pgsql writes all names in lower case; for one table, a line "
        "in [table_map]",
        similar.front());
  return fmt::format("there is {}; names are case-sensitive; -s chooses the schema", join(similar, ", "));
}

}  // namespace dbsync
