#include "pgsql2pgsql/schema/table_ddl.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "embedded_sql.h"
#include "pg/catalog.h"
#include "pgsql2pgsql/schema/lacking.h"
#include "pgsql2pgsql/schema/mapped_tables.h"
#include "schema/distribution.h"
#include "schema/quote.h"
#include "schema/shared_target.h"
#include "schema/type_oid.h"

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

// "" = btree, the usual one; nothing when the target has none that is alike.
std::optional<std::string> index_method(const std::string& method, const Dialect& target) {
  constexpr int kNewMethods = 10;  // of PostgreSQL: hash indexes that survive a crash, brin, sp-gist everywhere
  if (method == "btree") return "";
  if (method == "bitmap") return target.distributed ? method : "";  // Greenplum's, for few values
  const bool old = method == "gin" || method == "gist";
  const bool newer = method == "hash" || method == "brin" || method == "spgist";
  return (old && target.base >= 9) || (newer && target.base >= kNewMethods) ? std::optional(method) : std::nullopt;
}

// Where NULLs stand, unless it is where they stand by themselves.
std::string nulls_sql(bool descending, bool first) {
  if (descending == first) return {};
  return first ? "NULLS FIRST" : "NULLS LAST";
}

// As the source has it; pg_dump's part of the schema makes enums and the like.
PgType column_type(const PgColumn& column, const DefinitionRequest& request) {
  PgType type = column.type;
  if (!request.beside_dump) return type;
  if (type.kind == PgKind::enumeration) type.kind = PgKind::other;
  if (type.kind == PgKind::other) type.name = rename_schemas(type.name, request.map, request.objects);
  return type;
}

