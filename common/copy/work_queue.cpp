#include "copy/work_queue.h"

#include <algorithm>
#include <map>
#include <utility>

namespace dbsync {

WorkQueue::WorkQueue(const std::vector<CopyTask>& tasks, const std::vector<bool>& runnable,
                     const std::vector<bool>& created, const Dialect& dialect)
    : tasks_(tasks), dialect_(dialect), table_of_task_(tasks.size()) {
  std::map<QualifiedName, std::size_t> known;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto [found, added] = known.emplace(tasks[i].target, tables_.size());
    if (added) tables_.push_back({i, false, 0, 0, 0, {}});
    table_of_task_[i] = found->second;
    if (!runnable[i]) continue;
    TableWork& table = tables_[found->second];
    ++table.loads_left;
    if (created[i]) {
      table.complete = true;
      table.first_task = i;
    }
    items_.push_back({WorkItem::Kind::load, i, {}});
  }
  loads_ = items_.size();
  // Largest first, so that no worker is left alone with a large one at the end.
  std::stable_sort(items_.begin(), items_.end(), [&](const WorkItem& a, const WorkItem& b) {
    return tasks[a.task].estimated_bytes > tasks[b.task].estimated_bytes;
  });
}

std::optional<WorkItem> WorkQueue::next(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stop.stop_requested()) return std::nullopt;
    if (!items_.empty()) {
      WorkItem item = std::move(items_.front());
      items_.pop_front();
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

void WorkQueue::load_done(const WorkItem& item, bool succeeded, const std::vector<std::string>& zero_dates) {
  const std::lock_guard lock(mutex_);
  --active_;
  TableWork& table = table_of(item.task);
  --table.loads_left;
  if (succeeded) ++table.loads_done;
  table.zero_dates.insert(table.zero_dates.end(), zero_dates.begin(), zero_dates.end());
  if (table.loads_left == 0) after_loads(table);
  changed_.notify_all();
}

void WorkQueue::after_loads(TableWork& table) {
  if (!table.complete || table.loads_done == 0) return;
  auto units = index_units(definition(table), dialect_);
  table.indexes_left = units.size();
  // Before the loads that wait: the table is still in the caches.
  for (auto& unit : units) items_.push_front({WorkItem::Kind::index, table.first_task, {std::move(unit)}});
  if (table.indexes_left == 0) push_finish(table);
}

void WorkQueue::push_finish(const TableWork& table) {
  items_.push_front(
      {WorkItem::Kind::finish, table.first_task, finish_units(definition(table), dialect_, table.zero_dates)});
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
      items_.push_back({WorkItem::Kind::check_foreign_key, check.task, {std::move(check)}});
    }
  }
  changed_.notify_all();
}

// One item adds all of them, since adding locks two tables in an order that
// could deadlock with another; checking them then runs in parallel.
bool WorkQueue::push_foreign_keys() {
  if (std::exchange(foreign_keys_pushed_, true)) return false;
  WorkItem item{WorkItem::Kind::add_foreign_keys, 0, {}};
  for (const TableWork& table : tables_) {
    if (!table.complete || table.loads_done == 0) continue;
    for (DdlUnit& unit : foreign_key_units(definition(table), dialect_)) {
      unit.task = table.first_task;
      item.units.push_back(std::move(unit));
    }
  }
  if (item.units.empty()) return false;
  items_.push_back(std::move(item));
  return true;
}

std::vector<std::size_t> WorkQueue::empty_tables() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::size_t> out;
  for (const TableWork& table : tables_)
    if (table.complete && table.loads_done == 0) out.push_back(table.first_task);
  return out;
}

}  // namespace dbsync
