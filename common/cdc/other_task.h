// Other tasks that follow some of the same tables into this target.
//
// A task has its name from the addresses of both sides unless the user gives it one, so a
// server that is written in another way makes another task: it would begin now, and
// what the first one has not applied would never come. Whoever begins a task asks here.
//
// Threads: as the connection. Errors: ErrorKind::target; of the refusal ErrorKind::config.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "schema/names.h"

namespace dbsync {

struct OtherTask {
  std::string name;
  std::string source;    // identity of its server; "" = not known
  std::string position;  // up to where it has applied
  QualifiedName table;   // the first that both follow
  std::int64_t tables = 0;
};

// Throws when a task of another name follows one of `tables`, by their names on the source,
// and `same_source` says that it follows this source.
void refuse_second_task(PgConnection& target, const std::string& task, const std::vector<QualifiedName>& tables,
                        const std::function<bool(const OtherTask&)>& same_source);

}  // namespace dbsync
