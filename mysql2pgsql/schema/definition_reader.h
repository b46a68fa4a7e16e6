// Settles what information_schema told of one table by what SHOW CREATE TABLE shows of
// it and, where that is not certain, by asking for the default itself (DEFAULT(column)).
// share/doc/types.md says which is right where; shown_text.h decides.
//
// What nothing tells for certain becomes Default::unclear, or has U+FFFD in its text: it
// is left out, with a note.
//
// Errors: a lost connection only. Threads: as SourceQueries.
#pragma once

#include <vector>

#include "mysql2pgsql/schema/mysql_catalog.h"
#include "mysql2pgsql/schema/show_create.h"

namespace dbsync {

class DefinitionReader {
 public:
  explicit DefinitionReader(SourceQueries& connection);

  void settle(const ShownTable& shown, MysqlTable& table);

 private:
  void settle_column(const ShownTable& shown, MysqlColumn& column, std::vector<MysqlColumn*>& doubtful) const;
  void ask_defaults(const MysqlTable& table, const std::vector<MysqlColumn*>& doubtful);
  bool ask(const std::string& from, const std::vector<MysqlColumn*>& columns);

  SourceQueries& connection_;
  bool exact_literals_;
};

}  // namespace dbsync
