#include "pgsql2pgsql/schema/schema_names.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

std::string display_part(const std::string& part) {
  const bool plain = !part.empty() && std::none_of(part.begin(), part.end(), [](unsigned char c) {
    return c <= ' ' || c == '.' || c == '"' || c == 127;
  });
  return plain ? part : one_line(quote_identifier(part));
}

}  // namespace

std::string display_name(const QualifiedName& name) {
  const std::string table = display_part(name.name);
  return name.schema.empty() ? table : display_part(name.schema) + "." + table;
}

bool TableFilter::wants(const QualifiedName& name) const {
  const auto matches = [&](const std::string& pattern) { return matches_pattern(pattern, name); };
  return (include_.empty() || std::any_of(include_.begin(), include_.end(), matches)) &&
         std::none_of(exclude_.begin(), exclude_.end(), matches);
}

std::vector<std::string> TableFilter::unmatched(const std::vector<QualifiedName>& names) const {
  std::vector<std::string> out;
  for (const std::string& pattern : include_)
    if (std::none_of(names.begin(), names.end(), [&](const auto& name) { return matches_pattern(pattern, name); }))
      out.push_back(pattern);
  return out;
}

std::vector<std::string> split_patterns(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    if (const auto part = trim(std::string_view(text).substr(from, comma - from)); !part.empty())
      out.emplace_back(part);
    from = comma + 1;
  }
  return out;
}

SchemaMap::SchemaMap(std::string all, const std::vector<IniEntry>& rules, const std::string& config_path)
    : all_(std::move(all)) {
  for (const IniEntry& rule : rules) {
    if (rule.value.empty())
      throw Error(ErrorKind::config, fmt::format("{} line {}: [schema_map] {}: the target schema is missing",
                                                 config_path, rule.line, rule.key))
          .hint("write source_schema = target_schema");
    rules_[rule.key] = rule.value;
    places_[rule.key] = fmt::format("{} line {}: [schema_map] {}", config_path, rule.line, rule.key);
  }
}

std::vector<std::string> SchemaMap::idle(const std::vector<std::string>& source) const {
  std::vector<std::string> out;
  for (const auto& [schema, place] : places_) {
    if (std::find(source.begin(), source.end(), schema) != source.end()) continue;
    const std::string near = nearest_name(schema, source);
    out.push_back(fmt::format("{}: the source has no such schema with tables{}", place,
                              near.empty() ? "" : fmt::format(", did you mean {}?", near)));
  }
  return out;
}

std::string SchemaMap::of(const std::string& schema) const {
  if (!all_.empty()) return all_;
  const auto found = rules_.find(schema);
  return found == rules_.end() ? schema : found->second;
}

}  // namespace dbsync
