// Hands out the work of a full copy to its workers: the cutting of large tables
// and the loads of all of them, largest first, so that all workers end together;
// for tables that this run created, their indexes as soon as they are loaded,
// then what finishes each table, and foreign keys when all tables are finished.
// A small table's indexes and its finish are one item: with thousands of them,
// transactions and messages cost more than what they do.
//
// Threads: any; workers block in next() while others may still produce work.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "copy/snapshot_source.h"
#include "schema/ddl_writer.h"
#include "schema/dialect.h"

namespace dbsync {

struct WorkItem {
  // In order of urgency.
  enum class Kind {
    index,  // units of the table of task `task`
    finish,
    plan,  // cut task `task` into chunks
    load,  // chunk of task `task`
    add_foreign_keys,
    check_foreign_key
  };
  Kind kind = Kind::load;
  std::size_t task = 0;
  Chunk chunk = {};
  int number = 0;          // the chunk's, in its task
  bool only_chunk = true;  // the task is loaded by this one item
  std::vector<DdlUnit> units = {};
  bool at_once = false;  // the units may run in one transaction
};

// What is known of a task when the work begins.
struct TaskStart {
  bool runnable = false;                      // nothing is done for it when not
  bool complete = false;                      // its target table is ours to complete
  bool plan = false;                          // it must be cut into chunks first
  bool loaded = false;                        // by an earlier run, at least in parts
  std::vector<std::pair<int, Chunk>> chunks;  // to load, without a plan
  std::size_t all_chunks = 1;
  std::vector<std::string> zero_dates;  // of chunks loaded earlier
  std::vector<std::size_t> after;       // tasks whose loads must have ended; in no circle
};

class WorkQueue {
 public:
  WorkQueue(const std::vector<CopyTask>& tasks, const std::vector<TaskStart>& starts, const Dialect& dialect);

  // Nothing when all is done or `stop` was requested.
  std::optional<WorkItem> next(const std::stop_token& stop);

  // While a plan item is at work: one more load. False when the task has failed
  // meanwhile, so that the rest need not be planned.
  bool add_load(std::size_t task, int number, Chunk chunk, bool only_chunk);

  // One of the next three must be called once for each item.
  void plan_done(const WorkItem& item, bool succeeded);
  // `bytes`: what was loaded. `zero_dates`: columns of a load that got a NULL for a
  // zero date. A failed load takes the other loads of its task out of the queue.
  void load_done(const WorkItem& item, bool succeeded, std::uint64_t bytes, const std::vector<std::string>& zero_dates);
  // Foreign keys that could not be added are not checked: `succeeded` has one
  // entry per unit.
  void ddl_done(const WorkItem& item, const std::vector<bool>& succeeded);

  // Tables that this run created and into which nothing was loaded: one task
  // index each. After the workers have ended.
  std::vector<std::size_t> empty_tables() const;

  bool has_work() const;

  // All that follows the rows of the task's table, when that is ours to complete, whether
  // it is made already or not. Of tasks that share a table, one has them.
  std::vector<DdlUnit> planned_steps(std::size_t task) const;

 private:
  struct TableWork {
    std::size_t first_task = 0;
    bool complete = false;       // indexes and the rest are ours to make
    bool in_parts = false;       // some chunks of a task are there and others are not
    std::size_t loads_left = 0;  // plans count as one
    std::size_t loads_done = 0;
    std::size_t indexes_left = 0;
    std::optional<std::uint64_t> bytes = 0;  // loaded; not known of an earlier run's
    std::vector<std::string> zero_dates;
    std::vector<std::size_t> holds;  // tasks that wait for its loads
  };
  struct TaskWork {
    std::size_t table = 0;
    std::vector<std::size_t> after;
    std::vector<WorkItem> held;  // until these are loaded
    bool cut = false;
    bool failed = false;
  };
  // Kind, then size, then age.
  using Order = std::tuple<WorkItem::Kind, std::uint64_t, std::uint64_t>;

  TableWork& table_of(std::size_t task) { return tables_[task_work_[task].table]; }
  const Table& definition(const TableWork& table) const { return *tasks_[table.first_task].definition; }
  // Segments plan by what ANALYZE has left, not by the size of files: there it follows the
  // rows of tables that are not ours, too.
  bool has_steps(const TableWork& table) const { return table.complete || dialect_.distributed; }
  bool to_complete(const TableWork& table) const { return has_steps(table) && table.loads_done > 0 && !table.in_parts; }
  void start_task(std::size_t task, const TaskStart& start);
  void push(WorkItem item);
  void push_held(std::size_t task);
  void fail_task(std::size_t task);
  void load_ended(TableWork& table);
  void after_loads(TableWork& table);
  std::vector<DdlUnit> index_work(const TableWork& table) const;
  std::vector<DdlUnit> finish_work(const TableWork& table) const;
  std::vector<DdlUnit> foreign_key_work(const TableWork& table) const;
  void push_finish(const TableWork& table);
  bool push_foreign_keys();
  void push_check(DdlUnit unit);

  const std::vector<CopyTask>& tasks_;
  Dialect dialect_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<Order, WorkItem> items_;
  std::vector<TableWork> tables_;
  std::vector<TaskWork> task_work_;
  std::uint64_t pushed_ = 0;
  std::size_t active_ = 0;
  bool foreign_keys_pushed_ = false;
};

}  // namespace dbsync
