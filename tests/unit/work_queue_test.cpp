// The order in which a full copy's work is handed out, and when it ends.
#include "copy/work_queue.h"

#include <thread>

#include <gtest/gtest.h>

namespace dbsync {
namespace {

using Kind = WorkItem::Kind;

constexpr std::uint64_t kCutAbove = 1000;
constexpr std::uint64_t kLarge = 5 << 20;  // bytes loaded; above what a small table has

CopyTask task(const char* name, std::uint64_t bytes) {
  CopyTask out;
  out.name = name;
  out.target = {"public", name};
  out.estimated_bytes = bytes;
  Table table;
  table.name = out.target;
  Column id;
  id.name = "id";
  table.columns.push_back(id);
  table.primary_key = {std::string(name) + "_pkey", {"id"}};
  table.indexes.push_back({std::string(name) + "_idx", false, {}, {{"id", {}, false}}, {}});
  out.definition = std::move(table);
  return out;
}

Chunk chunk(const char* predicate, std::uint64_t bytes) { return {{}, predicate, bytes}; }

class WorkQueueTest : public testing::Test {
 protected:
  // All tasks run; `created` says whether their tables are to be completed.
  WorkQueue& make(std::vector<CopyTask> tasks, bool created, const Dialect& dialect = postgresql_dialect(15)) {
    dialect_ = dialect;
    tasks_ = std::move(tasks);
    std::vector<TaskStart> starts;
    for (const CopyTask& one : tasks_) {
      TaskStart& start = starts.emplace_back();
      start.runnable = true;
      start.complete = created;
      start.plan = one.estimated_bytes > kCutAbove;
      if (!start.plan) start.chunks = {{0, Chunk{}}};
    }
    return queue_.emplace(tasks_, starts, dialect_);
  }

  WorkItem take() {
    auto item = queue_->next(stop_.get_token());
    EXPECT_TRUE(item) << "the queue has ended";
    return item.value_or(WorkItem{});
  }

  bool ended() { return !queue_->next(stop_.get_token()); }

  // All that is left: indexes (the primary key is one), then the rest of the table.
  void expect_completion_of(std::size_t of_task) {
    for (const Kind kind : {Kind::index, Kind::index, Kind::finish}) {
      const WorkItem item = take();
      EXPECT_TRUE(item.kind == kind);
      EXPECT_EQ(item.task, of_task);
      queue_->ddl_done(item, std::vector<bool>(item.units.size(), true));
    }
    EXPECT_TRUE(ended());
  }

