#include "pgsql2pgsql/schema/table_ddl.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "embedded_sql.h"
#include "pg/catalog.h"
#include "pgsql2pgsql/schema/mapped_tables.h"
#include "schema/distribution.h"
#include "schema/quote.h"
#include "schema/shared_target.h"

namespace dbsync {

namespace {

std::vector<std::string> names_of(const PgResult& result, int row, int column) {
  if (result.is_null(row, column)) return {};
  return nlohmann::json::parse(result.value(row, column)).get<std::vector<std::string>>();
}

// pg_constraint.confdeltype, confupdtype.
std::string action_sql(std::string_view letter) {
  if (letter == "r") return "RESTRICT";
  if (letter == "c") return "CASCADE";
  if (letter == "n") return "SET NULL";
  return letter == "d" ? "SET DEFAULT" : "";
}

bool known_index_method(const std::string& method) { return method == "btree" || method == "gin" || method == "gist"; }

// Enums would need a type made before the table, and values are the labels anyway;
// unless pg_dump's part of the schema makes the type.
PgType column_type(const PgColumn& column, const DefinitionRequest& request, Column& out) {
  PgType type = column.type;
  if (request.beside_dump) {
    if (type.kind == PgKind::enumeration) type.kind = PgKind::other;
    if (type.kind == PgKind::other) type.name = rename_schemas(type.name, request.map, request.objects);
  } else if (column.enumeration) {
    out.note = fmt::format("was the enum {}", type.name);
    type = PgType{};
  } else if (type.kind == PgKind::other && column.type_oid >= 16384) {
    out.note = fmt::format("the type {} must be there already", type.name);
  }
  return type;
}

class Definitions {
 public:
  Definitions(PgConnection& source, const DefinitionRequest& request) : source_(source), request_(request) {}

  std::vector<PgDefinition> run();

 private:
  void begin(const PgRelation& relation);
  PgDefinition complete(const PgRelation& relation);

  // One definition for the tables that share a target: the first one's. A target
  // with the rows of some of them only would look complete: all fail or none.
  void unite(std::vector<PgDefinition>& definitions) const;
  std::optional<Error> disagreement(const std::vector<PgDefinition>& definitions, std::size_t first,
                                    std::size_t other) const;

  // An expression over the table's columns in the target's names; nothing when it
  // needs a column that is not copied.
  std::optional<std::string> expression(const PgRelation& relation, const std::string& text) const;
  const PgRelation& relation_at(const PgResult& result, int row) const;
  static void leave_out(Table& table, std::string_view what, const std::string& name, std::string_view reason);
  Table* find(const PgResult& result, int row);

  // A default that takes the next value of a sequence of its own is an identity.
  void add_details();

  // What a sequence has that is not as it would be made by itself.
  void add_identities();

  // Of tables that are not heaps, which is what every server makes by itself.
  void add_access_methods();
  static bool is_integer(const PgType& type);
  void set_generated(Column& column, const std::string& expression) const;

  // PostgreSQL itself, from a version on; its relatives are behind.
  bool speaks(int major) const;

  // INCLUDE makes an index larger, not stricter: what is not copied, or cannot be
  // said to the target, is passed over.
  std::vector<std::string> carried(const PgRelation& relation, const std::vector<std::string>& names) const;
  void add_indexes();
  void add_constraints();

  // The names of columns on the target; nothing when one is not copied.
  static std::optional<std::vector<std::string>> target_names(const PgRelation& relation,
                                                              std::vector<std::string> names);
  void add_foreign_key(const PgResult& result, int row, Table& table);

  // Trees of one level whose key is columns.
  void add_partitions(const PgRelation& root, Table& table);

