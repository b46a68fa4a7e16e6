// Which tables can be emptied together, and in which order tables can be loaded.
#include <gtest/gtest.h>

#include "copy/emptying.h"
#include "copy/guard_plan.h"
#include "copy/load_order.h"

namespace dbsync {
namespace {

using enum EmptyingWay;

EnforcedKey key(std::uint32_t oid, std::uint32_t table, std::uint32_t referenced) {
  EnforcedKey out;
  out.oid = oid;
  out.name = "k" + std::to_string(oid);
  out.table_oid = table;
  out.table = {"s", "t" + std::to_string(table)};
  out.referenced_oid = referenced;
  out.referenced = {"s", "t" + std::to_string(referenced)};
  return out;
}

EmptyingPlan plan(const Enforcement& enforcement, const std::vector<std::uint32_t>& tables,
                  const std::set<std::uint32_t>& loaded, bool off = true) {
  return plan_emptying(enforcement, tables, loaded, [off](const EnforcedKey&) { return off; });
}

TEST(Emptying, TablesThatReferToOneAnotherGoTogether) {
  Enforcement e;
  e.keys = {key(1, 11, 10), key(2, 12, 12)};
  EXPECT_EQ(plan(e, {10, 11, 12, 13}, {10, 11, 12, 13}).ways, (std::vector{together, together, alone, alone}));
}

// One that cannot be emptied holds back what it refers to.
TEST(Emptying, ATableOutsideOfTheRunIsInTheWay) {
  Enforcement e;
  e.keys = {key(1, 11, 10), key(2, 99, 11)};
  const EmptyingPlan out = plan(e, {10, 11}, {10, 11});
  EXPECT_EQ(out.ways[1], refused);
  EXPECT_NE(std::string(out.refusals[1]->what()).find("k2 of s.t99"), std::string::npos);
  EXPECT_EQ(out.ways[0], by_delete) << "t11 is of the run and keeps its rows";
  EXPECT_EQ(plan(e, {10, 11}, {10, 11}, false).ways[0], refused) << "its key acts";
}

// A key of a partitioned table: all partitions, or the table itself.
TEST(Emptying, PartitionsStandForTheWholeWhenAllAreEmptied) {
  Enforcement e;
  e.parent = {{21, 20}, {22, 20}};
  e.keys = {key(1, 20, 10)};
  const EmptyingPlan all = plan(e, {10, 21, 22}, {10, 21, 22});
  EXPECT_EQ(all.ways, (std::vector{together, together, together}));
  EXPECT_EQ(all.roots, (std::set<std::uint32_t>{20}));
  EXPECT_EQ(plan(e, {10, 20}, {10, 20}).ways, (std::vector{together, together}));
  EXPECT_EQ(plan(e, {10, 21}, {10, 21}).ways, (std::vector{refused, alone})) << "t22 is not of the run";
}

// Each table refers to one that all refer to, and to the one before: no more than a moment.
TEST(Emptying, OfManyTablesLooksAtEachKeyOnce) {
  constexpr std::uint32_t kTables = 20000;
  Enforcement e;
  std::vector<std::uint32_t> tables;
  std::set<std::uint32_t> loaded;
  for (std::uint32_t i = 1; i <= kTables; ++i) {
    tables.push_back(i);
    loaded.insert(i);
    if (i == 1) continue;
    e.keys.push_back(key(2 * i, i, 1));
    e.keys.push_back(key(2 * i + 1, i, i - 1));
  }
  EXPECT_EQ(plan(e, tables, loaded).ways, std::vector(kTables, together));
  const GuardPlan guards = plan_guards(e, {loaded, {}}, {.replica_role = true, .journal = true, .empties = true});
  EXPECT_EQ(guards.replica_tables.size(), kTables);
  EXPECT_EQ(guards.off.size(), e.keys.size());
}

TEST(LoadOrder, CirclesAndWhatDependsOnThem) {
  std::vector<CopyTask> tasks(5);
  for (std::size_t i = 0; i < tasks.size(); ++i) tasks[i].target = {"s", std::to_string(i)};
  const std::vector<EnforcedKey> keys{key(1, 0, 1), key(2, 1, 0), key(3, 2, 1), key(4, 3, 3), key(5, 2, 4)};
  std::vector<LoadDependency> edges;
  for (const EnforcedKey& k : keys) edges.push_back({k.table_oid, k.referenced_oid, &k});
  const auto found = circles(edges, tasks);
  ASSERT_EQ(found.size(), 2u);
  for (const std::size_t task : {0u, 1u}) EXPECT_EQ(found.at(task).size(), 2u) << task;
  EXPECT_EQ(depending_on(edges, {0, 1}), (std::set<std::size_t>{2}));
}

}  // namespace
}  // namespace dbsync
