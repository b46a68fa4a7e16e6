// FNV-1a: the same on every machine and in every version, which std::hash is not. For
// names that two runs must agree on; not for what somebody could want to collide.
//
// Source: http://www.isthe.com/chongo/tech/comp/fnv/. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace dbsync {

inline std::uint32_t stable_hash(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

// `seed`: another hash of the same text.
inline std::uint64_t stable_hash64(std::string_view text, std::uint64_t seed = 0) {
  std::uint64_t hash = 14695981039346656037ULL ^ seed;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

}  // namespace dbsync