  PgConnection& source_;
  const DefinitionRequest& request_;
  std::map<std::uint32_t, Table> tables_;  // by oid of the source
  std::vector<std::uint32_t> order_;
  std::map<std::uint32_t, std::vector<std::string>> lost_keys_;  // columns of primary keys that are not copied
  std::set<QualifiedName> targets_;
};

std::vector<PgDefinition> Definitions::run() {
  for (const PgRelation* relation : request_.selected.tables) {
    targets_.insert(target_of(request_.catalog.root_of(*relation), request_.map));
    if (relation->mapped || !request_.beside_dump) begin(request_.catalog.root_of(*relation));
  }
  std::vector<PgDefinition> out;
  if (tables_.empty()) return out;
  add_details();
  add_identities();
  add_access_methods();
  add_indexes();
  add_constraints();
  for (const std::uint32_t oid : order_) out.push_back(complete(*request_.catalog.find(oid)));
  unite(out);
  return out;
}

void Definitions::begin(const PgRelation& relation) {
  if (tables_.contains(relation.oid)) return;
  order_.push_back(relation.oid);
  Table& table = tables_[relation.oid];
  table.name = target_of(relation, request_.map);
  for (const PgColumn& column : relation.columns) {
    Column& out = table.columns.emplace_back();
    out.name = column.target_name();
    out.type = column_type(column, request_, out);
    out.nullable = !column.not_null;
    out.identity = column.identity;
  }
}

PgDefinition Definitions::complete(const PgRelation& relation) {
  PgDefinition out{std::move(tables_.at(relation.oid)), {}};
  try {
    Table& table = out.table;
    for (const std::string& column : lost_keys_[relation.oid])
      throw excluded_from_key(display_name(relation.name), column);
    drop_outside_foreign_keys(table, targets_);
    add_partitions(relation, table);
    if (relation.origin)
      add_origin_column(table, relation.origin->name, shares_target(relation, request_.catalog, request_.map));
    request_.segments.apply(table, request_.dialect);
    plan_distribution(table, request_.dialect, request_.first_column_key);
  } catch (const Error& error) {
    if (!relation.mapped) throw;
    out.problem = error;
  }
  return out;
}

void Definitions::unite(std::vector<PgDefinition>& definitions) const {
  std::map<QualifiedName, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < definitions.size(); ++i) members[definitions[i].table.name].push_back(i);
  for (const auto& [target, places] : members) {
    std::optional<Error> problem;
    for (const std::size_t place : places) {
      if (!problem) problem = definitions[place].problem;
      if (!problem && place != places[0]) problem = disagreement(definitions, places[0], place);
    }
    for (const std::size_t place : places) {
      definitions[place].problem = problem;
      if (!problem) definitions[place].table = as_sibling(definitions[places[0]].table, definitions[place].table);
    }
  }
}

std::optional<Error> Definitions::disagreement(const std::vector<PgDefinition>& definitions, std::size_t first,
                                               std::size_t other) const {
  const std::string difference = definition_difference(definitions[first].table, definitions[other].table);
  if (difference.empty()) return std::nullopt;
  const auto name = [&](std::size_t place) { return display_name(request_.catalog.find(order_[place])->name); };
  return disagreeing_tables(name(first), name(other), display_name(definitions[first].table.name), difference);
}

std::optional<std::string> Definitions::expression(const PgRelation& relation, const std::string& text) const {
  std::map<std::string, std::string> names;
  for (const PgColumn& column : relation.columns)
    if (!column.new_name.empty()) names.emplace(column.name, column.new_name);
  const std::string sql = request_.beside_dump ? rename_schemas(text, request_.map, request_.objects) : text;
  if (names.empty() && relation.excluded.empty()) return sql;
  return rename_columns(sql, names, {relation.excluded.begin(), relation.excluded.end()});
}

const PgRelation& Definitions::relation_at(const PgResult& result, int row) const {
  return *request_.catalog.find(static_cast<std::uint32_t>(result.integer(row, 0)));
}

void Definitions::leave_out(Table& table, std::string_view what, const std::string& name, std::string_view reason) {
  const std::string note = fmt::format("the {} {} was left out: {}", what, name, reason);
  if (std::find(table.notes.begin(), table.notes.end(), note) == table.notes.end()) table.notes.push_back(note);
}

Table* Definitions::find(const PgResult& result, int row) {
  const auto found = tables_.find(static_cast<std::uint32_t>(result.integer(row, 0)));
  return found == tables_.end() ? nullptr : &found->second;
}

void Definitions::add_details() {
  const PgResult result = source_.exec(sql::table_details, {});
  for (int row = 0; row < result.rows(); ++row) {
    Table* table = find(result, row);
    if (table == nullptr) continue;
    const PgRelation& relation = relation_at(result, row);
    const PgColumn* from = relation.find_column(result.value(row, 1));
    if (from == nullptr) continue;
    Column& column = *std::find_if(table->columns.begin(), table->columns.end(),
                                   [&](const Column& c) { return c.name == from->target_name(); });
    column.comment = result.text(row, 3);
    const std::string text = result.text(row, 2);
    const auto sql = expression(relation, text);
    if (from->generated && !sql)
      column.note = fmt::format("was generated: {}; a column of that is not copied", text);
    else if (from->generated)
      set_generated(column, *sql);
    else if (text.starts_with("nextval(") && is_integer(column.type))
      column.identity = true;
    else
      column.default_sql = sql.value_or(text);
  }
  const PgResult comments = source_.exec(
      "SELECT c.oid, pg_catalog.obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class c "
      "WHERE c.relkind IN ('r', 'p') AND pg_catalog.obj_description(c.oid, 'pg_class') IS NOT NULL");
  for (int row = 0; row < comments.rows(); ++row)
    if (Table* table = find(comments, row)) table->comment = comments.text(row, 1);
}

void Definitions::add_identities() {
  constexpr int kIdentitiesSince = 100000;
  if (source_.server_version() < kIdentitiesSince) return;
  const PgResult result = source_.exec(sql::identity_options, {});
  for (int row = 0; row < result.rows(); ++row) {
    Table* table = find(result, row);
    const PgColumn* from = table == nullptr ? nullptr : relation_at(result, row).find_column(result.value(row, 1));
    if (from == nullptr) continue;
    Column& column = *std::find_if(table->columns.begin(), table->columns.end(),
                                   [&](const Column& c) { return c.name == from->target_name(); });
    if (!column.identity) continue;
    column.identity_always = result.boolean(row, 2);
    column.identity_descends = result.boolean(row, 9);
    const auto option = [&](std::string_view words, int value, std::string_view usual) {
      if (result.value(row, value) == usual) return;
      column.identity_options_sql +=
          fmt::format("{}{} {}", column.identity_options_sql.empty() ? "" : " ", words, result.value(row, value));
    };
    option("INCREMENT BY", 4, "1");
    option("MINVALUE", 5, result.value(row, 10));
    option("MAXVALUE", 6, result.value(row, 11));
    // The start is the least value, of a sequence that goes down the largest.
    option("START WITH", 3, result.value(row, column.identity_descends ? 6 : 5));
    option("CACHE", 7, "1");
    if (result.boolean(row, 8)) column.identity_options_sql += column.identity_options_sql.empty() ? "CYCLE" : " CYCLE";
    column.identity_limit = result.text(row, 6);
    if (result.integer(row, 3) > 0) table->next_identity = static_cast<std::uint64_t>(result.integer(row, 3));
  }
}

void Definitions::add_access_methods() {
  constexpr int kMethodsSince = 120000;
  if (source_.server_version() < kMethodsSince || !speaks(kMethodsSince / 10000)) return;
  const PgResult result = source_.exec(
      "SELECT c.oid, m.amname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_am m ON m.oid = c.relam "
      "WHERE c.relkind = 'r' AND m.amtype = 't' AND m.amname <> 'heap'");
  for (int row = 0; row < result.rows(); ++row)
    if (Table* table = find(result, row)) table->access_method = result.text(row, 1);
}

bool Definitions::is_integer(const PgType& type) {
  return type.kind == PgKind::int2 || type.kind == PgKind::int4 || type.kind == PgKind::int8;
}

void Definitions::set_generated(Column& column, const std::string& expression) const {
  if (request_.dialect.generated_columns)
    column.generated_sql = expression;
  else
    column.note = fmt::format("was generated: {}", expression);
}

bool Definitions::speaks(int major) const {
  return request_.dialect.family == ServerFamily::postgresql && request_.dialect.major >= major;
}

std::vector<std::string> Definitions::carried(const PgRelation& relation, const std::vector<std::string>& names) const {
  std::vector<std::string> out;
  if (!speaks(11)) return out;
  for (const std::string& name : names)
    if (const PgColumn* column = relation.find_column(name)) out.push_back(column->target_name());
  return out;
}

void Definitions::add_indexes() {
  const PgResult result = source_.exec(sql::table_indexes, {});
  std::set<std::pair<std::uint32_t, std::string>> lost_indexes;
  for (int row = 0; row < result.rows(); ++row) {
    Table* table = find(result, row);
    if (table == nullptr) continue;
    const std::string name = result.text(row, 1);
    const std::string method = result.text(row, 4);
    if (result.boolean(row, 5) || !known_index_method(method)) {
      leave_out(*table, "index", name, result.boolean(row, 5) ? "it covers a part of the rows" : "method " + method);
      continue;
    }
    if (result.boolean(row, 11) && !speaks(15)) {
      leave_out(*table, "index", name, "the target does not know NULLS NOT DISTINCT");
      continue;
    }
    const PgRelation& relation = relation_at(result, row);
    const PgColumn* column = relation.find_column(result.value(row, 6));
    if (result.boolean(row, 2)) {
      table->primary_key.name = name;
      if (column == nullptr)
        lost_keys_[relation.oid].push_back(result.text(row, 6));
      else
        table->primary_key.columns.push_back(column->target_name());
      continue;
    }
    const bool by_expression = result.is_null(row, 6);
    const auto sql = by_expression ? expression(relation, result.text(row, 7)) : std::optional<std::string>();
    if (by_expression ? !sql.has_value() : column == nullptr) {
      leave_out(*table, "index", name, "a column of it is not copied");
      lost_indexes.emplace(relation.oid, name);
    }
    if (table->indexes.empty() || table->indexes.back().name != name)
      table->indexes.push_back({.name = name,
                                .unique = result.boolean(row, 3),
                                .method = method == "btree" ? "" : method,
                                .comment = result.text(row, 9),
                                .include = carried(relation, names_of(result, row, 10)),
                                .nulls_not_distinct = result.boolean(row, 11)});
    table->indexes.back().keys.push_back(
        {column == nullptr ? "" : column->target_name(), sql.value_or(""), result.boolean(row, 8)});
  }
  for (const auto& [oid, name] : lost_indexes)
    std::erase_if(tables_.at(oid).indexes, [&index = name](const Index& i) { return i.name == index; });
}

void Definitions::add_constraints() {
  const PgResult result = source_.exec(sql::table_constraints, {});
  for (int row = 0; row < result.rows(); ++row) {
    Table* table = find(result, row);
    if (table == nullptr) continue;
    const std::string name = result.text(row, 2);
    if (result.value(row, 1) == "f")
      add_foreign_key(result, row, *table);
    else if (const auto sql = expression(relation_at(result, row), result.text(row, 3)))
      table->checks.push_back({name, *sql});
    else
      leave_out(*table, "check", name, "a column of it is not copied");
  }
}

std::optional<std::vector<std::string>> Definitions::target_names(const PgRelation& relation,
                                                                  std::vector<std::string> names) {
  for (std::string& name : names) {
    const PgColumn* column = relation.find_column(name);
    if (column == nullptr) return std::nullopt;
    name = column->target_name();
  }
  return names;
}

void Definitions::add_foreign_key(const PgResult& result, int row, Table& table) {
  const std::string name = result.text(row, 2);
  const PgRelation* target = request_.catalog.find(QualifiedName{result.text(row, 4), result.text(row, 5)});
  if (target == nullptr) return leave_out(table, "foreign key", name, "the table it refers to is not copied");
  const auto columns = target_names(relation_at(result, row), names_of(result, row, 6));
  const auto target_columns = target_names(*target, names_of(result, row, 7));
  if (!columns || !target_columns) return leave_out(table, "foreign key", name, "a column of it is not copied");
  if (target->origin && shares_target(*target, request_.catalog, request_.map))
    return leave_out(table, "foreign key", name, "the key it refers to has the origin column here");
  table.foreign_keys.push_back({.name = name,
                                .columns = *columns,
                                .target = target_of(*target, request_.map),
                                .target_columns = *target_columns,
                                .on_delete_sql = action_sql(result.value(row, 8)),
                                .on_update_sql = action_sql(result.value(row, 9))});
}

void Definitions::add_partitions(const PgRelation& root, Table& table) {
  const std::uint32_t oid = root.oid;
  if (root.kind != 'p') return;
  std::vector<const PgRelation*> children;
  for (const PgRelation& relation : request_.catalog.relations)
    if (relation.partition && relation.parent == oid) children.push_back(&relation);
  const bool flat =
      std::all_of(children.begin(), children.end(), [](const PgRelation* child) { return child->kind == 'r'; });
  const PgResult key = source_.exec(
      "SELECT p.partstrat, a.attname FROM pg_catalog.pg_partitioned_table p CROSS JOIN LATERAL "
      "pg_catalog.unnest(p.partattrs::int2[]) WITH ORDINALITY AS u(attnum, n) LEFT JOIN pg_catalog.pg_attribute a "
      "ON a.attrelid = p.partrelid AND a.attnum = u.attnum AND u.attnum > 0 WHERE p.partrelid = $1 ORDER BY u.n",
      {std::to_string(oid)});
  Partitioning partitioning;
  bool columns_only = key.rows() > 0;
  for (int row = 0; row < key.rows(); ++row) {
    const PgColumn* column = root.find_column(key.value(row, 1));
    columns_only = columns_only && column != nullptr;
    if (column != nullptr) partitioning.columns.push_back(column->target_name());
  }
  if (!flat || !columns_only || !request_.dialect.declarative_partitions) {
    table.notes.push_back("its partitions were left out: all rows are in one table");
    return;
  }
  const std::string_view method = key.value(0, 0);
  partitioning.method = method == "r" ? "RANGE" : method == "l" ? "LIST" : "HASH";
  for (const PgRelation* child : children) {
    const std::string bound = request_.catalog.partitions.at(child->name).bound;
    partitioning.partitions.push_back({child->name.name, bound, {}, bound == "DEFAULT"});
  }
  table.partitioning = std::move(partitioning);
}

}  // namespace

