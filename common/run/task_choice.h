// Which tables a task was begun with, as text, and that later runs choose the same: a run
// with fewer would pass over the changes of the others, for good.
//
// Threads: as the connection. Errors: ErrorKind::config for another choice.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"
#include "run/source_program.h"

namespace dbsync {

// Patterns in any order, the lines of the list, -s. [schema_map] changes rightly when a
// schema is renamed.
std::string choice_of(const RunRequest& request, const std::vector<std::string>& include = {},
                      const std::vector<std::string>& exclude = {});

void refuse_other_choice(PgConnection& target, const std::string& task, const std::string& choice);

}  // namespace dbsync
