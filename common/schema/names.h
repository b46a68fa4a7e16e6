// Names on the target: at most 63 bytes (NAMEDATALEN - 1), unique per schema.
//
// A longer name keeps its beginning and gets a hash of the whole, so that the
// same source always gives the same target.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace dbsync {

inline constexpr std::size_t kMaxNameBytes = 63;

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
