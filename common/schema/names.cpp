#include "schema/names.h"

#include <cstdint>

#include <fmt/format.h>

#include "base/utf8.h"

namespace dbsync {

namespace {

// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): stable over versions,
// which std::hash is not.
std::uint32_t fnv1a(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

std::string with_suffix(std::string_view name, const std::string& suffix) {
  return std::string(utf8_truncate(name, kMaxNameBytes - suffix.size())) + suffix;
}

}  // namespace

std::string shorten_name(std::string_view name) {
  if (name.size() <= kMaxNameBytes) return std::string(name);
  return with_suffix(name, fmt::format("_{:08x}", fnv1a(name)));
}

std::string NameSet::claim(std::string_view name) {
  std::string candidate = shorten_name(name);
  for (int n = 2; !names_.insert(candidate).second; ++n) candidate = with_suffix(shorten_name(name), fmt::format("_{}", n));
  return candidate;
}

}  // namespace dbsync
