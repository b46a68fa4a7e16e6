// Where large temporary files go: the configured directory, else TMPDIR, else
// /var/tmp (not /tmp, which may be memory). Any thread.
#pragma once

#include <cstdlib>
#include <string>

namespace dbsync {

inline std::string spill_directory(const std::string& configured) {
  if (!configured.empty()) return configured;
  const char* const tmpdir = std::getenv("TMPDIR");
  return tmpdir != nullptr && *tmpdir != '\0' ? tmpdir : "/var/tmp";
}

}  // namespace dbsync
