#include "cdc/apply_sql.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace dbsync {

namespace {

// Types without a usable equality, and types whose equal values can look
// different (1.0 and 1.00, a day and 24 hours): compared as text, the latter
// after a comparison that an index can serve.
constexpr std::array<std::uint32_t, 10> kNoEquality{114, 142, 194, 600, 601, 602, 603, 604, 628, 718};
constexpr std::array<std::uint32_t, 2> kManyFaces{1186, 1700};

template <std::size_t n>
bool contains(const std::array<std::uint32_t, n>& list, std::uint32_t oid) {
  return std::find(list.begin(), list.end(), oid) != list.end();
}

std::string names(const std::vector<SqlColumn>& columns) {
  std::vector<std::string> out;
  for (const auto& column : columns) out.push_back(column.name);
  return join(out, ", ");
}

std::string placeholders(std::size_t n) {
  std::vector<std::string> out;
  for (std::size_t i = 1; i <= n; ++i) out.push_back(fmt::format("${}", i));
  return join(out, ", ");
}

const char* overriding(const SqlTable& table) { return table.overriding ? " OVERRIDING SYSTEM VALUE" : ""; }
const char* only(const SqlTable& table) { return table.only ? "ONLY " : ""; }

// unnest($1::int4[], $2::text[]) AS u(v1, v2)
std::string unnested(const SqlTable& table, const std::vector<SqlColumn>& columns) {
  std::vector<std::string> arrays;
  std::vector<std::string> aliases;
  for (std::size_t i = 1; i <= columns.size(); ++i) {
    arrays.push_back(fmt::format("${}::{}[]", i, table.binary ? columns[i - 1].type : "text"));
    aliases.push_back(fmt::format("v{}", i));
  }
  return fmt::format("unnest({}) AS u({})", join(arrays, ", "), join(aliases, ", "));
}

// The i-th array's value as the column's type.
std::string element(const SqlTable& table, const SqlColumn& column, std::size_t i) {
  return table.binary ? fmt::format("u.v{}", i) : fmt::format("u.v{}::{}", i, column.type);
}

std::vector<SqlColumn> joined(const std::vector<SqlColumn>& a, const std::vector<SqlColumn>& b) {
  std::vector<SqlColumn> out = a;
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

std::string set_list(const std::vector<SqlColumn>& set) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < set.size(); ++i) out.push_back(fmt::format("{} = ${}", set[i].name, i + 1));
  return join(out, ", ");
}

// t."a" = $3 AND t."b" = $4
std::string match_parameters(const std::vector<SqlColumn>& columns, std::size_t first) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < columns.size(); ++i) out.push_back(fmt::format("t.{} = ${}", columns[i].name, first + i));
  return join(out, " AND ");
}

std::string match_elements(const SqlTable& table, const std::vector<SqlColumn>& columns, std::size_t first) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < columns.size(); ++i)
    out.push_back(fmt::format("t.{} = {}", columns[i].name, element(table, columns[i], first + i)));
  return join(out, " AND ");
}

std::string match_value(const SqlColumn& column, std::size_t parameter) {
  const std::string as_text = fmt::format("s.{}::text = ${}::{}::text", column.name, parameter, column.type);
  if (contains(kNoEquality, column.type_oid)) return as_text;
  const std::string equal = fmt::format("s.{} = ${}::{}", column.name, parameter, column.type);
  return contains(kManyFaces, column.type_oid) ? equal + " AND " + as_text : equal;
}

// The condition that picks one row of those that equal `row`.
std::string match_whole_row(const SqlTable& table, const std::vector<SqlColumn>& row, const std::vector<bool>& nulls,
                            std::size_t first) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < row.size(); ++i)
    out.push_back(nulls[i] ? fmt::format("s.{} IS NULL", row[i].name) : match_value(row[i], first++));
  const std::string condition = out.empty() ? "true" : join(out, " AND ");
  if (table.ctid_is_unique)
    return fmt::format("t.ctid = (SELECT s.ctid FROM {}{} AS s WHERE {} LIMIT 1)", only(table), table.name, condition);
  return fmt::format("(t.tableoid, t.ctid) IN (SELECT s.tableoid, s.ctid FROM {}{} AS s WHERE {} LIMIT 1)", only(table),
                     table.name, condition);
}

}  // namespace

std::string insert_one_sql(const SqlTable& table, const std::vector<SqlColumn>& columns) {
  if (columns.empty()) return fmt::format("INSERT INTO {} DEFAULT VALUES", table.name);
  return fmt::format("INSERT INTO {} ({}){} VALUES ({})", table.name, names(columns), overriding(table),
                     placeholders(columns.size()));
}

std::string insert_if_free_sql(const SqlTable& table, const std::vector<SqlColumn>& columns) {
  return insert_one_sql(table, columns) + " ON CONFLICT DO NOTHING";
}

std::string insert_many_sql(const SqlTable& table, const std::vector<SqlColumn>& columns) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < columns.size(); ++i) values.push_back(element(table, columns[i], i + 1));
  return fmt::format("INSERT INTO {} ({}){} SELECT {} FROM {}", table.name, names(columns), overriding(table),
                     join(values, ", "), unnested(table, columns));
}

std::string copy_sql(const SqlTable& table, const std::vector<SqlColumn>& columns) {
  return fmt::format("COPY {} ({}) FROM STDIN{}", table.name, names(columns),
                     table.binary ? " WITH (FORMAT binary)" : "");
}

std::string update_one_sql(const SqlTable& table, const std::vector<SqlColumn>& set, const std::vector<SqlColumn>& key,
                           const std::vector<SqlColumn>& check) {
  return fmt::format("UPDATE {}{} AS t SET {} WHERE {}", only(table), table.name, set_list(set),
                     match_parameters(joined(key, check), set.size() + 1));
}

std::string update_many_sql(const SqlTable& table, const std::vector<SqlColumn>& set, const std::vector<SqlColumn>& key,
                            const std::vector<SqlColumn>& check) {
  std::vector<std::string> assignments;
  for (std::size_t i = 0; i < set.size(); ++i)
    assignments.push_back(fmt::format("{} = {}", set[i].name, element(table, set[i], i + 1)));
  const auto match = joined(key, check);
  return fmt::format("UPDATE {}{} AS t SET {} FROM {} WHERE {}", only(table), table.name, join(assignments, ", "),
                     unnested(table, joined(set, match)), match_elements(table, match, set.size() + 1));
}

std::string delete_one_sql(const SqlTable& table, const std::vector<SqlColumn>& key) {
  return fmt::format("DELETE FROM {}{} AS t WHERE {}", only(table), table.name, match_parameters(key, 1));
}

std::string delete_many_sql(const SqlTable& table, const std::vector<SqlColumn>& key) {
  return fmt::format("DELETE FROM {}{} AS t USING {} WHERE {}", only(table), table.name, unnested(table, key),
                     match_elements(table, key, 1));
}

std::string update_whole_row_sql(const SqlTable& table, const std::vector<SqlColumn>& set,
                                 const std::vector<SqlColumn>& row, const std::vector<bool>& nulls) {
  return fmt::format("UPDATE {}{} AS t SET {} WHERE {}", only(table), table.name, set_list(set),
                     match_whole_row(table, row, nulls, set.size() + 1));
}

std::string delete_whole_row_sql(const SqlTable& table, const std::vector<SqlColumn>& row,
                                 const std::vector<bool>& nulls) {
  return fmt::format("DELETE FROM {}{} AS t WHERE {}", only(table), table.name, match_whole_row(table, row, nulls, 1));
}

}  // namespace dbsync
