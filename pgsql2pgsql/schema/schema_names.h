// Which tables of the source are meant, and what they are called on the target:
// include and exclude patterns, and the map of schemas.
//
// Patterns are those of matches_pattern. Plain values and pure functions. Errors: ErrorKind::config
// for a rule that cannot be.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "schema/names.h"
#include "schema/table.h"

namespace dbsync {

// A name for messages and reports: parts in quotes where they hold a dot, a
// quote, a blank or a control character, so that no two names look alike.
std::string display_name(const QualifiedName& name);

class TableFilter {
 public:
  // `include` empty: every table.
  TableFilter(std::vector<std::string> include, std::vector<std::string> exclude)
      : include_(std::move(include)), exclude_(std::move(exclude)) {}

  bool wants(const QualifiedName& name) const;
  TableFilter without_include() const { return TableFilter({}, exclude_); }
  bool everything() const { return include_.empty() && exclude_.empty(); }
  // Patterns of `include` that none of the names matches: typing errors, most likely.
  std::vector<std::string> unmatched(const std::vector<QualifiedName>& names) const;

 private:
  std::vector<std::string> include_;
  std::vector<std::string> exclude_;
};

// "a.*, b" as its parts.
std::vector<std::string> split_patterns(const std::string& text);

class SchemaMap {
 public:
  // `all`: the schema that takes everything (-s); "" = by the rules.
  SchemaMap(std::string all, const std::vector<IniEntry>& rules, const std::string& config_path);

  std::string of(const std::string& schema) const;
  QualifiedName of(const QualifiedName& name) const { return {of(name.schema), name.name}; }
  bool identity() const { return all_.empty() && rules_.empty(); }
  const std::string& all() const { return all_; }
  // One warning for each rule whose schema is not among `source`, the schemas of the source.
  std::vector<std::string> idle(const std::vector<std::string>& source) const;

 private:
  std::string all_;
  std::map<std::string, std::string> rules_;
  std::map<std::string, std::string> places_;  // of the rules, for messages
};

}  // namespace dbsync
