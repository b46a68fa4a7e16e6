#include "copy/snapshot_source.h"

namespace dbsync {

std::string SnapshotFacts::describe() const {
  std::string out = method;
  for (const auto& [name, value] : position) out += ", " + name + " " + value;
  return out;
}

PgResult SourceSession::compute(const CopyTask& task, const Chunk&, const TargetTable&, const std::string&) {
  throw Error(ErrorKind::internal, task.name + ": this source does not compute");
}

}  // namespace dbsync
