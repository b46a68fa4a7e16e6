// Makes the tables that the target lacks: many in one transaction, since each round trip
// counts when the target is far away. Where that fails nothing of it stays, and they are
// made one by one, so that each failure is that of its table.
//
// The journal learns of a table in the transaction that makes it.
//
// Threads: as the connection. Errors: from it, with the statement.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "copy/copy_task.h"
#include "copy/load_journal.h"
#include "pg/connection.h"
#include "schema/dialect.h"

namespace dbsync {

struct TableToMake {
  const CopyTask* task = nullptr;  // with a definition
  std::optional<NewTable> entry;   // of the journal; nothing = there is no journal
};

class TableCreation {
 public:
  // All must outlive it. `journal`: nullptr = there is none.
  TableCreation(PgConnection& target, const Dialect& dialect, const LoadJournal* journal)
      : target_(target), dialect_(dialect), journal_(journal) {}

  // True for those that were made, in the same order; the others are to be made alone.
  std::vector<bool> make_together(const std::vector<TableToMake>& tables);

  void make(const TableToMake& table);

 private:
  struct Batch {
    std::vector<const TableToMake*> tables;
    std::string sql;            // that makes them
    std::size_t relations = 0;  // with partitions
  };

  void make_schema(const std::string& schema);
  std::string statements_of(const TableToMake& table) const;
  bool make_batch(const Batch& batch);
  void note(const std::vector<const TableToMake*>& tables);

  PgConnection& target_;
  const Dialect& dialect_;
  const LoadJournal* journal_;
  std::set<std::string> schemas_;  // that are there
  bool noted_ = false;             // in the journal, that tables are made
};

}  // namespace dbsync
