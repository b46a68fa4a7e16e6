#include "pgsql2pgsql/follow/table_places.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "cdc/drift_hint.h"
#include "cdc/schema_policy.h"
#include "embedded_sql.h"
#include "pg/catalog.h"
#include "pg/together.h"
#include "schema/quote.h"

namespace dbsync {

PgQuery question_of_places(const std::vector<KnownTable>& tables) {
  std::vector<std::string> oids;
  for (const KnownTable& table : tables)
    if (table.target != 0) oids.push_back(std::to_string(table.target));
  return {
      "SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
      "c.relnamespace WHERE c.oid = ANY ($1::oid[])",
      {array_text(oids)}};
}

namespace {

constexpr std::size_t kMostNamed = 20;

// A table of the target that should have another name.
struct Misplaced {
  const NamedTable* table;
  QualifiedName is;
  QualifiedName should_be;
};

std::map<std::uint32_t, QualifiedName> names_of_oids(PgConnection& target, const std::vector<NamedTable>& tables) {
  std::vector<KnownTable> known;
  for (const NamedTable& table : tables) known.push_back(table.known);
  const PgResult result = ask(target, question_of_places(known));
  std::map<std::uint32_t, QualifiedName> out;
  for (int row = 0; row < result.rows(); ++row)
    out.emplace(static_cast<std::uint32_t>(result.integer(row, 0)),
                QualifiedName{result.text(row, 1), result.text(row, 2)});
  return out;
}

// Where the changes of a partition may go, too.
std::vector<QualifiedName> tables_above(PgConnection& source, const QualifiedName& table, const SchemaMap& map) {
  const PgResult result = source.exec(sql::source_lineage, {table.schema, table.name});
  std::vector<QualifiedName> out;
  for (int row = 0; row < result.rows(); ++row) out.push_back(map.of({result.text(row, 0), result.text(row, 1)}));
  return out;
}

std::uint32_t oid_of(PgConnection& target, const QualifiedName& name) {
  const PgResult result = target.exec_often(
      "SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')",
      {name.schema, name.name});
  return result.rows() == 0 ? 0 : static_cast<std::uint32_t>(result.integer(0, 0));
}

bool has_schema(PgConnection& connection, const std::string& name) {
  return connection.exec("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", {name}).rows() > 0;
}

void note(PgConnection& source, PgConnection& target, const std::string& task, const SchemaMap& map,
          const NamedTable& table) {
  const std::uint32_t oid = place_of_rows(source, target, map, table.name);
  if (oid != 0) write_known_target(target, task, table.known.oid, oid);
}

// Statements that give tables their names, though one may have what another one must
// get: those step aside first.
std::vector<std::string> renames(const std::vector<Misplaced>& list) {
  std::vector<std::string> out;
  const auto alter = [&out](QualifiedName& from, const std::string& schema, const std::string& name) {
    if (from.schema != schema)
      out.push_back(fmt::format("ALTER TABLE {} SET SCHEMA {}", quote_name(from), quote_identifier(schema)));
    from.schema = schema;
    if (from.name != name)
      out.push_back(fmt::format("ALTER TABLE {} RENAME TO {}", quote_name(from), quote_identifier(name)));
    from.name = name;
  };
  std::vector<Misplaced> rest = list;
  for (Misplaced& one : rest) {
    const bool in_the_way =
        std::any_of(rest.begin(), rest.end(), [&](const Misplaced& other) { return other.should_be == one.is; });
    if (in_the_way) alter(one.is, one.is.schema, fmt::format("dbsync_{}", one.table->known.target));
  }
  for (Misplaced& one : rest) alter(one.is, one.should_be.schema, one.should_be.name);
  return out;
}

// All misplaced tables are in one schema that has another name now.
std::optional<std::string> rename_of_schema(PgConnection& source, PgConnection& target,
                                            const std::vector<Misplaced>& list) {
  const Misplaced& first = list.front();
  const bool alike = std::all_of(list.begin(), list.end(), [&](const Misplaced& one) {
    return one.is.name == one.should_be.name && one.is.schema == first.is.schema &&
           one.should_be.schema == first.should_be.schema &&
           one.table->known.name.schema == first.table->known.name.schema;
  });
  if (!alike || has_schema(source, first.table->known.name.schema) || has_schema(target, first.should_be.schema))
    return std::nullopt;
  return fmt::format("ALTER SCHEMA {} RENAME TO {}", quote_identifier(first.is.schema),
                     quote_identifier(first.should_be.schema));
}

Error gone(const std::string& task, const NamedTable& table) {
  return target_table_gone(table.known.name)
      .hint(fmt::format(
          "make the table there, then {}; or give it the rows that the source has, and run on the target: {}",
          copy_again(table.known.name), forget_sql(task, table.known.name)));
}

std::string described(const Misplaced& one) {
  const QualifiedName& was = one.table->known.name;
  if (was != one.table->name)
    return fmt::format("{} is called {} on the source now, and its rows are in {} of the target", display_name(was),
                       display_name(one.table->name), display_name(one.is));
  return fmt::format("the rows of {} are in a table of the target that is called {} now", display_name(was),
                     display_name(one.is));
}

Error error_of(PgConnection& source, PgConnection& target, const std::string& task,
               const std::vector<Misplaced>& list) {
  std::vector<std::string> texts;
  for (const Misplaced& one : list)
    if (texts.size() < kMostNamed) texts.push_back(described(one));
  if (list.size() > texts.size()) texts.push_back(fmt::format("and {} more", list.size() - texts.size()));
  std::vector<std::string> statements = renames(list);
  if (const auto schema = rename_of_schema(source, target, list)) statements = {*schema};
  std::string hint = run_on_target(statements);
  const Misplaced& first = list.front();
  const bool source_changed = first.table->known.name != first.table->name;
  if (oid_of(source_changed ? source : target, first.table->known.name) != 0 && list.size() == 1)
    hint += source_changed
                ? fmt::format(
                      "; the table that has the name {} on the source now is not followed: its rows must be copied "
                      "(--restart, or a task of its own)",
                      display_name(first.table->known.name))
                : fmt::format(
                      " (what has the name there must go first); or, if that one is to be followed from now on and has "
                      "the rows "
                      "that the source has, run on the target: {}",
                      forget_sql(task, first.table->known.name));
  return Error(ErrorKind::target, join(texts, "; ")).hint(hint);
}

// Those whose rows are in a table of another name, neither theirs nor one above it.
std::vector<Misplaced> misplaced_of(PgConnection& source, const SchemaMap& map, const std::vector<NamedTable>& tables,
                                    const std::map<std::uint32_t, QualifiedName>& places) {
  std::vector<Misplaced> out;
  for (const NamedTable& table : tables) {
    const auto place = places.find(table.known.target);
    const QualifiedName wanted = map.of(table.name);
    if (place == places.end() || place->second == wanted) continue;
    const auto above = tables_above(source, table.name, map);
    if (std::find(above.begin(), above.end(), place->second) == above.end())
      out.push_back({&table, place->second, wanted});
  }
  return out;
}

}  // namespace

std::optional<Error> find_misplaced(PgConnection& source, PgConnection& target, const std::string& task,
                                    const SchemaMap& map, const std::vector<NamedTable>& tables) {
  const auto places = names_of_oids(target, tables);
  for (const NamedTable& table : tables)
    if (table.known.target != 0 && !places.contains(table.known.target)) return gone(task, table);
  const auto misplaced = misplaced_of(source, map, tables, places);
  if (misplaced.empty()) return std::nullopt;
  return error_of(source, target, task, misplaced);
}

std::uint32_t place_of_rows(PgConnection& source, PgConnection& target, const SchemaMap& map,
                            const QualifiedName& table) {
  std::uint32_t oid = oid_of(target, map.of(table));
  if (oid == 0)
    for (const QualifiedName& above : tables_above(source, table, map))
      if (oid == 0) oid = oid_of(target, above);
  return oid;
}

std::string forget_sql(const std::string& task, const QualifiedName& table) {
  return fmt::format("DELETE FROM dbsync.apply_tables WHERE task = {} AND schema_name = {} AND table_name = {}",
                     quote_literal(task), quote_literal(table.schema), quote_literal(table.name));
}

void prove_places(PgConnection& source, PgConnection& target, const std::string& task, const SchemaMap& map,
                  const std::vector<NamedTable>& tables) {
  if (const auto error = find_misplaced(source, target, task, map, tables)) throw Error(*error);
  std::vector<std::pair<KnownTable, QualifiedName>> renamed;
  for (const NamedTable& table : tables) {
    if (table.known.target == 0) note(source, target, task, map, table);
    if (table.known.name != table.name) renamed.emplace_back(table.known, table.name);
  }
  if (renamed.empty()) return;
  rename_known_tables(target, task, renamed);
  for (const auto& [known, name] : renamed)
    log::info("follow", fmt::format("{} is called {} on both sides now", display_name(known.name), display_name(name)));
}

}  // namespace dbsync
