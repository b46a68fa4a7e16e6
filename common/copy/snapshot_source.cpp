#include "copy/snapshot_source.h"

namespace dbsync {

std::string SnapshotFacts::describe() const {
  std::string out = method;
  for (const auto& [name, value] : position) out += ", " + name + " " + value;
  return out;
}

std::string both_conditions(const std::string& predicate, const std::string& condition) {
  if (predicate.empty() || condition.empty()) return predicate + condition;
  return "(" + predicate + ") AND (" + condition + ")";
}

PgResult SourceSession::compute(const CopyTask& task, const Chunk&, const TargetTable&, const std::string&) {
  throw Error(ErrorKind::internal, task.name + ": this source does not compute");
}

}  // namespace dbsync
