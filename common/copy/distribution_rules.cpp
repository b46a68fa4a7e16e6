#include "copy/distribution_rules.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace dbsync {

void apply_distribution_rules(const std::vector<IniEntry>& rules, const std::string& config_path, Table& table) {
  for (const IniEntry& rule : rules) {
    if (rule.key != table.name.name && rule.key != table.name.display()) continue;
    Distribution distribution;
    if (rule.value == "replicated") {
      distribution.kind = Distribution::Kind::replicated;
    } else if (rule.value != "randomly") {
      distribution.kind = Distribution::Kind::by_columns;
      for (std::size_t from = 0; from <= rule.value.size();) {
        const std::size_t comma = std::min(rule.value.find(',', from), rule.value.size());
        const std::string name(trim(std::string_view(rule.value).substr(from, comma - from)));
        if (table.find_column(name) == nullptr)
          throw Error(ErrorKind::config, fmt::format("{} line {}: [distribution] {}: the table has no column {}",
                                                     config_path, rule.line, rule.key, name))
              .hint("write table = column, column, or table = randomly, or table = replicated");
        distribution.columns.push_back(name);
        from = comma + 1;
      }
    }
    table.distribution = std::move(distribution);
  }
}

std::vector<std::string> idle_distribution_rules(const std::vector<IniEntry>& rules, const std::string& config_path,
                                                 const std::vector<QualifiedName>& targets) {
  std::vector<std::string> names;
  for (const QualifiedName& target : targets) {
    names.push_back(target.name);
    names.push_back(target.display());
  }
  std::vector<std::string> out;
  for (const IniEntry& rule : rules) {
    if (std::find(names.begin(), names.end(), rule.key) != names.end()) continue;
    const std::string near = nearest_name(rule.key, names);
    out.push_back(fmt::format("{} line {}: [distribution] {}: there is no such target table{}", config_path, rule.line,
                              rule.key, near.empty() ? "" : fmt::format(", did you mean {}?", near)));
  }
  return out;
}

}  // namespace dbsync
