#include "copy/table_rules.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "schema/names.h"

namespace dbsync {

namespace {

// The best rule for which `also` holds, the first among equals.
template <class Rules, class Condition>
auto best(const Rules& rules, const QualifiedName& table, const Condition& also) -> decltype(&rules.front()) {
  decltype(&rules.front()) found = nullptr;
  int best_fit = 0;
  for (const auto& rule : rules) {
    const int quality = rule_fit(rule.table, table);
    if (quality <= best_fit || !also(rule.value)) continue;
    best_fit = quality;
    found = &rule;
  }
  return found;
}

constexpr auto kAny = [](const auto&) { return true; };

Error bad_rule(const std::string& where, std::string_view what, std::string_view hint) {
  return Error(ErrorKind::config, fmt::format("{}: {}", where, what)).hint(std::string(hint));
}

void check_name(const std::string& name, const std::string& where, std::string_view hint) {
  if (name.empty()) throw bad_rule(where, "the name is missing", hint);
  if (name.size() > kMaxNameBytes)
    throw bad_rule(where, fmt::format("{} is longer than the {} bytes of a name", name, kMaxNameBytes), hint);
}

// Takes a part of a name off the front of `text`: "a.b" in quotes, or up to a dot.
std::string take_part(std::string_view& text) {
  std::string out;
  if (!text.starts_with('"')) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    out = trim(text.substr(0, dot));
    text.remove_prefix(dot);
    return out;
  }
  for (text.remove_prefix(1); !text.empty(); text.remove_prefix(1)) {
    if (text.front() == '"') {
      text.remove_prefix(1);
      if (!text.starts_with('"')) break;
    }
    out += text.front();
  }
  return out;
}

QualifiedName parse_target(const std::string& value, const std::string& where) {
  constexpr std::string_view kHint =
      "write source_table = table, or schema.table; a dot in a name needs double quotes around the name";
  std::string_view rest = trim(value);
  QualifiedName out{{}, take_part(rest)};
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    out.schema = std::exchange(out.name, take_part(rest));
    check_name(out.schema, where, kHint);
  }
  check_name(out.name, where, kHint);
  if (!trim(rest).empty()) throw bad_rule(where, fmt::format("{} is no name of a table", value), kHint);
  return out;
}

std::vector<std::string> parse_columns(const std::string& value, const std::string& where) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from <= value.size();) {
    const std::size_t comma = std::min(value.find(',', from), value.size());
    if (const auto name = trim(std::string_view(value).substr(from, comma - from)); !name.empty())
      out.emplace_back(name);
    from = comma + 1;
  }
  if (out.empty()) throw bad_rule(where, "no column is named", "write table = column, column");
  return out;
}

OriginColumn parse_origin(const std::string& value, const std::string& where) {
  const std::size_t colon = std::min(value.find(':'), value.size());
  OriginColumn out;
  out.name = trim(std::string_view(value).substr(0, colon));
  check_name(out.name, where, "write table = column, or table = column : value");
  if (colon < value.size()) out.value = trim(std::string_view(value).substr(colon + 1));
  return out;
}

bool matches_column(const std::string& rule, const std::string& column) {
  return rule == column || matches_glob(rule, column);
}

}  // namespace

TableRules::TableRules(const Config& config) {
  const auto where = [&](std::string_view section, const IniEntry& entry) {
    return fmt::format("{} line {}: [{}] {}", config.path, entry.line, section, entry.key);
  };
  for (const IniEntry& entry : config.table_rules) {
    const std::string at = where("table_map", entry);
    tables_.push_back({entry.key, parse_target(entry.value, at), at});
  }
  for (const IniEntry& entry : config.column_rules) {
    const std::string at = where("column_map", entry);
    const std::size_t dot = entry.key.rfind('.');
    if (dot == std::string::npos || dot == 0 || dot + 1 == entry.key.size())
      throw bad_rule(at, "the column is missing", "write table.column = new_name");
    check_name(entry.value, at, "write table.column = new_name; [exclude_columns] leaves columns out");
    columns_.push_back({entry.key.substr(0, dot), {entry.key.substr(dot + 1), entry.value}, at});
  }
  for (const IniEntry& entry : config.exclusion_rules) {
    const std::string at = where("exclude_columns", entry);
    exclusions_.push_back({entry.key, parse_columns(entry.value, at), at});
  }
  for (const IniEntry& entry : config.origin_rules) {
    const std::string at = where("origin_column", entry);
    origins_.push_back({entry.key, parse_origin(entry.value, at), at});
  }
}

