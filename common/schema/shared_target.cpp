#include "schema/shared_target.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "schema/ddl_table.h"

namespace dbsync {

namespace {

std::string shape(const Column& column) {
  // A native enum type has its table's name in its own.
  std::string type = type_sql(column.type);
  if (column.type.kind == PgKind::enumeration) {
    type = "an enum of";
    for (const std::string& label : column.type.labels) type += " " + label;
  }
  return type + (column.nullable && !column.not_null_after_load ? "" : " NOT NULL") +
         (column.identity ? " IDENTITY" : "") +
         (column.generated_sql.empty() ? "" : " GENERATED AS " + column.generated_sql);
}

std::string column_difference(const Table& first, const Table& other) {
  for (const Column& column : first.columns) {
    const Column* counterpart = other.find_column(column.name);
    if (counterpart == nullptr) return fmt::format("only the first has the column {}", column.name);
    if (shape(column) != shape(*counterpart))
      return fmt::format("the column {} is {} in the first and {} in the second", column.name, shape(column),
                         shape(*counterpart));
  }
  for (const Column& column : other.columns)
    if (first.find_column(column.name) == nullptr) return fmt::format("only the second has the column {}", column.name);
  return {};
}

std::set<std::string> unique_keys(const Table& table) {
  std::set<std::string> out;
  for (const Index& index : table.indexes) {
    if (!index.unique) continue;
    std::set<std::string> keys;
    for (const IndexKey& key : index.keys)
      keys.insert(key.column.empty() ? key.expression_sql : identifier_list({key.column}));
    std::string text;
    for (const std::string& key : keys) text += (text.empty() ? "" : ", ") + key;
    out.insert(index.predicate_sql.empty() ? text : text + " WHERE " + index.predicate_sql);
  }
  return out;
}

std::set<std::string> checks(const Table& table) {
  std::set<std::string> out;
  for (const CheckConstraint& check : table.checks) out.insert(check.condition_sql);
  return out;
}

std::set<std::string> foreign_keys(const Table& table) {
  std::set<std::string> out;
  for (const ForeignKey& key : table.foreign_keys)
    out.insert(fmt::format("({}) to {} ({}) {} {}", identifier_list(key.columns), key.target.display(),
                           identifier_list(key.target_columns), key.on_delete_sql, key.on_update_sql));
  return out;
}

std::set<std::string> partitions(const Table& table) {
  std::set<std::string> out;
  if (!table.partitioning) return out;
  for (const Partition& partition : table.partitioning->partitions)
    out.insert(fmt::format("{} ({}) {}", table.partitioning->method, identifier_list(table.partitioning->columns),
                           partition.is_default ? "DEFAULT" : partition.bounds_sql));
  return out;
}

std::string set_difference(std::string_view what, const std::set<std::string>& first,
                           const std::set<std::string>& other) {
  for (const std::string& one : first)
    if (!other.contains(one)) return fmt::format("only the first has the {} {}", what, one);
  for (const std::string& one : other)
    if (!first.contains(one)) return fmt::format("only the second has the {} {}", what, one);
  return {};
}

}  // namespace

std::string definition_difference(const Table& first, const Table& other) {
  if (std::string columns = column_difference(first, other); !columns.empty()) return columns;
  if (first.primary_key.columns != other.primary_key.columns) {
    const auto key = [](const Table& table) {
      return table.primary_key.columns.empty() ? std::string("none")
                                               : "(" + identifier_list(table.primary_key.columns) + ")";
    };
    return fmt::format("the primary key is {} in the first and {} in the second", key(first), key(other));
  }
  if (std::string keys = set_difference("unique key", unique_keys(first), unique_keys(other)); !keys.empty())
    return keys;
  if (std::string parts = set_difference("partition", partitions(first), partitions(other)); !parts.empty())
    return parts;
  if (std::string rules = set_difference("check", checks(first), checks(other)); !rules.empty()) return rules;
  return set_difference("foreign key", foreign_keys(first), foreign_keys(other));
}

Table as_sibling(const Table& first, const Table& other) {
  Table out = first;
  out.columns.clear();
  for (const Column& column : other.columns) out.columns.push_back(*first.find_column(column.name));
  out.next_identity = std::max(first.next_identity, other.next_identity);
  return out;
}

void add_origin_column(Table& table, const std::string& name, bool in_keys) {
  Column& column = table.columns.emplace_back();
  column.name = name;
  column.type = {PgKind::text};
  column.nullable = false;
  column.comment = "where the row is from";
  if (!in_keys) return;
  if (!table.primary_key.columns.empty()) table.primary_key.columns.push_back(name);
  for (Index& index : table.indexes)
    if (index.unique) index.keys.push_back({name, {}, false});
}

Error disagreeing_tables(const std::string& first, const std::string& other, const std::string& target,
                         const std::string& difference) {
  Error out(ErrorKind::config,
            fmt::format("{} and {} are both to become {}, but {}", first, other, target, difference));
  return out.hint(
      "make the tables agree, with [types], [column_map] and [exclude_columns] if that helps, or map them to "
      "different ones in [table_map]");
}

void drop_outside_foreign_keys(Table& table, const std::set<QualifiedName>& targets) {
  std::erase_if(table.foreign_keys, [&](const ForeignKey& key) {
    if (targets.contains(key.target)) return false;
    table.notes.push_back(
        fmt::format("the foreign key {} was left out: {} is not part of this run", key.name, key.target.display()));
    return true;
  });
}

}  // namespace dbsync
