#include "copy/copy_task.h"

namespace dbsync {

std::string both_conditions(const std::string& predicate, const std::string& condition) {
  if (predicate.empty() || condition.empty()) return predicate + condition;
  return "(" + predicate + ") AND (" + condition + ")";
}

}  // namespace dbsync
