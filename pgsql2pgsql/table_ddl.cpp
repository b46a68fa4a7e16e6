#include "pgsql2pgsql/table_ddl.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "copy/distribution_rules.h"
#include "embedded_sql.h"
#include "pg/catalog.h"
#include "schema/distribution.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

std::vector<std::string> names_of(const PgResult& result, int row, int column) {
  if (result.is_null(row, column)) return {};
  return nlohmann::json::parse(result.value(row, column)).get<std::vector<std::string>>();
}

bool known_index_method(const std::string& method) { return method == "btree" || method == "gin" || method == "gist"; }

// Enums would need a type made before the table, and values are the labels anyway.
PgType column_type(const PgColumn& column, Column& out) {
  PgType type = column.type;
  if (column.enumeration) {
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

  std::vector<Table> run() {
    for (const PgRelation* relation : request_.selected.tables) begin(request_.catalog.root_of(*relation));
    add_details();
    add_indexes();
    add_constraints();
    std::vector<Table> out;
    for (const std::uint32_t oid : order_) {
      Table& table = tables_.at(oid);
      drop_outside_foreign_keys(table);
      add_partitions(oid, table);
      if (request_.dialect.distributed) apply_distribution_rules(request_.distribution_rules, request_.config_path, table);
      plan_distribution(table, request_.dialect, request_.first_column_key);
      out.push_back(std::move(table));
    }
    return out;
  }

 private:
  void begin(const PgRelation& relation) {
    if (tables_.contains(relation.oid)) return;
    order_.push_back(relation.oid);
    Table& table = tables_[relation.oid];
    table.name = request_.map.of(relation.name);
    targets_.insert(table.name);
    for (const PgColumn& column : relation.columns) {
      Column& out = table.columns.emplace_back();
      out.name = column.name;
      out.type = column_type(column, out);
      out.nullable = !column.not_null;
      out.identity = column.identity;
    }
  }

  Table* find(const PgResult& result, int row) {
    const auto found = tables_.find(static_cast<std::uint32_t>(result.integer(row, 0)));
    return found == tables_.end() ? nullptr : &found->second;
  }

  // A default that takes the next value of a sequence of its own is an identity.
  void add_details() {
    const PgResult result = source_.exec(sql::table_details, {});
    for (int row = 0; row < result.rows(); ++row) {
      Table* table = find(result, row);
      if (table == nullptr) continue;
      const auto column = std::find_if(table->columns.begin(), table->columns.end(),
                                       [&](const Column& c) { return c.name == result.value(row, 1); });
      if (column == table->columns.end()) continue;
      column->comment = result.text(row, 3);
      const std::string expression = result.text(row, 2);
      const PgRelation* relation = request_.catalog.find(static_cast<std::uint32_t>(result.integer(row, 0)));
      const bool generated = std::any_of(relation->columns.begin(), relation->columns.end(), [&](const PgColumn& c) {
        return c.name == column->name && c.generated;
      });
      if (generated)
        set_generated(*column, expression);
      else if (expression.starts_with("nextval(") && is_integer(column->type))
        column->identity = true;
      else
        column->default_sql = expression;
    }
    const PgResult comments = source_.exec(
        "SELECT c.oid, pg_catalog.obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class c "
        "WHERE c.relkind IN ('r', 'p') AND pg_catalog.obj_description(c.oid, 'pg_class') IS NOT NULL");
    for (int row = 0; row < comments.rows(); ++row)
      if (Table* table = find(comments, row)) table->comment = comments.text(row, 1);
  }

  static bool is_integer(const PgType& type) {
    return type.kind == PgKind::int2 || type.kind == PgKind::int4 || type.kind == PgKind::int8;
  }

  void set_generated(Column& column, const std::string& expression) const {
    if (request_.dialect.generated_columns)
      column.generated_sql = expression;
    else
      column.note = fmt::format("was generated: {}", expression);
  }

  void add_indexes() {
    const PgResult result = source_.exec(sql::table_indexes, {});
    for (int row = 0; row < result.rows(); ++row) {
      Table* table = find(result, row);
      if (table == nullptr) continue;
      const std::string name = result.text(row, 1);
      const std::string method = result.text(row, 4);
      if (result.boolean(row, 5) || !known_index_method(method)) {
        const std::string note = fmt::format("the index {} was left out: {}", name,
                                             result.boolean(row, 5) ? "it covers a part of the rows" : "method " + method);
        if (std::find(table->notes.begin(), table->notes.end(), note) == table->notes.end()) table->notes.push_back(note);
        continue;
      }
      if (result.boolean(row, 2)) {
        table->primary_key.name = name;
        table->primary_key.columns.push_back(result.text(row, 6));
        continue;
      }
      if (table->indexes.empty() || table->indexes.back().name != name)
        table->indexes.push_back({name, result.boolean(row, 3), method == "btree" ? "" : method, {}, result.text(row, 9)});
      table->indexes.back().keys.push_back({result.text(row, 6), result.text(row, 7), result.boolean(row, 8)});
    }
  }

  void add_constraints() {
    const PgResult result = source_.exec(sql::table_constraints, {});
    for (int row = 0; row < result.rows(); ++row) {
      Table* table = find(result, row);
      if (table == nullptr) continue;
      if (result.value(row, 1) == "c")
        table->checks.push_back({result.text(row, 2), result.text(row, 3)});
      else
        table->foreign_keys.push_back({result.text(row, 2), names_of(result, row, 6),
                                       request_.map.of(QualifiedName{result.text(row, 4), result.text(row, 5)}),
                                       names_of(result, row, 7), {}, {}});
    }
  }

  void drop_outside_foreign_keys(Table& table) const {
    std::erase_if(table.foreign_keys, [&](const ForeignKey& key) {
      if (targets_.contains(key.target)) return false;
      table.notes.push_back(fmt::format("the foreign key {} was left out: {} is not part of this run", key.name,
                                        display_name(key.target)));
      return true;
    });
  }

  // Trees of one level whose key is columns.
  void add_partitions(std::uint32_t oid, Table& table) {
    const PgRelation& root = *request_.catalog.find(oid);
    if (root.kind != 'p') return;
    std::vector<const PgRelation*> children;
    for (const PgRelation& relation : request_.catalog.relations)
      if (relation.partition && relation.parent == oid) children.push_back(&relation);
    const bool flat = std::all_of(children.begin(), children.end(), [](const PgRelation* child) { return child->kind == 'r'; });
    const PgResult key = source_.exec(
        "SELECT p.partstrat, a.attname FROM pg_catalog.pg_partitioned_table p CROSS JOIN LATERAL "
        "pg_catalog.unnest(p.partattrs::int2[]) WITH ORDINALITY AS u(attnum, n) LEFT JOIN pg_catalog.pg_attribute a "
        "ON a.attrelid = p.partrelid AND a.attnum = u.attnum AND u.attnum > 0 WHERE p.partrelid = $1 ORDER BY u.n",
        {std::to_string(oid)});
    Partitioning partitioning;
    bool columns_only = key.rows() > 0;
    for (int row = 0; row < key.rows(); ++row) {
      columns_only = columns_only && !key.is_null(row, 1);
      partitioning.columns.push_back(key.text(row, 1));
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

  PgConnection& source_;
  const DefinitionRequest& request_;
  std::map<std::uint32_t, Table> tables_;  // by oid of the source
  std::vector<std::uint32_t> order_;
  std::set<QualifiedName> targets_;
};

}  // namespace

std::vector<Table> table_definitions(PgConnection& source, const DefinitionRequest& request) {
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
    column.type = pg_type_of(column.type_oid, type.value(0, 0), type.value(0, 1), type.text(0, 2), described.column_modifier(i));
    Column& out = table.columns.emplace_back();
    out.name = column.name;
    out.type = column_type(column, out);
  }
  if (request.dialect.distributed) apply_distribution_rules(request.distribution_rules, request.config_path, table);
  plan_distribution(table, request.dialect, request.first_column_key);
  return table;
}

}  // namespace dbsync
