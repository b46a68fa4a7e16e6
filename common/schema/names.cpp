#include "schema/names.h"

#include <fmt/format.h>

#include "base/stable_hash.h"
#include "base/utf8.h"

namespace dbsync {

namespace {

std::string with_suffix(std::string_view name, const std::string& suffix) {
  return std::string(utf8_truncate(name, kMaxNameBytes - suffix.size())) + suffix;
}

// * and ? as in a shell.
bool glob(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*') {
    for (std::size_t skip = 0; skip <= text.size(); ++skip)
      if (glob(pattern.substr(1), text.substr(skip))) return true;
    return false;
  }
  if (text.empty() || (pattern.front() != '?' && pattern.front() != text.front())) return false;
  return glob(pattern.substr(1), text.substr(1));
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view text) { return glob(pattern, text); }

bool matches_pattern(std::string_view pattern, const QualifiedName& name) {
  const auto dot = pattern.find('.');
  if (dot == std::string_view::npos) return glob(pattern, name.name);
  return glob(pattern.substr(0, dot), name.schema) && glob(pattern.substr(dot + 1), name.name);
}

int rule_fit(std::string_view rule, const QualifiedName& table) {
  if (rule == table.display()) return 3;
  if (rule == table.name) return 2;
  const bool pattern = rule.find_first_of("*?") != std::string_view::npos;
  return pattern && matches_pattern(rule, table) ? 1 : 0;
}

std::string source_and_target(const std::string& source, const std::string& target) {
  const std::string_view name = std::string_view(source).substr(source.rfind('.') + 1);
  const bool same =
      target == source || target == name || (target.ends_with(name) && target[target.size() - name.size() - 1] == '.');
  return same ? source : source + " -> " + target;
}

std::string source_and_target(const std::string& source, const QualifiedName& target) {
  return source_and_target(source, target.display());
}

std::string shorten_name(std::string_view name) {
  if (name.size() <= kMaxNameBytes) return std::string(name);
  return with_suffix(name, fmt::format("_{:08x}", stable_hash(name)));
}

// As makeObjectName of the server's indexcmds.c: the longer of both gives way.
std::string usual_name(std::string_view table, std::string_view column, std::string_view what) {
  const std::size_t room = kMaxNameBytes - what.size() - 2;
  std::size_t of_table = table.size();
  std::size_t of_column = column.size();
  while (of_table + of_column > room) --(of_table > of_column ? of_table : of_column);
  return fmt::format("{}_{}_{}", utf8_truncate(table, of_table), utf8_truncate(column, of_column), what);
}

bool NameSet::is_free(const std::string& name, std::string_view owner) const {
  if (name.size() > kMaxNameBytes || names_.contains(name)) return false;
  const auto found = reserved_.find(name);
  return found == reserved_.end() || found->second == owner;
}

std::string NameSet::claim(std::string_view name, std::string_view owner) {
  std::string candidate = shorten_name(name);
  for (int n = 2; !is_free(candidate, owner); ++n) candidate = with_suffix(shorten_name(name), fmt::format("_{}", n));
  names_.insert(candidate);
  return candidate;
}

}  // namespace dbsync
