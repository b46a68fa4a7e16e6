#include "mysql2pgsql/schema/key_map.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "mysql2pgsql/schema/expression_map.h"
#include "mysql2pgsql/schema/schema_map.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

const Column* target_column(const MysqlTable& source, const Table& table, const std::string& name) {
  for (std::size_t i = 0; i < source.columns.size(); ++i)
    if (source.columns[i].name == name) return &table.columns[i];
  return nullptr;
}

bool is_text(const Column& column) {
  return column.type.kind == PgKind::text || column.type.kind == PgKind::varchar || column.type.kind == PgKind::bpchar;
}

// Types without a btree operator class.
bool has_no_order(const Column& column) {
  return column.type.kind == PgKind::json || column.type.kind == PgKind::geometry;
}

// to_tsvector('simple', a || ' ' || b)
std::optional<IndexKey> fulltext_key(const MysqlIndex& index, const MysqlTable& source, const Table& table) {
  std::string document;
  for (const MysqlIndexPart& part : index.parts) {
    const Column* column = target_column(source, table, part.column);
    if (column == nullptr || !is_text(*column)) return std::nullopt;
    const std::string text = fmt::format("coalesce({}::text, '')", quote_identifier(column->name));
    document += (document.empty() ? "" : " || ' ' || ") + text;
  }
  return IndexKey{{}, fmt::format("to_tsvector('simple'::regconfig, {})", document), false};
}

class IndexMapper {
 public:
  IndexMapper(const MysqlTable& source, Table& table, const Dialect& dialect, const IndexNaming& naming)
      : source_(source), table_(table), dialect_(dialect), naming_(naming) {}

  void map(const MysqlIndex& from) {
    Index out;
    out.unique = from.unique;
    out.comment = from.comment;
    const std::string reason = fill(from, out);
    if (!reason.empty()) {
      table_.notes.push_back(fmt::format("the index {} was left out: {}", from.name, reason));
      return;
    }
    out.name = naming_.names.claim(source_name(from.name), table_.name.name);
    table_.indexes.push_back(std::move(out));
  }

 private:
  std::string source_name(const std::string& index) const {
    const std::string& table = table_.name.name;
    if (naming_.keep && !naming_.shared(index) && naming_.names.is_free(index, table)) return index;
    return index.starts_with(table) ? index : table + "_" + index;
  }

  std::string fill(const MysqlIndex& from, Index& out) {
    for (const MysqlIndexPart& part : from.parts)
      if (!part.column.empty() && target_column(source_, table_, part.column) == nullptr)
        return fmt::format("the column {} is not copied", part.column);
    if (from.type == "FULLTEXT") {
      const auto key = fulltext_key(from, source_, table_);
      if (!key) return "it indexes more than text";
      out.method = "gin";
      out.keys.push_back(*key);
      return {};
    }
    if (from.type == "SPATIAL" || from.type == "RTREE") {
      if (!dialect_.postgis) return "a spatial index needs PostGIS on the target";
      out.method = "gist";
    } else if (from.type != "BTREE" && from.type != "HASH") {
      return fmt::format("{} indexes have no counterpart", from.type);
    }
    for (const MysqlIndexPart& part : from.parts) {
      const std::string reason = add_part(part, out);
      if (!reason.empty()) return reason;
    }
    return {};
  }

  std::string add_part(const MysqlIndexPart& part, Index& out) {
    if (part.column.empty()) {
      const auto translated = map_index_expression(part.expression, source_, table_);
      if (!translated.value)
        return fmt::format("the expression {} was not translated ({})", part.expression, translated.reason);
      out.keys.push_back({{}, *translated.value, part.descending});
      return {};
    }
    const Column* column = target_column(source_, table_, part.column);
    if (out.method.empty() && has_no_order(*column))
      return fmt::format("the type {} of {} cannot be indexed", type_sql(column->type), column->name);
    if (part.prefix < 0 || out.method == "gist") {
      out.keys.push_back({column->name, {}, part.descending});
      return {};
    }
    const std::string name = quote_identifier(column->name);
    if (is_text(*column))
      out.keys.push_back({{}, fmt::format("left({}, {})", name, part.prefix), part.descending});
    else if (column->type.kind == PgKind::bytea)
      out.keys.push_back({{}, fmt::format("substring({} from 1 for {})", name, part.prefix), part.descending});
    else
      return fmt::format("a prefix of the type {} has no counterpart", type_sql(column->type));
    return {};
  }

  const MysqlTable& source_;
  Table& table_;
  const Dialect& dialect_;
  const IndexNaming& naming_;
};

bool same_columns(std::vector<std::string> a, std::vector<std::string> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

// A foreign key needs a unique key on exactly the columns it refers to; InnoDB
// does not.
bool has_unique_key(const Table& table, const std::vector<std::string>& columns) {
  if (same_columns(table.primary_key.columns, columns)) return true;
  for (const Index& index : table.indexes) {
    std::vector<std::string> names;
    for (const IndexKey& key : index.keys) names.push_back(key.column);
    if (index.unique && same_columns(names, columns)) return true;
  }
  return false;
}

std::string action_sql(const std::string& rule) { return rule == "NO ACTION" ? std::string() : rule; }

}  // namespace

