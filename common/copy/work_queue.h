// Hands out the work of a full copy to its workers: loads first, and for tables
// that this run created, their indexes as soon as they are loaded, then what
// finishes each table, and foreign keys when all tables are finished.
//
// Threads: any; workers block in next() while others may still produce work.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "copy/snapshot_source.h"
#include "schema/ddl_writer.h"
#include "schema/dialect.h"

namespace dbsync {

struct WorkItem {
  enum class Kind {
    load,          // task `task`
    index,         // units of the table of task `task`
    finish,
    add_foreign_keys,
    check_foreign_key
  };
  Kind kind = Kind::load;
  std::size_t task = 0;
  std::vector<DdlUnit> units;
};

class WorkQueue {
 public:
  // `runnable[i]`: task i is to be loaded; `created[i]`: its target table was
  // created by this run and is to be completed.
  WorkQueue(const std::vector<CopyTask>& tasks, const std::vector<bool>& runnable, const std::vector<bool>& created,
            const Dialect& dialect);

  // Nothing when all is done or `stop` was requested.
  std::optional<WorkItem> next(const std::stop_token& stop);

  // Must be called once for each item. `zero_dates`: columns of a load that got
  // a NULL for a zero date.
  void load_done(const WorkItem& item, bool succeeded, const std::vector<std::string>& zero_dates);
  // Foreign keys that could not be added are not checked: `succeeded` has one
  // entry per unit.
  void ddl_done(const WorkItem& item, const std::vector<bool>& succeeded);

  // Tables that this run created and into which nothing was loaded: one task
  // index each. After the workers have ended.
  std::vector<std::size_t> empty_tables() const;

  std::size_t loads() const { return loads_; }

 private:
  struct TableWork {
    std::size_t first_task = 0;
    bool complete = false;  // indexes and the rest are ours to make
    std::size_t loads_left = 0;
    std::size_t loads_done = 0;
    std::size_t indexes_left = 0;
    std::vector<std::string> zero_dates;
  };

  TableWork& table_of(std::size_t task) { return tables_[table_of_task_[task]]; }
  const Table& definition(const TableWork& table) const { return *tasks_[table.first_task].definition; }
  void after_loads(TableWork& table);
  void push_finish(const TableWork& table);
  bool push_foreign_keys();

  const std::vector<CopyTask>& tasks_;
  Dialect dialect_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<WorkItem> items_;
  std::vector<TableWork> tables_;
  std::vector<std::size_t> table_of_task_;
  std::size_t active_ = 0;
  std::size_t loads_ = 0;
  bool foreign_keys_pushed_ = false;
};

}  // namespace dbsync