std::optional<QualifiedName> TableRules::target(const QualifiedName& table) const {
  const auto* rule = best(tables_, table, kAny);
  return rule == nullptr ? std::nullopt : std::optional(rule->value);
}

std::optional<std::string> TableRules::column_name(const QualifiedName& table, const std::string& column) const {
  const auto* rule = best(columns_, table, [&](const ColumnName& name) { return matches_column(name.column, column); });
  return rule == nullptr ? std::nullopt : std::optional(rule->value.name);
}

// Rules add up here: each says what is not to leave the source.
bool TableRules::excludes(const QualifiedName& table, const std::string& column) const {
  return std::any_of(exclusions_.begin(), exclusions_.end(), [&](const auto& rule) {
    return rule_fit(rule.table, table) > 0 &&
           std::any_of(rule.value.begin(), rule.value.end(),
                       [&](const std::string& name) { return matches_column(name, column); });
  });
}

std::optional<OriginColumn> TableRules::origin(const QualifiedName& table) const {
  const auto* rule = best(origins_, table, kAny);
  if (rule == nullptr) return std::nullopt;
  OriginColumn out = rule->value;
  if (out.value.empty()) out.value = table.display();
  return out;
}

std::set<std::string> TableRules::target_schemas() const {
  std::set<std::string> out;
  for (const auto& rule : tables_)
    if (!rule.value.schema.empty()) out.insert(rule.value.schema);
  return out;
}

std::vector<std::string> TableRules::idle(const std::vector<SourceTable>& source) const {
  std::vector<std::string> out;
  const auto fits = [](const std::string& rule) {
    return [&rule](const SourceTable& table) { return rule_fit(rule, table.name) > 0; };
  };
  const auto has_column = [](const SourceTable& table, const std::string& column) {
    return std::any_of(table.columns.begin(), table.columns.end(),
                       [&](const std::string& name) { return matches_column(column, name); });
  };
  std::vector<std::string> names;
  for (const SourceTable& table : source) names.push_back(table.name.name);
  // True when the rule's table is there; else a warning.
  const auto check_table = [&](const std::string& table, const std::string& where) {
    if (std::any_of(source.begin(), source.end(), fits(table))) return true;
    const std::string near = nearest_name(table.substr(table.rfind('.') + 1), names);
    out.push_back(fmt::format("{}: the source has no such table{}", where,
                              near.empty() ? "" : fmt::format(", did you mean {}?", near)));
    return false;
  };
  const auto check_column = [&](const std::string& table, const std::string& column, const std::string& where) {
    if (std::none_of(source.begin(), source.end(),
                     [&](const SourceTable& t) { return fits(table)(t) && has_column(t, column); }))
      out.push_back(fmt::format("{}: there is no column {}", where, column));
  };
  for (const auto& rule : tables_) check_table(rule.table, rule.where);
  for (const auto& rule : columns_)
    if (check_table(rule.table, rule.where)) check_column(rule.table, rule.value.column, rule.where);
  for (const auto& rule : exclusions_)
    if (check_table(rule.table, rule.where))
      for (const std::string& column : rule.value) check_column(rule.table, column, rule.where);
  for (const auto& rule : origins_) check_table(rule.table, rule.where);
  return out;
}

Error excluded_from_key(const std::string& table, const std::string& column) {
  Error out(ErrorKind::config,
            fmt::format("[exclude_columns] {}: the column {} is part of the primary key", table, column));
  return out.hint("rows cannot be told apart without it; leave the table out, or copy it with a table-list query");
}

Error origin_column_taken(const std::string& table, const std::string& column) {
  Error out(ErrorKind::config, fmt::format("[origin_column] {}: the table has a column {} already", table, column));
  return out.hint("choose another name for the column that tells where a row is from");
}

Error same_new_name(const std::string& table, const std::string& first, const std::string& other,
                    const std::string& name) {
  Error out(ErrorKind::config,
            fmt::format("[column_map] {}: the columns {} and {} would both become {}", table, first, other, name));
  return out.hint("give one of them another name, or leave it out with [exclude_columns]");
}

}  // namespace dbsync
