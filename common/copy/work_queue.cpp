#include "copy/work_queue.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace dbsync {

namespace {

constexpr std::uint64_t kSmallTable = std::uint64_t{1} << 20;  // bytes; its indexes take a moment

}  // namespace

WorkQueue::WorkQueue(const std::vector<CopyTask>& tasks, const std::vector<TaskStart>& starts, const Dialect& dialect)
    : tasks_(tasks), dialect_(dialect), task_work_(tasks.size()) {
  std::map<QualifiedName, std::size_t> known;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto [found, added] = known.emplace(tasks[i].target, tables_.size());
    if (added) tables_.emplace_back().first_task = i;
    task_work_[i].table = found->second;
    if (starts[i].runnable) start_task(i, starts[i]);
  }
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    for (const std::size_t task : task_work_[i].after) table_of(task).holds.push_back(i);
    push_held(i);
  }
  for (TableWork& table : tables_)
    if (table.loads_left == 0) after_loads(table);  // an earlier run loaded it
}

void WorkQueue::start_task(std::size_t task, const TaskStart& start) {
  TableWork& table = table_of(task);
  if (start.complete) {
    table.complete = true;
    table.first_task = task;
  }
  if (start.loaded) {
    ++table.loads_done;
    table.bytes.reset();
  }
  table.zero_dates.insert(table.zero_dates.end(), start.zero_dates.begin(), start.zero_dates.end());
  task_work_[task].cut = start.all_chunks > 1;
  task_work_[task].after = start.after;
  const auto add = [&](WorkItem item) {
    ++table.loads_left;
    task_work_[task].held.push_back(std::move(item));
  };
  if (start.plan) {
    WorkItem item;
    item.kind = WorkItem::Kind::plan;
    item.task = task;
    add(std::move(item));
  }
  for (const auto& [number, chunk] : start.chunks)
    add({.kind = WorkItem::Kind::load,
         .task = task,
         .chunk = chunk,
         .number = number,
         .only_chunk = start.all_chunks == 1});
}

void WorkQueue::push_held(std::size_t task) {
  TaskWork& work = task_work_[task];
  if (std::any_of(work.after.begin(), work.after.end(),
                  [&](std::size_t before) { return table_of(before).loads_left > 0; }))
    return;
  for (WorkItem& item : std::exchange(work.held, {})) push(std::move(item));
}

void WorkQueue::push(WorkItem item) {
  const std::uint64_t chunk_bytes = item.chunk.estimated_bytes;
  const std::uint64_t bytes = chunk_bytes > 0 ? chunk_bytes : tasks_[item.task].estimated_bytes;
  const Order order{item.kind, std::numeric_limits<std::uint64_t>::max() - bytes, pushed_++};
  items_.emplace(order, std::move(item));
}

std::optional<WorkItem> WorkQueue::next(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stop.stop_requested()) return std::nullopt;
    if (!items_.empty()) {
      WorkItem item = std::move(items_.begin()->second);
      items_.erase(items_.begin());
      ++active_;
      return item;
    }
    if (active_ == 0 && !push_foreign_keys()) {
      changed_.notify_all();
      return std::nullopt;
    }
    if (items_.empty()) changed_.wait(lock, stop, [this] { return !items_.empty() || active_ == 0; });
  }
}

bool WorkQueue::add_load(std::size_t task, int number, Chunk chunk, bool only_chunk) {
  const std::lock_guard lock(mutex_);
  TaskWork& work = task_work_[task];
  if (work.failed) return false;
  work.cut = work.cut || !only_chunk;
  ++table_of(task).loads_left;
  push({.kind = WorkItem::Kind::load,
        .task = task,
        .chunk = std::move(chunk),
        .number = number,
        .only_chunk = only_chunk});
  changed_.notify_one();
  return true;
}

void WorkQueue::plan_done(const WorkItem& item, bool succeeded) {
  const std::lock_guard lock(mutex_);
  --active_;
  if (!succeeded) fail_task(item.task);
  load_ended(table_of(item.task));
}

void WorkQueue::load_done(const WorkItem& item, bool succeeded, std::uint64_t bytes,
                          const std::vector<std::string>& zero_dates) {
  const std::lock_guard lock(mutex_);
  --active_;
  TableWork& table = table_of(item.task);
  if (succeeded)
    ++table.loads_done;
  else
    fail_task(item.task);
  if (table.bytes) *table.bytes += bytes;
  table.zero_dates.insert(table.zero_dates.end(), zero_dates.begin(), zero_dates.end());
  load_ended(table);
}

