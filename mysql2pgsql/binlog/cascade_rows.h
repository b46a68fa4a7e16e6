// Rows of a table that others refer to, as changes of those by their foreign keys
// (cascades.h).
//
// One belongs to one TABLE_MAP. Errors: ErrorKind::source where a key acts in a way that
// cannot be followed: everything before is to be applied first. Threads: one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cdc/transaction_assembler.h"
#include "cdc/tuple.h"
#include "mysql2pgsql/binlog/cascades.h"
#include "mysql2pgsql/binlog/row_tuple.h"

namespace dbsync {

class CascadeRows {
 public:
  // Changes of tables that are not `wanted` are passed over.
  CascadeRows(const std::vector<CascadePlan>& plans, const TableMap& map, const CharsetSource& charsets,
              const TableWanted& wanted, TransactionAssembler& out);

  // Adds to the open transaction what follows from the rows of the event. `may_stop`:
  // false for rows that were applied before.
  void add(const RowsEvent& rows, bool may_stop);

 private:
  struct Entry {
    const CascadePlan* plan = nullptr;
    std::unique_ptr<RowTuples> keys;  // null: cannot be read
  };

  void add_removed(const Entry& entry, const RowsEvent& rows);
  void add_updated(const Entry& entry, const RowsEvent& rows, bool may_stop);
  bool key_changes(const Entry& entry, LittleReader& in, const RowsEvent& rows);
  [[noreturn]] void stop(const CascadePlan& plan, const char* done, const std::string& why) const;

  std::string table_;  // for messages
  TransactionAssembler& out_;
  std::vector<Entry> entries_;
  std::vector<Value> old_values_, new_values_;
  std::vector<RawValue> old_raw_, new_raw_;
  CopyBuffer old_tuple_{1024};
  CopyBuffer new_tuple_{1024};
};

}  // namespace dbsync