std::vector<PgDefinition> table_definitions(PgConnection& source, const DefinitionRequest& request) {
  return Definitions(source, request).run();
}

Table query_definition(PgConnection& source, const CopyTask& task, const DefinitionRequest& request) {
  Table table;
  table.name = task.target;
  // The query's names are the user's, the types' are to be in full; an error of
  // the query must not cost the snapshot.
  source.exec("SAVEPOINT dbsync_describe; RESET search_path");
  const PgResult described = [&] {
    try {
      return source.columns_of(task.query);
    } catch (const Error&) {
      if (source.usable()) source.exec("ROLLBACK TO SAVEPOINT dbsync_describe");
      throw;
    }
  }();
  source.exec("SET search_path = ''");
  for (int i = 0; i < described.columns(); ++i) {
    const PgResult type = source.exec(
        "SELECT t.typtype, t.typname, pg_catalog.format_type(t.oid, NULL) FROM pg_catalog.pg_type t WHERE t.oid = $1",
        {std::to_string(described.column_type(i))});
    PgColumn column;
    column.name = described.column_name(i);
    column.type_oid = described.column_type(i);
    column.enumeration = type.value(0, 0) == "e";
    column.type =
        pg_type_of(column.type_oid, type.value(0, 0), type.value(0, 1), type.text(0, 2), described.column_modifier(i));
    Column& out = table.columns.emplace_back();
    out.name = column.name;
    out.type = column_type(column, request, out);
  }
  request.segments.apply(table, request.dialect);
  plan_distribution(table, request.dialect, request.first_column_key);
  return table;
}

}  // namespace dbsync
