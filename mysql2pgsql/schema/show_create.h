// What SHOW CREATE TABLE says of a table, cut into its pieces as the server writes
// them: where information_schema loses characters, this is often right.
//
//   CREATE TABLE `t` (
//     `column` type … [DEFAULT value] [GENERATED ALWAYS AS (expression) …] [CHECK (expression)],
//     [UNIQUE | FULLTEXT | SPATIAL] KEY `name` (part, …) …,
//     CONSTRAINT `name` CHECK (expression), …
//   ) options
//   [/*!50100] PARTITION BY … (PARTITION `name` VALUES {LESS THAN | IN} (values) …, …) [*/]
//
// Source: MySQL and MariaDB manuals, "SHOW CREATE TABLE", "CREATE TABLE". Read under
// sql_mode='': names in backquotes, strings in apostrophes with backslash escapes.
// Pure. Hostile text gives nothing, or fewer pieces, never more than it holds.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsync {

struct ShownColumn {
  std::string default_sql;  // literal or expression, without parentheses around it; "" = none
  std::string generated;    // without them, too
  std::string check;        // MariaDB's check of a column
};

struct ShownTable {
  std::map<std::string, ShownColumn, std::less<>> columns;
  std::map<std::string, std::string, std::less<>> checks;             // by name
  std::map<std::string, std::vector<std::string>, std::less<>> keys;  // parts, by name; PRIMARY
  std::map<std::string, std::string, std::less<>> partition_values;   // by name, without parentheses
  bool foreign_keys = false;                                          // it has some
};

std::optional<ShownTable> parse_show_create(std::string_view sql);

}  // namespace dbsync
