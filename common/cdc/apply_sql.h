// The SQL that applies changes to one table, from what was decided about its
// columns.
//
// Each kind of change comes in two forms: for one row, with a parameter per
// value, and for many rows, with an array per column. Parameters are numbered in
// the order: columns that are written, then columns that find the row.
//
// Pure: values in, SQL out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dbsync {

struct SqlColumn {
  std::string name;  // quoted
  std::string type;  // without length: what text is converted to
  std::uint32_t type_oid = 0;
  bool enumeration = false;
  bool loose_collation = false;  // strings that differ may be equal in it
  std::string equality = "=";    // the operator by which a key is found
};

struct SqlTable {
  std::string name;            // quoted and qualified
  bool only = false;           // ONLY is allowed, and keeps off inheriting tables
  bool ctid_is_unique = true;  // false: partitioned or distributed
  bool distributed = false;    // over segments, of a server perhaps older than format() and collations
  bool binary = false;         // values come in binary, else as text
  bool overriding = false;     // identity columns that are GENERATED ALWAYS exist
};

std::string insert_one_sql(const SqlTable& table, const std::vector<SqlColumn>& columns);
std::string insert_many_sql(const SqlTable& table, const std::vector<SqlColumn>& columns);
std::string copy_sql(const SqlTable& table, const std::vector<SqlColumn>& columns);

// `set` must not be empty. `check`: columns that cannot be written and must hold
// what the change says.
std::string update_one_sql(const SqlTable& table, const std::vector<SqlColumn>& set, const std::vector<SqlColumn>& key,
                           const std::vector<SqlColumn>& check);
std::string update_many_sql(const SqlTable& table, const std::vector<SqlColumn>& set, const std::vector<SqlColumn>& key,
                            const std::vector<SqlColumn>& check);
// `first`: the number of the first parameter.
std::string delete_one_sql(const SqlTable& table, const std::vector<SqlColumn>& key, std::size_t first = 1);
std::string delete_many_sql(const SqlTable& table, const std::vector<SqlColumn>& key);

// A row for each key that is taken: where no unique index of the target would say so.
// `but`: not by the row of that key, for an UPDATE that changes it.
std::string taken_one_sql(const SqlTable& table, const std::vector<SqlColumn>& key, bool but);
std::string taken_many_sql(const SqlTable& table, const std::vector<SqlColumn>& key);

// For tables without a unique key: exactly one of the rows that look like the old
// one, which is less than being equal to it. `nulls[i]`: the i-th column of `row`
// is NULL, and has no parameter.
std::string update_whole_row_sql(const SqlTable& table, const std::vector<SqlColumn>& set,
                                 const std::vector<SqlColumn>& row, const std::vector<bool>& nulls);
std::string delete_whole_row_sql(const SqlTable& table, const std::vector<SqlColumn>& row,
                                 const std::vector<bool>& nulls, std::size_t first = 1);

// The row that a DELETE statement takes away, made again with new values: for
// columns that an UPDATE may not write. Its parameters are those of `set`, then
// those of the DELETE, which was made for `set.size() + 1` on. `kept`: columns that
// stay as they are.
std::string replace_row_sql(const SqlTable& table, const std::vector<SqlColumn>& set,
                            const std::vector<std::string>& kept, const std::string& remove);

}  // namespace dbsync
