// Patterns over names, and names on the target: at most 63 bytes (NAMEDATALEN - 1), unique per schema.
//
// A longer name keeps its beginning and gets a hash of the whole, so that the
// same source always gives the same target.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "schema/table.h"

namespace dbsync {

// * stands for any text and ? for any character, as in a shell.
bool matches_glob(std::string_view pattern, std::string_view text);

// schema.table or table (of any schema), with * and ?.
bool matches_pattern(std::string_view pattern, const QualifiedName& name);

inline constexpr std::size_t kMaxNameBytes = 63;

// "orders_01 -> public.orders", or the source's name alone when the target's is the
// same but for the schema. For messages.
std::string source_and_target(const std::string& source, const QualifiedName& target);
std::string source_and_target(const std::string& source, const std::string& target);

// The name itself when it fits.
std::string shorten_name(std::string_view name);

// Tables, indexes and sequences of one schema share one set of names.
class NameSet {
 public:
  // Shortened and made unique by a number at its end.
  std::string claim(std::string_view name);
  bool contains(const std::string& name) const { return names_.contains(name); }

 private:
  std::set<std::string> names_;
};

}  // namespace dbsync