// FOR VALUES FROM ('1') TO (MAXVALUE), FOR VALUES IN ('a', NULL) as Greenplum had them
// before 7; "" when there is no such form.
std::string classic_bounds(const std::string& bounds) {
  constexpr std::string_view kList = "FOR VALUES IN ";
  constexpr std::string_view kRange = "FOR VALUES FROM (";
  constexpr std::string_view kTo = ") TO (";
  if (bounds.starts_with(kList)) return "VALUES " + bounds.substr(kList.size());
  const std::size_t to = bounds.find(kTo);
  if (!bounds.starts_with(kRange) || to == std::string::npos || !bounds.ends_with(')')) return {};
  const std::string from = bounds.substr(kRange.size(), to - kRange.size());
  const std::string until = bounds.substr(to + kTo.size(), bounds.size() - to - kTo.size() - 1);
  if (until.find(kTo) != std::string::npos) return {};  // within a text
  std::string out = from == "MINVALUE" ? "" : fmt::format("START ({}) INCLUSIVE", from);
  if (until != "MAXVALUE") out += fmt::format("{}END ({}) EXCLUSIVE", out.empty() ? "" : " ", until);
  return out;
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

class Definitions {
 public:
  Definitions(PgConnection& source, const DefinitionRequest& request)
      : source_(source), request_(request), lacking_(request.dialect, request.target) {}

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

  Column* find_column(const PgResult& result, int row);

  // Of users and domains: as they are where pg_dump makes them; else the types behind
  // domains, and text for what the target has not.
  void add_types();
  void add_domain(const PgResult& result, int row, Column& column);
  void fit_columns();

  // What a sequence has that is not as it would be made by itself.
  void add_identities();

  // Of tables that are not heaps, which is what every server makes by itself.
  void add_access_methods();
  static bool is_integer(const PgType& type);
  void set_generated(Column& column, const std::string& expression) const;

  // INCLUDE makes an index larger, not stricter: what is not copied is passed over, what
  // cannot be said to the target is noted.
  std::vector<std::string> carried(const PgRelation& relation, const std::string& index,
                                   const std::vector<std::string>& names, Table& table) const;
  std::string operator_class(const QualifiedName& name) const;
  // Why the target cannot have the index that a row of table_indexes is about; "" = it can.
  std::string index_obstacle(const PgResult& result, int row) const;
  void add_indexes();
  void add_key_column(const PgRelation& relation, const PgResult& result, int row, Table& table);
  // False when the index is left out.
  bool add_index_key(const PgRelation& relation, const PgResult& result, int row, Table& table);
  void add_constraints();

  // The names of columns on the target; nothing when one is not copied.
  static std::optional<std::vector<std::string>> target_names(const PgRelation& relation,
                                                              std::vector<std::string> names);
  void add_foreign_key(const PgResult& result, int row, Table& table);

  // Trees whose keys are columns, of all levels.
  void add_partitions(const PgRelation& root, Table& table);
  std::optional<PartitionKey> partition_key(const PgRelation& relation);
  // False when they cannot be made.
  bool add_parts(const PgRelation& parent, const PartitionKey& key, std::vector<Partition>& out);
  // What a source with segments says of it.
  void add_place(const PgRelation& relation, Table& table);
  void note_inheritance();

  PgConnection& source_;
  const DefinitionRequest& request_;
  std::map<std::uint32_t, Table> tables_;  // by oid of the source
  std::vector<std::uint32_t> order_;
  std::map<std::uint32_t, std::vector<std::string>> lost_keys_;  // columns of primary keys that are not copied
  std::set<QualifiedName> targets_;
  Lacking lacking_;
  std::set<std::pair<std::uint32_t, std::string>> users_defaults_;  // columns whose default names users' objects
};

std::vector<PgDefinition> Definitions::run() {
  for (const PgRelation* relation : request_.selected.tables) {
    targets_.insert(target_of(request_.catalog.root_of(*relation), request_.map));
    if (relation->mapped || !request_.beside_dump) begin(request_.catalog.root_of(*relation));
  }
  std::vector<PgDefinition> out;
  if (tables_.empty()) return out;
  add_details();
  add_types();
  add_identities();
  fit_columns();
  note_inheritance();
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
    out.type = column_type(column, request_);
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
    add_place(relation, table);
    if (relation.origin)
      add_origin_column(table, relation.origin->name, shares_target(relation, request_.catalog, request_.map));
    request_.segments.apply(table, request_.dialect);
    plan_distribution(table, request_.dialect, request_.first_column_key);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::config) throw;
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
    Column* found = find_column(result, row);
    if (found == nullptr) continue;
    Column& column = *found;
    const PgRelation& relation = relation_at(result, row);
    const PgColumn* from = relation.find_column(result.value(row, 1));
    if (result.boolean(row, 4)) users_defaults_.emplace(relation.oid, column.name);
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

Column* Definitions::find_column(const PgResult& result, int row) {
  Table* table = find(result, row);
  const PgColumn* from = table == nullptr ? nullptr : relation_at(result, row).find_column(result.value(row, 1));
  if (from == nullptr) return nullptr;
  return &*std::find_if(table->columns.begin(), table->columns.end(),
                        [&](const Column& column) { return column.name == from->target_name(); });
}

void Definitions::add_types() {
  const PgResult result = source_.exec(sql::column_types, {});
  for (int row = 0; row < result.rows(); ++row) {
    Column* column = find_column(result, row);
    if (column == nullptr) continue;
    const std::string domain = result.text(row, 2);
    if (request_.beside_dump) {
      if (!domain.empty())
        column->type = PgType{.kind = PgKind::other, .name = rename_schemas(domain, request_.map, request_.objects)};
      continue;
    }
    if (!domain.empty()) add_domain(result, row, *column);
    column->type = pg_type_of(static_cast<std::uint32_t>(result.integer(row, 6)), result.value(row, 7),
                              result.value(row, 8), result.text(row, 9), result.integer(row, 10));
    if (result.boolean(row, 11)) lacking_.fit_users_type(*column, described_type(result, row), result.text(row, 13));
  }
}

// What it asks for, as far as a column can say that.
void Definitions::add_domain(const PgResult& result, int row, Column& column) {
  if (result.boolean(row, 3)) column.nullable = false;
  if (column.default_sql.empty() && column.generated_sql.empty() && !column.identity && !result.is_null(row, 4)) {
    column.default_sql = result.text(row, 4);
    users_defaults_.emplace(relation_at(result, row).oid, column.name);  // what it names is not known
  }
  std::string note = "was the domain " + result.text(row, 2);
  if (const auto checks = names_of(result, row, 5); !checks.empty())
    note += ", of which this is not checked here: " + join(checks, ", ");
  add_note(column, note);
}

// When the types are known.
void Definitions::fit_columns() {
  if (request_.beside_dump) return;
  for (auto& [oid, table] : tables_)
    for (Column& column : table.columns) {
      lacking_.fit_type(column);
      lacking_.fit_default(column, users_defaults_.contains({oid, column.name}));
      lacking_.fit_identity(column);
    }
}

void Definitions::add_identities() {
  constexpr int kIdentitiesSince = 100000;
  if (source_.server_version() < kIdentitiesSince) return;
  const PgResult result = source_.exec(sql::identity_options, {});
  for (int row = 0; row < result.rows(); ++row) {
    Column* found = find_column(result, row);
    if (found == nullptr || !found->identity) continue;
    Column& column = *found;
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
    if (result.integer(row, 3) > 0)
      find(result, row)->next_identity = static_cast<std::uint64_t>(result.integer(row, 3));
  }
}

void Definitions::add_access_methods() {
  constexpr int kMethodsSince = 120000;
  // Greenplum has methods of its own, for its append-optimized tables.
  const bool of_segments = request_.dialect.distributed || !request_.catalog.segments.empty();
  const bool spoken = !of_segments && request_.dialect.base >= kMethodsSince / 10000;
  if (source_.server_version() < kMethodsSince || !spoken) return;
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

std::vector<std::string> Definitions::carried(const PgRelation& relation, const std::string& index,
                                              const std::vector<std::string>& names, Table& table) const {
  constexpr int kIncludeSince = 11;
  std::vector<std::string> out;
  if (names.empty()) return out;
  if (request_.dialect.base < kIncludeSince) {
    table.notes.push_back(fmt::format("the index {} carries no columns here, since {} has no INCLUDE: {}", index,
                                      dialect_name(request_.dialect), join(names, ", ")));
    return out;
  }
  for (const std::string& name : names)
    if (const PgColumn* column = relation.find_column(name)) out.push_back(column->target_name());
  return out;
}

std::string Definitions::operator_class(const QualifiedName& name) const {
  if (name.name.empty() || name.schema == "pg_catalog") return name.name.empty() ? "" : quote_identifier(name.name);
  return request_.beside_dump ? rename_schemas(quote_name(name), request_.map, request_.objects) : quote_name(name);
}

std::string Definitions::index_obstacle(const PgResult& result, int row) const {
  constexpr int kNullsNotDistinctSince = 15;
  const std::string method = result.text(row, 4);
  if (result.boolean(row, 15)) return "it belongs to an exclusion constraint";
  if (!index_method(method, request_.dialect)) return "method " + method;
  if (result.boolean(row, 11) && request_.dialect.base < kNullsNotDistinctSince)
    return "the target does not know NULLS NOT DISTINCT";
  // Of an extension, which nobody makes there.
  if (!request_.beside_dump && !result.is_null(row, 13) && result.value(row, 13) != "pg_catalog")
    return fmt::format("operator class {}", QualifiedName{result.text(row, 13), result.text(row, 14)}.display());
  return {};
}

void Definitions::add_indexes() {
  const PgResult result = source_.exec(sql::table_indexes, {});
  std::set<std::pair<std::uint32_t, std::string>> lost;
  for (int row = 0; row < result.rows(); ++row) {
    Table* table = find(result, row);
    if (table == nullptr) continue;
    const std::string name = result.text(row, 1);
    const PgRelation& relation = relation_at(result, row);
    if (const std::string obstacle = index_obstacle(result, row); !obstacle.empty()) {
      leave_out(*table, "index", name, obstacle);
      lost.emplace(relation.oid, name);
      continue;
    }
    if (result.boolean(row, 2))
      add_key_column(relation, result, row, *table);
    else if (!add_index_key(relation, result, row, *table))
      lost.emplace(relation.oid, name);
  }
  for (const auto& [oid, name] : lost)
    std::erase_if(tables_.at(oid).indexes, [&index = name](const Index& i) { return i.name == index; });
}

void Definitions::add_key_column(const PgRelation& relation, const PgResult& result, int row, Table& table) {
  table.primary_key.name = result.text(row, 1);
  const PgColumn* column = relation.find_column(result.value(row, 6));
  if (column == nullptr)
    lost_keys_[relation.oid].push_back(result.text(row, 6));
  else
    table.primary_key.columns.push_back(column->target_name());
}

bool Definitions::add_index_key(const PgRelation& relation, const PgResult& result, int row, Table& table) {
  const std::string name = result.text(row, 1);
  const PgColumn* column = relation.find_column(result.value(row, 6));
  const bool by_expression = result.is_null(row, 6);
  const auto sql = by_expression ? expression(relation, result.text(row, 7)) : std::optional<std::string>("");
  const auto predicate =
      result.is_null(row, 5) ? std::optional<std::string>("") : expression(relation, result.text(row, 5));
  if ((!by_expression && column == nullptr) || !sql || !predicate) {
    leave_out(table, "index", name, "a column of it is not copied");
    return false;
  }
  if (table.indexes.empty() || table.indexes.back().name != name)
    table.indexes.push_back({.name = name,
                             .unique = result.boolean(row, 3),
                             .method = *index_method(result.text(row, 4), request_.dialect),
                             .comment = result.text(row, 9),
                             .include = carried(relation, name, names_of(result, row, 10), table),
                             .nulls_not_distinct = result.boolean(row, 11),
                             .predicate_sql = *predicate});
  table.indexes.back().keys.push_back(
      {.column = column == nullptr ? "" : column->target_name(),
       .expression_sql = *sql,
       .descending = result.boolean(row, 8),
       .operator_class_sql = operator_class({result.text(row, 13), result.text(row, 14)}),
       .nulls_sql = result.value(row, 4) == "btree" ? nulls_sql(result.boolean(row, 8), result.boolean(row, 12)) : ""});
  return true;
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

// Nothing when a part of it is an expression, or a column that is not copied.
std::optional<PartitionKey> Definitions::partition_key(const PgRelation& relation) {
  const PgResult key = source_.exec(
      "SELECT p.partstrat, a.attname FROM pg_catalog.pg_partitioned_table p CROSS JOIN LATERAL "
      "pg_catalog.unnest(p.partattrs::int2[]) WITH ORDINALITY AS u(attnum, n) LEFT JOIN pg_catalog.pg_attribute a "
      "ON a.attrelid = p.partrelid AND a.attnum = u.attnum AND u.attnum > 0 WHERE p.partrelid = $1 ORDER BY u.n",
      {std::to_string(relation.oid)});
  PartitionKey out;
  for (int row = 0; row < key.rows(); ++row) {
    const PgColumn* column = relation.find_column(key.value(row, 1));
    if (column == nullptr) return std::nullopt;
    out.columns.push_back(column->target_name());
  }
  if (key.rows() == 0) return std::nullopt;
  const std::string_view method = key.value(0, 0);
  out.method = method == "r" ? "RANGE" : method == "l" ? "LIST" : "HASH";
  return out;
}

bool Definitions::add_parts(const PgRelation& parent, const PartitionKey& key, std::vector<Partition>& out) {
  for (const PgRelation& child : request_.catalog.relations) {
    if (!child.partition || child.parent != parent.oid) continue;
    if (child.kind != 'r' && child.kind != 'p') return false;
    Partition& part = out.emplace_back();
    part.name = child.name.name;
    part.bounds_sql = request_.catalog.partitions.at(child.name).bound;
    part.is_default = part.bounds_sql == "DEFAULT";
    part.classic_sql = key.columns.size() == 1 ? classic_bounds(part.bounds_sql) : std::string();
    if (const auto place = request_.catalog.segments.find(child.oid);
        request_.dialect.distributed && place != request_.catalog.segments.end())
      part.storage = place->second.storage;
    if (child.kind != 'p') continue;
    const auto below = partition_key(child);
    if (!below) return false;
    part.key = *below;
    // Without a part it takes no row, and cannot be told from a leaf.
    if (!add_parts(child, *below, part.parts) || part.parts.empty()) return false;
  }
  return true;
}

void Definitions::add_partitions(const PgRelation& root, Table& table) {
  if (root.kind != 'p') return;
  const auto key = partition_key(root);
  Partitioning partitioning;
  if (!key || !add_parts(root, *key, partitioning.partitions) ||
      (!request_.dialect.declarative_partitions && !request_.dialect.distributed)) {
    table.notes.push_back("its partitions were left out: all rows are in one table");
    return;
  }
  partitioning.method = key->method;
  partitioning.columns = key->columns;
  table.partitioning = std::move(partitioning);
}

void Definitions::add_place(const PgRelation& relation, Table& table) {
  const auto found = request_.catalog.segments.find(relation.oid);
  if (found == request_.catalog.segments.end()) return;
  const SegmentTable& place = found->second;
  if (request_.dialect.distributed) {
    table.storage = place.storage;
    const auto columns = target_names(relation, place.distribution->columns);
    if (columns) table.distribution = Distribution{place.distribution->kind, *columns};
  }
  if (place.partition_clause.empty()) return;
  const auto columns = target_names(relation, place.partition_columns);
  const bool as_they_are = columns && *columns == place.partition_columns;
  if (request_.dialect.distributed && as_they_are)
    table.partitioning = Partitioning{.method = {},
                                      .columns = *columns,
                                      .partitions = {},
                                      .classic_clause_sql = std::string(trim(place.partition_clause))};
  else
    table.notes.push_back("its partitions were left out: all rows are in one table");
}

void Definitions::note_inheritance() {
  const PgResult result = source_.exec(
      "SELECT i.inhrelid, i.inhparent::pg_catalog.regclass::text FROM pg_catalog.pg_inherits i "
      "JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid "
      "WHERE NOT coalesce(row_to_json(c)->>'relispartition', 'false')::boolean ORDER BY i.inhrelid, i.inhseqno",
      {});
  for (int row = 0; row < result.rows(); ++row)
    if (Table* table = find(result, row))
      table->notes.push_back(fmt::format("it inherited from {}, and is a table of its own here", result.text(row, 1)));
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
  const Lacking lacking(request.dialect, request.target);
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
    out.type = column_type(column, request);
    if (request.beside_dump) continue;
    const bool users = column.type_oid >= oid::first_of_users;
    if (users) lacking.fit_users_type(out, fmt::format("the type {}", column.type.name), {});
    lacking.fit_type(out);
  }
  request.segments.apply(table, request.dialect);
  plan_distribution(table, request.dialect, request.first_column_key);
  return table;
}

}  // namespace dbsync
