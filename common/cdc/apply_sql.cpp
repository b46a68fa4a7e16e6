#include "cdc/apply_sql.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace dbsync {

namespace {

// Types whose equal values look alike, so that = alone finds the row: bool, bytea,
// "char", name, int8, int2, int4, text, oid, cidr, macaddr8, macaddr, inet, varchar,
// date, time, timestamp, timestamptz, timetz, bit, varbit, uuid, pg_lsn.
constexpr std::array<std::uint32_t, 23> kExact{16,  17,   18,   19,   20,   21,   23,   25,   26,   650,  774, 829,
                                               869, 1043, 1082, 1083, 1114, 1184, 1266, 1560, 1562, 2950, 3220};
// Types with an equality that an index can serve, whose equal values can look
// different (1.0 and 1.00, 0 and -0, a day and 24 hours, blanks at the end).
constexpr std::array<std::uint32_t, 5> kManyFaces{700, 701, 1042, 1186, 1700};

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
  for (std::size_t i = 0; i < columns.size(); ++i)
    out.push_back(fmt::format("t.{} {} ${}", columns[i].name, columns[i].equality, first + i));
  return join(out, " AND ");
}

std::string match_elements(const SqlTable& table, const std::vector<SqlColumn>& columns, std::size_t first) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < columns.size(); ++i)
    out.push_back(
        fmt::format("t.{} {} {}", columns[i].name, columns[i].equality, element(table, columns[i], first + i)));
  return join(out, " AND ");
}

// As the type's output function writes it: a cast to text would cut a bpchar.
std::string looks(const SqlTable& table, const std::string& value) {
  if (table.distributed) return value + "::text";
  return fmt::format("pg_catalog.format('%s', {}) COLLATE pg_catalog.\"C\"", value);
}

// All other types are compared by their looks alone: they have no equality, or a
// coarser one, in their elements perhaps.
std::string match_value(const SqlTable& table, const SqlColumn& column, std::size_t parameter) {
  const std::string mine = "s." + column.name;
  const std::string wanted = fmt::format("${}::{}", parameter, column.type);
  std::string equal = fmt::format("{} = {}", mine, wanted);
  const bool exact = column.enumeration || contains(kExact, column.type_oid);
  if (exact && !column.loose_collation) return equal;
  const std::string alike = fmt::format("{} = {}", looks(table, mine), looks(table, wanted));
  return exact || contains(kManyFaces, column.type_oid) ? equal + " AND " + alike : alike;
}

// The condition that picks one row of those that look like `row`.
std::string match_whole_row(const SqlTable& table, const std::vector<SqlColumn>& row, const std::vector<bool>& nulls,
                            std::size_t first) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < row.size(); ++i)
    out.push_back(nulls[i] ? fmt::format("s.{} IS NULL", row[i].name) : match_value(table, row[i], first++));
  const std::string condition = out.empty() ? "true" : join(out, " AND ");
  if (table.ctid_is_unique)
    return fmt::format("t.ctid = (SELECT s.ctid FROM {}{} AS s WHERE {} LIMIT 1)", only(table), table.name, condition);
  // Each partition counts its own ctids, and each segment.
  const auto place = [&](std::string_view of) {
    return fmt::format("{0}.tableoid, {1}{0}.ctid", of,
                       table.distributed ? fmt::format("{}.gp_segment_id, ", of) : std::string());
  };
  return fmt::format("({}) IN (SELECT {} FROM {}{} AS s WHERE {} LIMIT 1)", place("t"), place("s"), only(table),
                     table.name, condition);
}

}  // namespace

std::string insert_one_sql(const SqlTable& table, const std::vector<SqlColumn>& columns) {
  if (columns.empty()) return fmt::format("INSERT INTO {} DEFAULT VALUES", table.name);
  return fmt::format("INSERT INTO {} ({}){} VALUES ({})", table.name, names(columns), overriding(table),
                     placeholders(columns.size()));
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

std::string delete_one_sql(const SqlTable& table, const std::vector<SqlColumn>& key, std::size_t first) {
  return fmt::format("DELETE FROM {}{} AS t WHERE {}", only(table), table.name, match_parameters(key, first));
}

std::string delete_many_sql(const SqlTable& table, const std::vector<SqlColumn>& key) {
  return fmt::format("DELETE FROM {}{} AS t USING {} WHERE {}", only(table), table.name, unnested(table, key),
                     match_elements(table, key, 1));
}

std::string taken_one_sql(const SqlTable& table, const std::vector<SqlColumn>& key, bool but) {
  return fmt::format("SELECT 1 FROM {}{} AS t WHERE {}{} LIMIT 1", only(table), table.name, match_parameters(key, 1),
                     but ? " AND NOT (" + match_parameters(key, key.size() + 1) + ")" : "");
}

std::string taken_many_sql(const SqlTable& table, const std::vector<SqlColumn>& key) {
  return fmt::format("SELECT 1 FROM {}{} AS t JOIN {} ON {} LIMIT 1", only(table), table.name, unnested(table, key),
                     match_elements(table, key, 1));
}

std::string update_whole_row_sql(const SqlTable& table, const std::vector<SqlColumn>& set,
                                 const std::vector<SqlColumn>& row, const std::vector<bool>& nulls) {
  return fmt::format("UPDATE {}{} AS t SET {} WHERE {}", only(table), table.name, set_list(set),
                     match_whole_row(table, row, nulls, set.size() + 1));
}

std::string delete_whole_row_sql(const SqlTable& table, const std::vector<SqlColumn>& row,
                                 const std::vector<bool>& nulls, std::size_t first) {
  return fmt::format("DELETE FROM {}{} AS t WHERE {}", only(table), table.name,
                     match_whole_row(table, row, nulls, first));
}

std::string replace_row_sql(const SqlTable& table, const std::vector<SqlColumn>& set,
                            const std::vector<std::string>& kept, const std::string& remove) {
  std::vector<std::string> to;
  std::vector<std::string> from;
  for (std::size_t i = 0; i < set.size(); ++i) {
    to.push_back(set[i].name);
    from.push_back(fmt::format("${}::{}", i + 1, set[i].type));
  }
  for (const std::string& name : kept) {
    to.push_back(name);
    from.push_back("g." + name);
  }
  return fmt::format("WITH g AS ({} RETURNING t.*) INSERT INTO {} ({}){} SELECT {} FROM g", remove, table.name,
                     join(to, ", "), overriding(table), join(from, ", "));
}

}  // namespace dbsync
