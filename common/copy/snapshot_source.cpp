#include "copy/snapshot_source.h"

namespace dbsync {

std::string SnapshotFacts::describe() const {
  std::string out = method;
  for (const auto& [name, value] : position) out += ", " + name + " " + value;
  return out;
}

}  // namespace dbsync
