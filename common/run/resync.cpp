#include "run/resync.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"

namespace dbsync {

namespace {

std::string names_of(const std::set<QualifiedName>& tables) {
  std::vector<std::string> names;
  for (const QualifiedName& table : tables) names.push_back(one_line(table.display()));
  return join(names, ", ");
}

using FollowedNames = std::map<std::string, QualifiedName>;

void drop_gone(const FollowedNames& names, Resync& again) {
  std::set<QualifiedName> gone = again.tables;
  for (const auto& [task, name] : names) gone.erase(name);
  if (gone.empty()) return;
  if (std::any_of(gone.begin(), gone.end(), [&](const auto& name) { return !again.noted.contains(name); }))
    throw Error(ErrorKind::config, fmt::format("the source has no table that is called {}", names_of(gone)))
        .hint("when it has another name there now, let the task follow up to it first (--end-at now)");
  log::warning("follow", fmt::format("not copied again, since the source has them no more; the target keeps its "
                                     "tables: {}",
                                     names_of(gone)));
  for (const QualifiedName& name : gone) again.tables.erase(name);
}

}  // namespace

std::string Resync::text() const { return names_of(tables); }

std::set<QualifiedName> named_tables(const std::vector<std::string>& patterns,
                                     const std::vector<QualifiedName>& followed, const std::string& task) {
  std::set<QualifiedName> out;
  std::vector<std::string> known;
  for (const QualifiedName& name : followed) known.push_back(name.display());
  for (const std::string& pattern : patterns) {
    bool any = false;
    for (const QualifiedName& name : followed) {
      if (!matches_pattern(pattern, name) && pattern != name.display()) continue;
      out.insert(name);
      any = true;
    }
    if (any) continue;
    const std::string near = nearest_name(pattern, known);
    throw Error(ErrorKind::config, fmt::format("--resync {}: the task {} follows no such table", pattern, task))
        .hint(fmt::format("{}name a table as schema.table of the source; a partition, as the partitioned table",
                          near.empty() ? "" : fmt::format("did you mean {}? ", one_line(near))));
  }
  return out;
}

std::set<QualifiedName> choose_again(RunContext& run, SourceProgram& program, std::vector<CopyTask>& tasks,
                                     Resync& again) {
  const FollowedNames names = program.followed_names(tasks);
  drop_gone(names, again);
  const auto is_again = [&](const CopyTask& task) {
    const auto name = names.find(task.name);
    return name != names.end() && task.query.empty() && again.tables.contains(name->second);
  };
  // Tables that share a target are emptied together, partitions come with their root, and
  // some cannot be brought to the moment without the others.
  std::set<QualifiedName> complete;
  for (bool more = true; more;) {
    more = false;
    std::set<QualifiedName> targets;
    std::set<std::string> others;
    for (const CopyTask& task : tasks) {
      if (is_again(task))
        targets.insert(task.target);
      else
        others.insert(task.name);
    }
    program.leave_out_bound(others);
    complete = program.complete_tables(tasks, others);
    for (const CopyTask& task : tasks) {
      const auto name = names.find(task.name);
      if (name == names.end() || !again.followed.contains(name->second)) continue;
      if (!others.contains(task.name) || targets.contains(task.target))
        more = again.tables.insert(name->second).second || more;
    }
  }
  for (const CopyTask& task : tasks)
    if (!is_again(task)) run.job.beside.insert(task.target);
  std::erase_if(tasks, [&](const CopyTask& task) { return !is_again(task); });
  run.job.start = StartMode::fresh;
  run.job.mode = LoadMode::truncate;
  run.job.more_follows = false;
  return complete;
}

}  // namespace dbsync
