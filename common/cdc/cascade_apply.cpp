#include "cdc/cascade_apply.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr unsigned kDeepest = 1000;  // servers end at 15 or 255

bool has_null(const std::vector<std::optional<std::string>>& key) {
  return std::any_of(key.begin(), key.end(), [](const auto& value) { return !value; });
}

// "a" = $1 AND "b" = $2
std::string condition(const std::vector<std::string>& columns) {
  std::string out;
  for (std::size_t i = 0; i < columns.size(); ++i)
    out += fmt::format("{}{} = ${}", i > 0 ? " AND " : "", quote_identifier(columns[i]), i + 1);
  return out;
}

std::string list(const std::vector<std::string>& columns) {
  std::string out;
  for (const std::string& column : columns) out += (out.empty() ? "" : ", ") + quote_identifier(column);
  return out;
}

void add_new(std::vector<std::string>& to, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (std::find(to.begin(), to.end(), name) == to.end()) to.push_back(name);
}

std::size_t place_of(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::vector<std::optional<std::string>> key_of(const std::vector<Value>& values) {
  std::vector<std::optional<std::string>> out;
  for (const Value& value : values)
    out.push_back(value.has_bytes() ? std::optional(std::string(value.bytes())) : std::nullopt);
  return out;
}

// The columns of a row of a result, which has those of `names`.
std::vector<std::optional<std::string>> key_of(const PgResult& rows, int row, const std::vector<std::string>& names,
                                               const std::vector<std::string>& wanted) {
  std::vector<std::optional<std::string>> out;
  for (const std::string& name : wanted) {
    const int column = static_cast<int>(place_of(names, name));
    out.push_back(rows.is_null(row, column) ? std::nullopt : std::optional(std::string(rows.value(row, column))));
  }
  return out;
}

void refuse_endless(unsigned depth, const CascadeEdge& edge) {
  if (depth < kDeepest) return;
  throw Error(ErrorKind::target,
              fmt::format("the actions of foreign keys that begin at {} find no end", edge.child.display()))
      .hint("the target's rows are not those of the source: copy the tables anew with --restart");
}

}  // namespace

const std::vector<CascadeEdge>& CascadeApply::edges_of(const QualifiedName& table) const {
  static const std::vector<CascadeEdge> none;
  const auto found = graph_->find(table);
  return found == graph_->end() ? none : found->second;
}

void CascadeApply::apply(PgConnection& target, const Change& change) {
  const Cascade& cascade = *change.relation->cascade;
  graph_ = cascade.graph.get();
  read_tuple(change.old_tuple, values_);
  const Key old_key = key_of(values_);
  try {
    if (change.kind == ChangeKind::remove) return removed(target, cascade.first, old_key, 0);
    read_tuple(change.new_tuple, values_);
    updated(target, cascade.first, old_key, key_of(values_), 0);
  } catch (Error& error) {
    throw error.context(fmt::format("what a foreign key of {} does for rows of {}", cascade.first.child.display(),
                                    change.relation->name.display()));
  }
}

void CascadeApply::removed(PgConnection& target, const CascadeEdge& edge, const Key& key, unsigned depth) {
  refuse_endless(depth, edge);
  if (edge.on_delete == CascadeAction::none || has_null(key)) return;
  if (edge.on_delete == CascadeAction::remove) return remove_rows(target, edge, key, depth);
  set_columns(target, edge, key, Key(key.size()), depth);
}

void CascadeApply::remove_rows(PgConnection& target, const CascadeEdge& edge, const Key& key, unsigned depth) {
  std::vector<std::string> wanted;
  for (const CascadeEdge& next : edges_of(edge.child))
    if (next.on_delete != CascadeAction::none) add_new(wanted, next.referred);
  std::string sql = fmt::format("DELETE FROM {} WHERE {}", quote_name(edge.child), condition(edge.columns));
  if (!wanted.empty()) sql += " RETURNING " + list(wanted);
  const PgResult rows = target.exec(sql, key);
  if (wanted.empty()) return;
  for (int row = 0; row < rows.rows(); ++row)
    for (const CascadeEdge& next : edges_of(edge.child))
      if (next.on_delete != CascadeAction::none)
        removed(target, next, key_of(rows, row, wanted, next.referred), depth + 1);
}

void CascadeApply::updated(PgConnection& target, const CascadeEdge& edge, const Key& old_key, const Key& new_key,
                           unsigned depth) {
  refuse_endless(depth, edge);
  if (edge.on_update == CascadeAction::none || has_null(old_key) || old_key == new_key) return;
  set_columns(target, edge, old_key, edge.on_update == CascadeAction::set_null ? Key(old_key.size()) : new_key, depth);
}

// Before the rows are changed: what they are referred to by, and what that will be.
std::vector<CascadeApply::Next> CascadeApply::rows_whose_key_changes(PgConnection& target, const CascadeEdge& edge,
                                                                     const Key& old_key, const Key& new_key) const {
  std::vector<Next> out;
  for (const CascadeEdge& next : edges_of(edge.child)) {
    const bool concerned = std::any_of(next.referred.begin(), next.referred.end(), [&](const std::string& name) {
      return place_of(edge.columns, name) < edge.columns.size();
    });
    if (!concerned || next.on_update == CascadeAction::none) continue;
    const PgResult rows = target.exec(fmt::format("SELECT DISTINCT {} FROM {} WHERE {}", list(next.referred),
                                                  quote_name(edge.child), condition(edge.columns)),
                                      old_key);
    for (int row = 0; row < rows.rows(); ++row) {
      Next found{&next, key_of(rows, row, next.referred, next.referred), {}};
      found.new_key = found.old_key;
      for (std::size_t i = 0; i < next.referred.size(); ++i)
        if (const std::size_t place = place_of(edge.columns, next.referred[i]); place < edge.columns.size())
          found.new_key[i] = new_key[place];
      out.push_back(std::move(found));
    }
  }
  return out;
}

void CascadeApply::set_columns(PgConnection& target, const CascadeEdge& edge, const Key& old_key, const Key& new_key,
                               unsigned depth) {
  const std::vector<Next> next = rows_whose_key_changes(target, edge, old_key, new_key);
  std::string set;
  Key parameters = old_key;
  for (std::size_t i = 0; i < edge.columns.size(); ++i) {
    parameters.push_back(new_key[i]);
    set += fmt::format("{}{} = ${}", i > 0 ? ", " : "", quote_identifier(edge.columns[i]), parameters.size());
  }
  target.exec(fmt::format("UPDATE {} SET {} WHERE {}", quote_name(edge.child), set, condition(edge.columns)),
              parameters);
  for (const Next& row : next) updated(target, *row.edge, row.old_key, row.new_key, depth + 1);
}

}  // namespace dbsync
