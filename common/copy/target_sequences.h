// Positions of the sequences behind columns of tables that were there before the copy:
// after it, each gives values that no row has. A sequence never goes back, since other
// rows may stand behind it.
//
// Threads: as the connection. Errors: of the connection; what concerns one sequence
// becomes a note.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "copy/copy_task.h"
#include "pg/connection.h"
#include "schema/table.h"

namespace dbsync {

// `tables`: their names, each with the source's next AUTO_INCREMENT value and its
// column ("" and 0 when there is none). PostgreSQL 10 and later. Returns notes.
struct SourcePosition {
  std::string column;
  std::uint64_t next = 0;
};
// Adds what the definition of the task's table tells; of several sources of one, the furthest.
void add_source_position(const CopyTask& task, std::map<QualifiedName, SourcePosition>& tables);

PgQuery question_of_sequences(const std::map<QualifiedName, SourcePosition>& tables);
std::vector<std::string> move_sequences(PgConnection& connection,
                                        const std::map<QualifiedName, SourcePosition>& tables);

}  // namespace dbsync
