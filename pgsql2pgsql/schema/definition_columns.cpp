#include "pgsql2pgsql/schema/definition_columns.h"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "embedded_sql.h"
#include "pg/catalog.h"
#include "pgsql2pgsql/schema/lacking.h"
#include "pgsql2pgsql/schema/name_list.h"

namespace dbsync {

namespace {

bool is_integer(const PgType& type) {
  return type.kind == PgKind::int2 || type.kind == PgKind::int4 || type.kind == PgKind::int8;
}

// What a row of column_types says of a type, for a note: "the array of an enum mood[]".
std::string described_type(const PgResult& result, int row) {
  const std::string_view typtype = result.value(row, 12);
  const std::string_view kind = typtype == "e"   ? "enum"
                                : typtype == "c" ? "composite type"
                                : typtype == "r" ? "range type"
                                                 : "type";
  const bool array = result.boolean(row, 14);
  return fmt::format("the {}{} {}", array ? "array of the " : "", kind, result.text(row, 9));
}

class Columns {
 public:
  explicit Columns(DefinitionSet& set) : set_(set), lacking_(set.request.dialect, set.request.target) {}

  void add_details();
  void add_comments();
  // Of users and domains: as they are where pg_dump makes them; else the types behind
  // domains, and text for what the target has not.
  void add_types();
  void add_identities();
  // When the types are known.
  void fit();

 private:
  void add_detail(const PgResult& result, int row, Column& column);
  void add_domain(const PgResult& result, int row, Column& column);
  void set_generated(Column& column, const std::string& expression) const;

  DefinitionSet& set_;
  Lacking lacking_;
  std::set<std::pair<std::uint32_t, std::string>> users_defaults_;  // columns whose default names users' objects
};

void Columns::add_details() {
  const PgResult result = set_.source.exec(sql::table_details, {});
  for (int row = 0; row < result.rows(); ++row)
    if (Column* column = set_.find_column(result, row)) add_detail(result, row, *column);
}

// A default that takes the next value of a sequence of its own is an identity.
void Columns::add_detail(const PgResult& result, int row, Column& column) {
  const PgRelation& relation = set_.relation_at(result, row);
  const PgColumn* from = relation.find_column(result.value(row, 1));
  if (result.boolean(row, 4)) users_defaults_.emplace(relation.oid, column.name);
  column.comment = result.text(row, 3);
  const std::string text = result.text(row, 2);
  const auto sql = set_.expression(relation, text);
  if (from->generated && !sql)
    column.note = fmt::format("was generated: {}; a column of that is not copied", text);
  else if (from->generated)
    set_generated(column, *sql);
  else if (text.starts_with("nextval(") && is_integer(column.type))
    column.identity = true;
  else
    column.default_sql = sql.value_or(text);
}

void Columns::add_comments() {
  const PgResult comments = set_.source.exec(
      "SELECT c.oid, pg_catalog.obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class c "
      "WHERE c.relkind IN ('r', 'p') AND pg_catalog.obj_description(c.oid, 'pg_class') IS NOT NULL");
  for (int row = 0; row < comments.rows(); ++row)
    if (Table* table = set_.find(comments, row)) table->comment = comments.text(row, 1);
}

void Columns::add_types() {
  const PgResult result = set_.source.exec(sql::column_types, {});
  for (int row = 0; row < result.rows(); ++row) {
    Column* column = set_.find_column(result, row);
    if (column == nullptr) continue;
    const std::string domain = result.text(row, 2);
    if (set_.request.beside_dump) {
      if (!domain.empty()) column->type = PgType{.kind = PgKind::other, .name = set_.renamed(domain)};
      continue;
    }
    if (!domain.empty()) add_domain(result, row, *column);
    column->type = pg_type_of(static_cast<std::uint32_t>(result.integer(row, 6)), result.value(row, 7),
                              result.value(row, 8), result.text(row, 9), result.integer(row, 10));
    if (result.boolean(row, 11)) lacking_.fit_users_type(*column, described_type(result, row), result.text(row, 13));
  }
}

// What it asks for, as far as a column can say that.
void Columns::add_domain(const PgResult& result, int row, Column& column) {
  if (result.boolean(row, 3)) column.nullable = false;
  if (column.default_sql.empty() && column.generated_sql.empty() && !column.identity && !result.is_null(row, 4)) {
    column.default_sql = result.text(row, 4);
    users_defaults_.emplace(set_.relation_at(result, row).oid, column.name);  // what it names is not known
  }
  std::string note = "was the domain " + result.text(row, 2);
  if (const auto checks = names_at(result, row, 5); !checks.empty())
    note += ", of which this is not checked here: " + join(checks, ", ");
  add_note(column, note);
}

void Columns::set_generated(Column& column, const std::string& expression) const {
  if (set_.request.dialect.generated_columns)
    column.generated_sql = expression;
  else
    column.note = fmt::format("was generated: {}", expression);
}

// What a sequence has that is not as it would be made by itself.
void add_sequence_options(const PgResult& result, int row, Column& column) {
  std::string& options = column.identity_options_sql;
  const auto option = [&](std::string_view words, int value, std::string_view usual) {
    if (result.value(row, value) == usual) return;
    options += fmt::format("{}{} {}", options.empty() ? "" : " ", words, result.value(row, value));
  };
  option("INCREMENT BY", 4, "1");
  option("MINVALUE", 5, result.value(row, 10));
  option("MAXVALUE", 6, result.value(row, 11));
  // The start is the least value, of a sequence that goes down the largest.
  option("START WITH", 3, result.value(row, column.identity_descends ? 6 : 5));
  option("CACHE", 7, "1");
  if (result.boolean(row, 8)) options += options.empty() ? "CYCLE" : " CYCLE";
}

void Columns::add_identities() {
  constexpr int kIdentitiesSince = 100000;
  if (set_.source.server_version() < kIdentitiesSince) return;
  const PgResult result = set_.source.exec(sql::identity_options, {});
  for (int row = 0; row < result.rows(); ++row) {
    Column* column = set_.find_column(result, row);
    if (column == nullptr || !column->identity) continue;
    column->identity_always = result.boolean(row, 2);
    column->identity_descends = result.boolean(row, 9);
    add_sequence_options(result, row, *column);
    column->identity_limit = result.text(row, 6);
    if (result.integer(row, 3) > 0)
      set_.find(result, row)->next_identity = static_cast<std::uint64_t>(result.integer(row, 3));
  }
}

void Columns::fit() {
  if (set_.request.beside_dump) return;
  for (auto& [oid, table] : set_.tables)
    for (Column& column : table.columns) {
      lacking_.fit_type(column);
      lacking_.fit_default(column, users_defaults_.contains({oid, column.name}));
      lacking_.fit_identity(column);
    }
}

}  // namespace

void define_columns(DefinitionSet& set) {
  Columns columns(set);
  columns.add_details();
  columns.add_comments();
  columns.add_types();
  columns.add_identities();
  columns.fit();
}

}  // namespace dbsync