namespace {

std::string_view range_of(const PgType& type) {
  switch (type.kind) {
    case PgKind::date: return "daterange";
    case PgKind::timestamp: return "tsrange";
    case PgKind::timestamptz: return "tstzrange";
    default: return {};
  }
}

// KEY (a, p WITHOUT OVERLAPS), of which the catalog shows a, end and start of p.
// The unique key over these stays beside it: keys are what rows are found by.
void map_without_overlaps(const std::vector<std::string>& key, const std::string& name, const MysqlTable& source,
                          Table& table, const Dialect& dialect, NameSet& names) {
  const auto leave_out = [&](std::string_view why) {
    table.notes.push_back(
        fmt::format("WITHOUT OVERLAPS of the key {} was left out, the unique key stays: {}", name, why));
  };
  std::vector<const Column*> columns;
  for (const std::string& column : key)
    if (const Column* target = target_column(source, table, column)) columns.push_back(target);
  if (columns.size() < key.size() || columns.size() < 2) return leave_out("a column of it is not copied");
  const Column& end = *columns[columns.size() - 2];
  const Column& start = *columns.back();
  if (dialect.distributed) return leave_out(dialect_name(dialect) + " has no exclusion constraints");
  if (source.partitioning) return leave_out("partitioned tables have no exclusion constraints");
  if (range_of(start.type).empty() || start.type.kind != end.type.kind)
    return leave_out(fmt::format("there is no range of the type {}", type_sql(start.type)));
  if (columns.size() > 2 && !dialect.btree_gist)
    return leave_out("it needs the extension btree_gist; CREATE EXTENSION btree_gist on the target");
  std::string elements;
  for (std::size_t i = 0; i + 2 < columns.size(); ++i) elements += quote_identifier(columns[i]->name) + " WITH =, ";
  elements +=
      fmt::format("{}({}, {}) WITH &&", range_of(start.type), quote_identifier(start.name), quote_identifier(end.name));
  table.exclusions.push_back(
      {names.claim(table.name.name + "_" + name + "_excl", table.name.name), std::move(elements)});
}

}  // namespace

void map_indexes(const MysqlTable& source, Table& table, const Dialect& dialect, const IndexNaming& naming) {
  IndexMapper mapper(source, table, dialect, naming);
  for (const MysqlIndex& index : source.indexes) mapper.map(index);
  if (source.key_without_overlaps)
    map_without_overlaps(source.primary_key, "pkey", source, table, dialect, naming.names);
  for (const MysqlIndex& index : source.indexes) {
    if (!index.without_overlaps) continue;
    std::vector<std::string> key;
    for (const MysqlIndexPart& part : index.parts) key.push_back(part.column);
    map_without_overlaps(key, index.name, source, table, dialect, naming.names);
  }
}

NameSet constraint_names(const Table& table, bool with_checks) {
  NameSet names;
  for (const Column& column : table.columns)
    if (!column.nullable || column.not_null_after_load || column.identity)
      names.reserve(usual_name(table.name.name, column.name, "not_null"), column.name);
  if (!table.primary_key.name.empty()) names.claim(table.primary_key.name);
  for (const auto& exclusion : table.exclusions) names.claim(exclusion.name);
  for (const CheckConstraint& check : table.checks)
    if (with_checks) names.claim(check.name);
  return names;
}

void map_foreign_keys(const MysqlTable& source, MappedSchema& schema, std::size_t index, const MysqlCatalog& catalog) {
  Table& table = schema.tables[index].table;
  NameSet names = constraint_names(table, true);
  for (const MysqlForeignKey& from : source.foreign_keys) {
    const auto leave_out = [&](const std::string& reason) {
      table.notes.push_back(fmt::format("the foreign key {} was left out: {}", from.name, reason));
    };
    if (from.target_schema != catalog.db) {
      leave_out(fmt::format("it refers to the database {}", from.target_schema));
      continue;
    }
    const MysqlTable* target_source = catalog.find_table(from.target_table);
    const MappedTable* target = schema.find(catalog, from.target_table);
    if (target_source == nullptr || target == nullptr || target->problem) {
      leave_out(fmt::format("the table {} is not migrated", from.target_table));
      continue;
    }
    ForeignKey out{.name = from.name,
                   .target = target->table.name,
                   .on_delete_sql = action_sql(from.on_delete),
                   .on_update_sql = action_sql(from.on_update)};
    for (const auto& name : from.columns)
      if (const Column* column = target_column(source, table, name)) out.columns.push_back(column->name);
    for (const auto& name : from.target_columns)
      if (const Column* column = target_column(*target_source, target->table, name))
        out.target_columns.push_back(column->name);
    if (out.columns.size() < from.columns.size() || out.target_columns.size() < from.target_columns.size()) {
      leave_out("a column of it is not copied");
      continue;
    }
    if (!has_unique_key(target->table, out.target_columns)) {
      leave_out(fmt::format("it refers to columns of {} that have no unique key", from.target_table));
      continue;
    }
    out.name = names.claim(from.name);
    table.foreign_keys.push_back(std::move(out));
  }
}

}  // namespace dbsync
