// --resync: which tables of a task are copied again, while the others are followed
// (run/resync_run.h).
//
// They are noted on the target before anything is changed (start_resync), so that whatever
// run comes next finishes it. Threads: main.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cdc/position.h"
#include "run/source_program.h"

namespace dbsync {

// By the names under which their changes come.
struct Resync {
  std::set<QualifiedName> tables;
  std::set<QualifiedName> noted;     // of these, by an earlier run that did not end
  std::set<QualifiedName> followed;  // of which these are some

  bool any() const { return !tables.empty(); }
  std::string text() const;  // "public.a, public.b"
};

// Those of `followed` that the patterns of --resync name; `task`, for messages.
// Errors: ErrorKind::config for one that names none.
std::set<QualifiedName> named_tables(const std::vector<std::string>& patterns,
                                     const std::vector<QualifiedName>& followed, const std::string& task);

// After plan(): leaves the tasks to be loaded in `tasks`, and sets the run's job to empty
// their tables. What shares a target with one of `again`, or cannot be
// brought to the moment without it, is added to it; what the source
// has no more is taken out, with a warning. Returns the names under which changes of all
// other tables come. Errors: ErrorKind::config for tables that no task brings.
std::set<QualifiedName> choose_again(RunContext& run, SourceProgram& program, std::vector<CopyTask>& tasks,
                                     Resync& again);

}  // namespace dbsync