  std::vector<CopyTask> tasks_;
  Dialect dialect_;
  std::optional<WorkQueue> queue_;
  std::stop_source stop_;
};

TEST_F(WorkQueueTest, HandsOutTheLargestFirst) {
  WorkQueue& queue = make({task("small", 10), task("large", 900), task("middle", 500)}, false);
  EXPECT_TRUE(queue.has_work());
  for (const std::size_t expected : {1u, 2u, 0u}) {
    const WorkItem item = take();
    EXPECT_EQ(item.kind, Kind::load);
    EXPECT_EQ(item.task, expected);
    EXPECT_TRUE(item.chunk.whole());
    EXPECT_TRUE(item.only_chunk);
    queue.load_done(item, true, kLarge, {});
  }
  EXPECT_TRUE(ended());
}

TEST_F(WorkQueueTest, TablesThatAreNotOursAreAnalyzedOnSegmentsOnly) {
  for (const Dialect& dialect : {postgresql_dialect(15), greenplum_dialect(6)}) {
    WorkQueue& queue = make({task("filled", 10)}, false, dialect);
    queue.load_done(take(), true, kLarge, {});
    if (dialect.distributed) {
      const WorkItem item = take();
      EXPECT_EQ(item.kind, Kind::finish);
      ASSERT_EQ(item.units.size(), 1u);
      EXPECT_EQ(item.units[0].statements, (std::vector<std::string>{"ANALYZE \"public\".\"filled\""}));
      queue.ddl_done(item, {true});
    }
    EXPECT_TRUE(ended());
    EXPECT_EQ(queue.planned_steps(0).size(), dialect.distributed ? 1u : 0u);
  }
}

TEST_F(WorkQueueTest, PlansGoBeforeLoadsAndChunksAmongTables) {
  WorkQueue& queue = make({task("small", 300), task("cut", 5000), task("larger", 7000)}, false);
  const WorkItem larger = take();
  EXPECT_EQ(larger.kind, Kind::plan);
  EXPECT_EQ(larger.task, 2u);
  const WorkItem cut = take();
  EXPECT_EQ(cut.kind, Kind::plan);
  EXPECT_EQ(cut.task, 1u);
  EXPECT_TRUE(queue.add_load(1, 0, chunk("id < 5", 200), false));
  EXPECT_TRUE(queue.add_load(1, 0, chunk("id >= 5", 400), false));
  EXPECT_TRUE(queue.add_load(2, 0, chunk("", 0), true));
  queue.plan_done(cut, true);
  queue.plan_done(larger, true);
  std::vector<std::string> order;
  for (int i = 0; i < 4; ++i) {
    const WorkItem item = take();
    EXPECT_EQ(item.kind, Kind::load);
    order.push_back(tasks_[item.task].name + item.chunk.predicate);
    queue.load_done(item, true, kLarge, {});
  }
  EXPECT_EQ(order, (std::vector<std::string>{"larger", "cutid >= 5", "small", "cutid < 5"}));
  EXPECT_TRUE(ended());
}

// A resumed task: what an earlier run loaded is not loaded again, but completed.
TEST_F(WorkQueueTest, ATaskLoadedByAnEarlierRunIsCompleted) {
  tasks_ = {task("cut", 5000)};
  TaskStart start;
  start.runnable = start.complete = start.loaded = true;
  start.all_chunks = 3;
  start.chunks = {{2, chunk("id >= 9", 500)}};
  queue_.emplace(tasks_, std::vector<TaskStart>{start}, postgresql_dialect(15));
  const WorkItem rest = take();
  EXPECT_EQ(rest.kind, Kind::load);
  EXPECT_EQ(rest.number, 2);
  EXPECT_FALSE(rest.only_chunk);
  queue_->load_done(rest, true, kLarge, {});
  expect_completion_of(0);

  start.chunks.clear();
  queue_.emplace(tasks_, std::vector<TaskStart>{start}, postgresql_dialect(15));
  EXPECT_TRUE(queue_->has_work());
  expect_completion_of(0);
}

TEST_F(WorkQueueTest, AFailedLoadTakesTheRestOfItsTaskAlong) {
  WorkQueue& queue = make({task("cut", 5000), task("other", 100)}, true);
  const WorkItem plan = take();
  for (const char* predicate : {"id < 1", "id < 2", "id < 3", "id < 4"})
    EXPECT_TRUE(queue.add_load(0, 0, chunk(predicate, 500), false));
  const WorkItem good = take();
  const WorkItem bad = take();
  queue.load_done(good, true, kLarge, {});
  queue.load_done(bad, false, kLarge, {});
  EXPECT_FALSE(queue.add_load(0, 0, chunk("id < 5", 500), false)) << "the rest need not be planned";
  queue.plan_done(plan, false);
  // What is left is the other table, and only that one is completed.
  const WorkItem other = take();
  EXPECT_EQ(other.kind, Kind::load);
  EXPECT_EQ(other.task, 1u);
  queue.load_done(other, true, kLarge, {});
  expect_completion_of(1);
  EXPECT_TRUE(queue.empty_tables().empty()) << "a table in parts holds rows";
}

TEST_F(WorkQueueTest, ACutTableIsCompletedAfterItsLastChunk) {
  WorkQueue& queue = make({task("cut", 5000)}, true);
  const WorkItem plan = take();
  EXPECT_TRUE(queue.add_load(0, 0, chunk("id < 1", 500), false));
  const WorkItem first = take();
  queue.load_done(first, true, kLarge, {});
  // All its loads are done, but more may come.
  EXPECT_TRUE(queue.add_load(0, 0, chunk("id >= 1", 500), false));
  const WorkItem second = take();
  EXPECT_EQ(second.kind, Kind::load);
  queue.plan_done(plan, true);
  queue.load_done(second, true, kLarge, {});
  expect_completion_of(0);
}

TEST_F(WorkQueueTest, ATableWithoutALoadIsEmpty) {
  WorkQueue& queue = make({task("cut", 5000), task("whole", 100)}, true);
  const WorkItem plan = take();
  queue.plan_done(plan, false);
  const WorkItem whole = take();
  queue.load_done(whole, false, kLarge, {});
  EXPECT_TRUE(ended());
  EXPECT_EQ(queue.empty_tables(), (std::vector<std::size_t>{0, 1}));
}

TEST_F(WorkQueueTest, TasksThatCannotRunAreLeftOut) {
  tasks_ = {task("a", 1), task("b", 2)};
  std::vector<TaskStart> starts(2);
  starts[0].runnable = true;
  starts[0].chunks = {{0, Chunk{}}};
  queue_.emplace(tasks_, starts, postgresql_dialect(15));
  const WorkItem item = take();
  EXPECT_EQ(item.task, 0u);
  queue_->load_done(item, true, kLarge, {});
  EXPECT_TRUE(ended());
}

// A worker without work waits for what a plan under way may still bring.
TEST_F(WorkQueueTest, WorkersWaitWhileATableIsPlanned) {
  WorkQueue& queue = make({task("cut", 5000)}, false);
  const WorkItem plan = take();
  std::optional<WorkItem> got;
  std::thread waiting([&] { got = queue.next(stop_.get_token()); });
  EXPECT_TRUE(queue.add_load(0, 0, chunk("id < 1", 500), false));
  waiting.join();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->chunk.predicate, "id < 1");
  std::optional<WorkItem> none = WorkItem{};
  std::thread ending([&] { none = queue.next(stop_.get_token()); });
  queue.load_done(*got, true, kLarge, {});
  queue.plan_done(plan, true);
  ending.join();
  EXPECT_FALSE(none);
}

TEST_F(WorkQueueTest, ASmallTableIsCompletedByOneItem) {
  WorkQueue& queue = make({task("small", 10)}, true);
  const WorkItem load = take();
  queue.load_done(load, true, 10, {});
  const WorkItem rest = take();
  EXPECT_EQ(rest.kind, Kind::finish);
  EXPECT_TRUE(rest.at_once);
  std::string units;
  for (const DdlUnit& unit : rest.units) units += unit.what + "; ";
  EXPECT_EQ(units, "primary key small_pkey; index small_idx; primary key small_pkey; statistics; ");
  queue.ddl_done(rest, std::vector<bool>(rest.units.size(), true));
  EXPECT_TRUE(ended());
}

// What its estimate was does not matter.
TEST_F(WorkQueueTest, ATableThatTurnedOutLargeHasAnItemForEachIndex) {
  WorkQueue& queue = make({task("grown", 10)}, true);
  const WorkItem load = take();
  queue.load_done(load, true, kLarge, {});
  expect_completion_of(0);
}

TEST_F(WorkQueueTest, AStopEndsItForThoseWhoWaitToo) {
  WorkQueue& queue = make({task("cut", 5000), task("other", 1)}, false);
  take();
  take();
  std::optional<WorkItem> none = WorkItem{};
  std::thread waiting([&] { none = queue.next(stop_.get_token()); });
  stop_.request_stop();
  waiting.join();
  EXPECT_FALSE(none);
  EXPECT_TRUE(ended());
}

}  // namespace
}  // namespace dbsync
