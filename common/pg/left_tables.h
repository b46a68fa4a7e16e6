// Tables that a task copies and does not follow, in dbsync.apply_left of the target: so
// that every later run, --status and --cleanup can name them.
//
// Threads: as the connection. Errors: of the connection.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"
#include "schema/names.h"

namespace dbsync {

struct LeftTable {
  QualifiedName name;  // on the source
  std::string reason;  // "it has no primary key …"

  std::string describe() const;  // "public.t: copied and not followed, since …"
};

// Of one task, or of all when `task` is empty; by name. None where there is no such book.
std::vector<LeftTable> read_left_tables(PgConnection& connection, const std::string& task = {});
void write_left_tables(PgConnection& connection, const std::string& task, const std::vector<LeftTable>& tables);
void forget_left_table(PgConnection& connection, const std::string& task, const QualifiedName& table);

}  // namespace dbsync
