// [table_map], [column_map], [exclude_columns] and [origin_column] of my.cfg:
// other names on the target, columns that stay behind, and a column that tells
// where a row is from.
//
//   [table_map]        source table = [schema.]table
//   [column_map]       source table.column = name
//   [exclude_columns]  source table = column, column
//   [origin_column]    source table = name [: value]
//
// A source table is named with or without its schema (or database); * and ? make
// it a pattern. Full names go before bare ones, these before patterns, patterns in
// the order of the file.
//
// Plain values, any thread. Errors: ErrorKind::config naming file and line.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "config/config.h"
#include "schema/table.h"

namespace dbsync {

struct OriginColumn {
  std::string name;
  std::string value;
};

class TableRules {
 public:
  TableRules() = default;
  explicit TableRules(const Config& config);

  bool empty() const { return tables_.empty() && columns_.empty() && exclusions_.empty() && origins_.empty(); }

  // Where the table's rows go; the schema is "" when the rule leaves it open.
  std::optional<QualifiedName> target(const QualifiedName& table) const;
  std::optional<std::string> column_name(const QualifiedName& table, const std::string& column) const;
  bool excludes(const QualifiedName& table, const std::string& column) const;
  std::optional<OriginColumn> origin(const QualifiedName& table) const;

  struct SourceTable {
    QualifiedName name;
    std::vector<std::string> columns;
  };
  // One warning for each rule that is for nothing of the source.
  // The schemas that [table_map] sends tables to.
  std::set<std::string> target_schemas() const;

  std::vector<std::string> idle(const std::vector<SourceTable>& source) const;

 private:
  template <class Value>
  struct Rule {
    std::string table;  // name or pattern
    Value value;
    std::string where;  // "my.cfg line 9: [table_map] orders_*", for messages
  };
  struct ColumnName {
    std::string column;  // name or pattern of the source
    std::string name;
  };

  std::vector<Rule<QualifiedName>> tables_;
  std::vector<Rule<ColumnName>> columns_;
  std::vector<Rule<std::vector<std::string>>> exclusions_;
  std::vector<Rule<OriginColumn>> origins_;
};

// Rules that cannot be; `table`: its name for messages.
Error excluded_from_key(const std::string& table, const std::string& column);
Error origin_column_taken(const std::string& table, const std::string& column);
Error same_new_name(const std::string& table, const std::string& first, const std::string& other,
                    const std::string& name);

}  // namespace dbsync
