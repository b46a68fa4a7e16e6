#include "copy/load_order.h"

#include <algorithm>
#include <set>

namespace dbsync {

namespace {

using Parents = std::map<std::size_t, std::set<std::size_t>>;

std::set<std::size_t> reachable(const Parents& parents, std::size_t from) {
  std::set<std::size_t> seen;
  std::vector<std::size_t> open{from};
  while (!open.empty()) {
    const std::size_t task = open.back();
    open.pop_back();
    const auto found = parents.find(task);
    if (found == parents.end()) continue;
    for (const std::size_t parent : found->second)
      if (seen.insert(parent).second) open.push_back(parent);
  }
  return seen;
}

}  // namespace

std::set<std::size_t> depending_on(const std::vector<LoadDependency>& edges, const std::set<std::size_t>& tasks) {
  std::set<std::size_t> out;
  for (bool more = true; more;) {
    more = false;
    for (const LoadDependency& edge : edges)
      if (!tasks.contains(edge.child) && (tasks.contains(edge.parent) || out.contains(edge.parent)))
        more = out.insert(edge.child).second || more;
  }
  return out;
}

std::map<std::size_t, std::vector<const EnforcedKey*>> circles(const std::vector<LoadDependency>& edges,
                                                               const std::vector<CopyTask>& tasks) {
  Parents parents;
  for (const LoadDependency& edge : edges)
    if (tasks[edge.child].target != tasks[edge.parent].target) parents[edge.child].insert(edge.parent);
  std::map<std::size_t, std::set<std::size_t>> above;
  for (const auto& [child, direct] : parents) above.emplace(child, reachable(parents, child));
  const auto reaches = [&](std::size_t from, std::size_t to) {
    const auto found = above.find(from);
    return found != above.end() && found->second.contains(to);
  };
  std::map<std::size_t, std::vector<const EnforcedKey*>> out;
  for (const LoadDependency& edge : edges) {
    if (tasks[edge.child].target == tasks[edge.parent].target || !reaches(edge.parent, edge.child)) continue;
    for (const auto& [task, seen] : above) {
      if (!seen.contains(task) || !seen.contains(edge.child) || !reaches(edge.child, task)) continue;
      auto& keys = out[task];
      if (std::find(keys.begin(), keys.end(), edge.key) == keys.end()) keys.push_back(edge.key);
    }
  }
  return out;
}

}  // namespace dbsync
