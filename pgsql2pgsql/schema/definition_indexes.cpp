#include "pgsql2pgsql/schema/definition_indexes.h"

#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "embedded_sql.h"
#include "pgsql2pgsql/schema/name_list.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

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

class Indexes {
 public:
  explicit Indexes(DefinitionSet& set) : set_(set) {}

  LostKeys run();

 private:
  void add(const PgResult& result, int row, Table& table);
  // Why the target cannot have the index that a row of table_indexes is about; "" = it can.
  std::string obstacle(const PgResult& result, int row) const;
  void add_key_column(const PgRelation& relation, const PgResult& result, int row, Table& table);
  // False when the index is left out.
  bool add_index_key(const PgRelation& relation, const PgResult& result, int row, Table& table) const;
  // INCLUDE makes an index larger, not stricter: what is not copied is passed over, what
  // cannot be said to the target is noted.
  std::vector<std::string> carried(const PgRelation& relation, const std::string& index,
                                   const std::vector<std::string>& names, Table& table) const;
  std::string operator_class(const QualifiedName& name) const;

  DefinitionSet& set_;
  LostKeys lost_keys_;
  std::set<std::pair<std::uint32_t, std::string>> left_out_;  // indexes that begun and cannot be
};

LostKeys Indexes::run() {
  const PgResult result = set_.source.exec(sql::table_indexes, {});
  for (int row = 0; row < result.rows(); ++row)
    if (Table* table = set_.find(result, row)) add(result, row, *table);
  for (const auto& [oid, name] : left_out_)
    std::erase_if(set_.tables.at(oid).indexes, [&index = name](const Index& i) { return i.name == index; });
  return std::move(lost_keys_);
}

void Indexes::add(const PgResult& result, int row, Table& table) {
  const std::string name = result.text(row, 1);
  const PgRelation& relation = set_.relation_at(result, row);
  if (const std::string reason = obstacle(result, row); !reason.empty()) {
    note_left_out(table, "index", name, reason);
    left_out_.emplace(relation.oid, name);
  } else if (result.boolean(row, 2)) {
    add_key_column(relation, result, row, table);
  } else if (!add_index_key(relation, result, row, table)) {
    left_out_.emplace(relation.oid, name);
  }
}

std::string Indexes::obstacle(const PgResult& result, int row) const {
  constexpr int kNullsNotDistinctSince = 15;
  const std::string method = result.text(row, 4);
  if (result.boolean(row, 15)) return "it belongs to an exclusion constraint";
  if (!index_method(method, set_.request.dialect)) return "method " + method;
  if (result.boolean(row, 11) && set_.request.dialect.base < kNullsNotDistinctSince)
    return "the target does not know NULLS NOT DISTINCT";
  // Of an extension, which nobody makes there.
  if (!set_.request.beside_dump && !result.is_null(row, 13) && result.value(row, 13) != "pg_catalog")
    return fmt::format("operator class {}", QualifiedName{result.text(row, 13), result.text(row, 14)}.display());
  return {};
}

void Indexes::add_key_column(const PgRelation& relation, const PgResult& result, int row, Table& table) {
  table.primary_key.name = result.text(row, 1);
  const PgColumn* column = relation.find_column(result.value(row, 6));
  if (column == nullptr)
    lost_keys_[relation.oid].push_back(result.text(row, 6));
  else
    table.primary_key.columns.push_back(column->target_name());
}

bool Indexes::add_index_key(const PgRelation& relation, const PgResult& result, int row, Table& table) const {
  const std::string name = result.text(row, 1);
  const PgColumn* column = relation.find_column(result.value(row, 6));
  const bool by_expression = result.is_null(row, 6);
  const auto sql = by_expression ? set_.expression(relation, result.text(row, 7)) : std::optional<std::string>("");
  const auto predicate =
      result.is_null(row, 5) ? std::optional<std::string>("") : set_.expression(relation, result.text(row, 5));
  if ((!by_expression && column == nullptr) || !sql || !predicate) {
    note_left_out(table, "index", name, "a column of it is not copied");
    return false;
  }
  if (table.indexes.empty() || table.indexes.back().name != name)
    table.indexes.push_back({.name = name,
                             .unique = result.boolean(row, 3),
                             .method = *index_method(result.text(row, 4), set_.request.dialect),
                             .comment = result.text(row, 9),
                             .include = carried(relation, name, names_at(result, row, 10), table),
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

std::vector<std::string> Indexes::carried(const PgRelation& relation, const std::string& index,
                                          const std::vector<std::string>& names, Table& table) const {
  constexpr int kIncludeSince = 11;
  std::vector<std::string> out;
  if (names.empty()) return out;
  if (set_.request.dialect.base < kIncludeSince) {
    table.notes.push_back(fmt::format("the index {} carries no columns here, since {} has no INCLUDE: {}", index,
                                      dialect_name(set_.request.dialect), join(names, ", ")));
    return out;
  }
  for (const std::string& name : names)
    if (const PgColumn* column = relation.find_column(name)) out.push_back(column->target_name());
  return out;
}

std::string Indexes::operator_class(const QualifiedName& name) const {
  if (name.name.empty() || name.schema == "pg_catalog") return name.name.empty() ? "" : quote_identifier(name.name);
  return set_.renamed(quote_name(name));
}

}  // namespace

LostKeys define_indexes(DefinitionSet& set) { return Indexes(set).run(); }

}  // namespace dbsync