// The rest of the task would be work for nothing: it has to be done again.
void WorkQueue::fail_task(std::size_t task) {
  task_work_[task].failed = true;
  TableWork& table = table_of(task);
  if (task_work_[task].cut) table.in_parts = true;
  if (table.loads_left < 2) return;  // the one that failed is the last
  table.loads_left -= std::erase_if(items_, [&](const auto& entry) {
    return entry.second.kind == WorkItem::Kind::load && entry.second.task == task;
  });
}

void WorkQueue::load_ended(TableWork& table) {
  if (--table.loads_left == 0) {
    after_loads(table);
    for (const std::size_t task : table.holds) push_held(task);
  }
  changed_.notify_all();
}

void WorkQueue::after_loads(TableWork& table) {
  if (!to_complete(table)) return;
  std::vector<DdlUnit> units = index_work(table);
  // They go before the loads that wait: the table is still in the caches.
  if (table.bytes && *table.bytes <= kSmallTable) {
    for (DdlUnit& unit : finish_work(table)) units.push_back(std::move(unit));
    return push({.kind = WorkItem::Kind::finish, .task = table.first_task, .units = std::move(units), .at_once = true});
  }
  table.indexes_left = units.size();
  for (auto& unit : units) push({.kind = WorkItem::Kind::index, .task = table.first_task, .units = {std::move(unit)}});
  if (table.indexes_left == 0) push_finish(table);
}

std::vector<DdlUnit> WorkQueue::index_work(const TableWork& table) const {
  if (!table.complete) return {};
  const auto& ready = tasks_[table.first_task].post_load;
  return ready ? ready->indexes : index_units(definition(table), dialect_);
}

std::vector<DdlUnit> WorkQueue::finish_work(const TableWork& table) const {
  if (!table.complete) return {statistics_unit(tasks_[table.first_task].target)};
  const auto& ready = tasks_[table.first_task].post_load;
  return ready ? ready->finish : finish_units(definition(table), dialect_, table.zero_dates);
}

std::vector<DdlUnit> WorkQueue::foreign_key_work(const TableWork& table) const {
  if (!table.complete) return {};
  const auto& ready = tasks_[table.first_task].post_load;
  return ready ? ready->foreign_keys : foreign_key_units(definition(table), dialect_);
}

std::vector<DdlUnit> WorkQueue::planned_steps(std::size_t task) const {
  const std::lock_guard lock(mutex_);
  const TableWork& table = tables_[task_work_[task].table];
  std::vector<DdlUnit> out;
  if (!has_steps(table) || table.first_task != task) return out;
  for (auto&& work : {index_work(table), finish_work(table), foreign_key_work(table)})
    out.insert(out.end(), work.begin(), work.end());
  return out;
}

void WorkQueue::push_finish(const TableWork& table) {
  push({.kind = WorkItem::Kind::finish, .task = table.first_task, .units = finish_work(table)});
}

void WorkQueue::ddl_done(const WorkItem& item, const std::vector<bool>& succeeded) {
  const std::lock_guard lock(mutex_);
  --active_;
  if (item.kind == WorkItem::Kind::index) {
    TableWork& table = table_of(item.task);
    if (--table.indexes_left == 0) push_finish(table);
  } else if (item.kind == WorkItem::Kind::add_foreign_keys) {
    for (std::size_t i = 0; i < item.units.size(); ++i) {
      if (!succeeded[i] || item.units[i].statements.size() < 2) continue;
      DdlUnit check = item.units[i];
      check.statements.erase(check.statements.begin());
      push_check(std::move(check));
    }
  }
  changed_.notify_all();
}

void WorkQueue::push_check(DdlUnit unit) {
  push({.kind = WorkItem::Kind::check_foreign_key, .task = unit.task, .units = {std::move(unit)}});
}

// One item adds all of them, since adding locks two tables in an order that
// could deadlock with another; checking them then runs in parallel.
bool WorkQueue::push_foreign_keys() {
  if (std::exchange(foreign_keys_pushed_, true)) return false;
  WorkItem item;
  item.kind = WorkItem::Kind::add_foreign_keys;
  for (const TableWork& table : tables_) {
    if (!to_complete(table)) continue;
    for (DdlUnit& unit : foreign_key_work(table)) {
      unit.task = table.first_task;
      if (unit.stands)
        push_check(std::move(unit));
      else
        item.units.push_back(std::move(unit));
    }
  }
  if (!item.units.empty()) push(std::move(item));
  return !items_.empty();
}

bool WorkQueue::has_work() const {
  const std::lock_guard lock(mutex_);
  return !items_.empty();
}

std::vector<std::size_t> WorkQueue::empty_tables() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::size_t> out;
  for (const TableWork& table : tables_)
    if (table.complete && table.loads_done == 0 && !tasks_[table.first_task].post_load) out.push_back(table.first_task);
  return out;
}

}  // namespace dbsync
